/** The browser's own database: a record of each piece of work, and the strokes that records name. */

const DATABASE = "pixelguide-studio";
export const SESSION = "session",
  STROKES = "strokes";

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
export function database() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(SESSION);
    request.result.createObjectStore(STROKES, { keyPath: "id" });
  };
  return result(request);
}

/**
 * All records. saved: when, in milliseconds since the epoch; one of before there were several has
 * no date, and is as good as new.
 * @param {IDBTransaction} transaction
 * @returns {Promise<{name: string, saved: number, content: any}[]>}
 */
export async function records(transaction) {
  const store = transaction.objectStore(SESSION);
  const [names, contents] = await Promise.all([
    result(store.getAllKeys()),
    result(store.getAll()),
  ]);
  return contents.map((content, k) => ({
    name: String(names[k]),
    saved: content.saved ?? Date.now(),
    content,
  }));
}
