/** The work in the browser's own database, so that a reload loses nothing: a record for each piece
 * of work, of which a tab writes one, and the strokes that the records name. */

import { uuid } from "./api.js";
import { Patch } from "./core/patch.js";
import { database, records, result, SESSION, STROKES } from "./database.js";
import { t } from "./i18n.js";
import { settle } from "./painting.js";
import { plain, revived } from "./revival.js";
import { fresh, inUse, record, release, take } from "./tabs.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").State} State */
/** @typedef {import("./types.js").Version} Version */

/**
 * Work that was left. pixels: of its last version. model: whose it is.
 * @typedef {{name: string, saved: number, title: string, count: number, pixels: ImageData,
 *   model: string, own: boolean}} Recent
 */

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

export class Autosave {
  /** Strokes in the database, and how much of each. @type {WeakMap<Patch, {name: string, chunks: number}>} */
  #names = new WeakMap();
  #waiting = false;
  /** The save that is under way. @type {Promise<void> | null} */
  #saving = null;
  /** This tab's record. */
  #record = "";
  /** Whether the last change could not be kept. */
  failed = false;

  /** @param {Store} store @param {IDBDatabase} db @param {(failed: boolean) => void} onChange */
  constructor(store, db, onChange) {
    this.store = store;
    this.db = db;
    this.onChange = onChange;
  }

  /**
   * Bring back the work of last time, if it was done with the same classes, and keep this one's.
   * @param {Store} store
   * @param {(failed: boolean) => void} onChange told when something could not be kept, for the first
   *   time in a row, and when it could again
   * @returns {Promise<Autosave>}
   */
  static async start(store, onChange) {
    const autosave = new Autosave(store, await database(), onChange);
    const { name, from } = await record(await autosave.#known());
    autosave.#record = name;
    await autosave.#forget();
    if (from) await autosave.#restore(from);
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

  /** Leave the work as it is, among the recent, and begin another, with no version yet. */
  async leave() {
    await this.#flush();
    release(this.#record);
    this.#record = await fresh();
    this.store.state.versions = [];
  }

  /** The work that was left, the last first. @returns {Promise<Recent[]>} */
  async recent() {
    const working = await inUse();
    const { category } = this.store.state;
    return (await records(this.db.transaction(SESSION)))
      .filter(({ name, content }) => name !== this.#record && !working.has(name) && content.versions.length)
      .sort((a, b) => b.saved - a.saved)
      .map(({ name, saved, content }) => ({
        name,
        saved,
        title: content.versions[0].note,
        count: content.versions.length,
        pixels: content.versions.at(-1).pixels,
        model: content.model ?? category.model.name,
        own: fits(content, category),
      }));
  }

  /** Go on with recent work. @param {string} name */
  async open(name) {
    if (!(await take(name))) throw new Error(t("Another tab works on this."));
    await this.#flush();
    release(this.#record);
    this.#record = name;
    await this.#restore(name);
  }

  /** Keep work that no tab does among the recent. @param {State} state */
  async keepAside(state) {
    await this.#write([], state, uuid());
  }

  /** Give up recent work. @param {string} name */
  async remove(name) {
    const transaction = this.db.transaction(SESSION, "readwrite");
    await result(transaction.objectStore(SESSION).delete(name));
  }

  /** Save soon: once for everything that happens together. */
  #later() {
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      if (!this.#waiting) return;
      this.#waiting = false;
      if (this.#saving) this.#later();
      else this.#save();
    }, 50);
  }

  async #flush() {
    await this.#saving;
    this.#waiting = false;
    if (this.store.state.versions.length) await this.#save();
  }

  #save() {
    this.#saving = this.#saveNow().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #saveNow() {
    /** @type {Patch[]} */
    const written = [];
    let failed = false;
    try {
      await this.#write(written, this.store.state, this.#record);
    } catch {
      for (const patch of written) this.#names.delete(patch); // they did not get there
      failed = true;
    }
    if (failed !== this.failed) this.onChange(failed);
    this.failed = failed;
  }

  /**
   * @param {Patch[]} written gets the strokes that are written
   * @param {State} state @param {string} record
   */
  #write(written, state, record) {
    const transaction = this.db.transaction([SESSION, STROKES], "readwrite", {
      durability: "relaxed",
    });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const { labels, size, model } = state.category;
    try {
      const named = (/** @type {Patch} */ patch) => this.#named(patch, transaction, written);
      const versions = state.versions.map((version) => plain(version, named));
      const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
      if (state.dropper) kept.tool = state.dropper.back; // whose colour it takes is not kept
      const content = { versions, kept, labels, size, model: model.name, saved: Date.now() };
      transaction.objectStore(SESSION).put(content, record);
    } catch {
      transaction.abort();
    }
    return done;
  }

  /**
   * Strokes are records of their own, written again only where one has gone on since.
   * @param {Patch} patch @param {IDBTransaction} transaction @param {Patch[]} written
   */
  #named(patch, transaction, written) {
    const known = this.#names.get(patch);
    const name = known?.name ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
    const chunks = patch.chunks.length;
    if (known?.chunks !== chunks) {
      this.#names.set(patch, { name, chunks });
      written.push(patch);
      transaction.objectStore(STROKES).put(patch.store(name));
    }
    return name;
  }

  /** @param {string} name */
  async #restore(name) {
    const transaction = this.db.transaction([SESSION, STROKES], "readonly");
    const saved = await result(transaction.objectStore(SESSION).get(name));
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
    const { category } = this.store.state;
    return (await records(this.db.transaction(SESSION)))
      .filter(({ content }) => fits(content, category))
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

/** Whether work was done with these classes. @param {any} content @param {import("./types.js").Category} category */
const fits = (content, { size, labels }) =>
  content.size === size && JSON.stringify(content.labels) === JSON.stringify(labels);
