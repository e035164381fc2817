/** The work in the browser's own database, so that a reload loses nothing. */

import { History } from "./core/history.js";
import { LabelMap } from "./core/label_map.js";
import { Patch } from "./core/patch.js";
import { settle } from "./painting.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").State} State */
/** @typedef {import("./types.js").Version} Version */

const DATABASE = "pixelguide-studio";
const SESSION = "session",
  STROKES = "strokes";
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
  /** Strokes in the database. @type {WeakMap<Patch, string>} */
  #names = new WeakMap();
  #waiting = false;
  #saving = false;

  /** @param {Store} store @param {IDBDatabase} db */
  constructor(store, db) {
    this.store = store;
    this.db = db;
  }

  /**
   * Bring back the work of last time, if it was done with the same classes, and keep this one's.
   * @param {Store} store
   * @returns {Promise<Autosave>}
   */
  static async start(store) {
    const autosave = new Autosave(store, await database());
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
    try {
      const transaction = this.db.transaction([SESSION, STROKES], "readwrite", {
        durability: "relaxed",
      });
      const { state } = this.store;
      const versions = state.versions.map((version) => this.#plain(version, transaction));
      const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
      const { labels, size } = state.category;
      transaction.objectStore(SESSION).put({ versions, kept, labels, size }, "current");
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      this.#saving = false;
    }
  }

  /**
   * A version as plain data. Strokes are records of their own, written once each.
   * @param {Version} version @param {IDBTransaction} transaction
   */
  #plain(version, transaction) {
    const named = (/** @type {Patch} */ patch) => {
      let name = this.#names.get(patch);
      if (!name) {
        name = crypto.getRandomValues(new Uint32Array(4)).join("-");
        this.#names.set(patch, name);
        transaction.objectStore(STROKES).put(patch.store(name));
      }
      return name;
    };
    const { done, undone } = version.history;
    const run = version.run && { ...version.run, progress: null };
    return { ...version, run, history: { done: done.map(named), undone: undone.map(named) } };
  }

  async #restore() {
    const transaction = this.db.transaction([SESSION, STROKES], "readonly");
    const saved = await result(transaction.objectStore(SESSION).get("current"));
    const { category } = this.store.state;
    if (!saved || saved.size !== category.size) return;
    if (JSON.stringify(saved.labels) !== JSON.stringify(category.labels)) return;
    const stored = await result(transaction.objectStore(STROKES).getAll());
    /** @type {Map<string, Patch>} */
    const patches = new Map();
    for (const each of stored) {
      const patch = Patch.restore(each);
      patches.set(each.id, patch);
      this.#names.set(patch, each.id);
    }
    const versions = saved.versions.map((/** @type {any} */ each) => revived(each, patches));
    this.#forget(
      stored.map(({ id }) => id),
      saved.versions,
    );
    this.store.set({ ...saved.kept, versions });
    settle(this.store);
  }

  /** Delete strokes that no history names any more. @param {string[]} ids @param {any[]} versions */
  #forget(ids, versions) {
    const used = new Set(versions.flatMap(({ history }) => [...history.done, ...history.undone]));
    const strokes = this.db.transaction(STROKES, "readwrite").objectStore(STROKES);
    for (const id of ids) if (!used.has(id)) strokes.delete(id);
  }
}

/** @param {any} plain @param {Map<string, Patch>} patches @returns {Version} */
function revived(plain, patches) {
  const history = new History();
  history.done = plain.history.done.flatMap((/** @type {string} */ id) => patches.get(id) ?? []);
  history.undone = plain.history.undone.flatMap(
    (/** @type {string} */ id) => patches.get(id) ?? [],
  );
  const run = plain.run && { ...plain.run, target: map(plain.run.target) };
  return { ...plain, source: map(plain.source), map: map(plain.map), history, run };
}

/** Classes lose their methods in the database. @param {LabelMap | null} plain */
function map(plain) {
  return plain && new LabelMap(plain.width, plain.height, plain.ids);
}
