/** The work in the browser's own database, so that a reload loses nothing: a record for each tab,
 * and the strokes that the records name. */

import { History } from "./core/history.js";
import { LabelMap } from "./core/label_map.js";
import { Patch } from "./core/patch.js";
import { settle } from "./painting.js";
import { inUse, record } from "./tabs.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").State} State */
/** @typedef {import("./types.js").Version} Version */

const DATABASE = "pixelguide-studio";
const SESSION = "session",
  STROKES = "strokes";
/** Milliseconds for which the record of a tab that is gone is kept. */
const KEPT_FOR = 30 * 24 * 3600 * 1000;
/** What comes back with the work, besides the versions. */
const KEPT = /** @type {const} */ ([
  "current",
  "tool",
  "options",
  "classId",
  "hidden",
  "locked",
  "opacity",
  "outlined",
  "settings",
  "stage",
]);

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function database() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(SESSION);
    request.result.createObjectStore(STROKES, { keyPath: "id" });
  };
  return result(request);
}

export class Autosave {
  /** Strokes in the database, and how much of each. @type {WeakMap<Patch, {name: string, chunks: number}>} */
  #names = new WeakMap();
  #waiting = false;
  #saving = false;
  #failed = false;
  /** This tab's record. */
  #record = "";

  /** @param {Store} store @param {IDBDatabase} db @param {() => void} onFailure */
  constructor(store, db, onFailure) {
    this.store = store;
    this.db = db;
    this.onFailure = onFailure;
  }

  /**
   * Bring back the work of last time, if it was done with the same classes, and keep this one's.
   * @param {Store} store
   * @param {() => void} onFailure when something could not be kept, for the first time in a row
   * @returns {Promise<Autosave>}
   */
  static async start(store, onFailure) {
    const autosave = new Autosave(store, await database(), onFailure);
    await autosave.#restore();
    const keys = /** @type {import("./store.js").Key[]} */ ([
      ...KEPT,
      "versions",
      "painted",
      "run",
    ]);
    store.watch(keys, () => autosave.#later());
    return autosave;
  }

  /** Whether everything done so far is in the database. */
  get settled() {
    return !this.#waiting && !this.#saving;
  }

  /** Save soon: once for everything that happens together. */
  #later() {
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      if (this.#saving) this.#later();
      else this.#save();
    }, 50);
  }

  async #save() {
    this.#saving = true;
    /** @type {Patch[]} */
    const fresh = [];
    try {
      await this.#write(fresh);
      this.#failed = false;
    } catch {
      for (const patch of fresh) this.#names.delete(patch); // they did not get there
      if (!this.#failed) this.onFailure();
      this.#failed = true;
    }
    this.#saving = false;
  }

  /** @param {Patch[]} fresh gets the strokes that are written */
  #write(fresh) {
    const transaction = this.db.transaction([SESSION, STROKES], "readwrite", {
      durability: "relaxed",
    });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const { state } = this.store;
    const { labels, size } = state.category;
    try {
      const versions = state.versions.map((version) => this.#plain(version, transaction, fresh));
      const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
      const content = { versions, kept, labels, size, saved: Date.now() };
      transaction.objectStore(SESSION).put(content, this.#record);
    } catch {
      transaction.abort();
    }
    return done;
  }

  /**
   * A version as plain data. Strokes are records of their own, written again only where one has
   * gone on since.
   * @param {Version} version @param {IDBTransaction} transaction @param {Patch[]} fresh
   */
  #plain(version, transaction, fresh) {
    const named = (/** @type {Patch} */ patch) => {
      const known = this.#names.get(patch);
      const name = known?.name ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
      const chunks = patch.chunks.length;
      if (known?.chunks !== chunks) {
        this.#names.set(patch, { name, chunks });
        fresh.push(patch);
        transaction.objectStore(STROKES).put(patch.store(name));
      }
      return name;
    };
    const { done, undone } = version.history;
    const run = version.run && { ...version.run, progress: null };
    return { ...version, run, history: { done: done.map(named), undone: undone.map(named) } };
  }

  async #restore() {
    const { name, from } = await record(await this.#known());
    this.#record = name;
    await this.#forget();
    if (!from) return;
    const transaction = this.db.transaction([SESSION, STROKES], "readonly");
    const saved = await result(transaction.objectStore(SESSION).get(from));
    const stored = await result(transaction.objectStore(STROKES).getAll());
    /** @type {Map<string, Patch>} */
    const patches = new Map();
    for (const each of stored) {
      const patch = Patch.restore(each);
      patches.set(each.id, patch);
      this.#names.set(patch, { name: each.id, chunks: patch.chunks.length });
    }
    const versions = saved.versions.map((/** @type {any} */ each) => revived(each, patches));
    this.store.set({ ...saved.kept, versions });
    settle(this.store);
  }

  /** Records of work with the same classes, the last used first. @returns {Promise<string[]>} */
  async #known() {
    const { size, labels } = this.store.state.category;
    const text = JSON.stringify(labels);
    return (await records(this.db.transaction(SESSION)))
      .filter(({ content }) => content.size === size && JSON.stringify(content.labels) === text)
      .sort((a, b) => b.saved - a.saved)
      .map(({ name }) => name);
  }

  /** Delete old records of tabs that are gone, and strokes that no record names any more. */
  async #forget() {
    const working = (await inUse()).add(this.#record);
    const transaction = this.db.transaction([SESSION, STROKES], "readwrite");
    const used = new Set();
    for (const { name, saved, content } of await records(transaction)) {
      if (saved + KEPT_FOR < Date.now() && !working.has(name)) {
        transaction.objectStore(SESSION).delete(name);
        continue;
      }
      for (const { history } of content.versions)
        for (const stroke of [...history.done, ...history.undone]) used.add(stroke);
    }
    const strokes = transaction.objectStore(STROKES);
    for (const id of await result(strokes.getAllKeys())) if (!used.has(id)) strokes.delete(id);
  }
}

/**
 * All records. saved: when, in milliseconds since the epoch; one of before there were several has
 * no date, and is as good as new.
 * @param {IDBTransaction} transaction
 * @returns {Promise<{name: string, saved: number, content: any}[]>}
 */
async function records(transaction) {
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

/** @param {any} plain @param {Map<string, Patch>} patches @returns {Version} */
function revived(plain, patches) {
  const history = new History();
  history.done = plain.history.done.flatMap((/** @type {string} */ id) => patches.get(id) ?? []);
  history.undone = plain.history.undone.flatMap(
    (/** @type {string} */ id) => patches.get(id) ?? [],
  );
  const run = revivedRun(plain.run);
  return { ...plain, source: map(plain.source), map: map(plain.map), history, run };
}

/** @param {any} plain @returns {import("./types.js").Run | null} */
function revivedRun(plain) {
  if (!plain) return null;
  const back = plain.back ? { ...plain.back, run: revivedRun(plain.back.run) } : null;
  return { ...plain, target: map(plain.target), back };
}

/** Classes lose their methods in the database. @param {LabelMap | null} plain */
function map(plain) {
  return plain && new LabelMap(plain.width, plain.height, plain.ids);
}
