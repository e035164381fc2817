/** Photographs and the patches of edits on them, loaded when they are to be seen. */

import * as api from "./api.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */
/** @typedef {{bitmap: ImageBitmap, left: number, top: number}} Patch */

/** Photographs kept, decoded: each is large. */
const KEPT = 2;
/** Patches kept, decoded. */
const PATCHES = 64;

/** @template T */
class Loading {
  /** @type {Map<string, T | null>} */
  #known = new Map();
  /** What could not be loaded when it was last tried. @type {Set<string>} */
  #failed = new Set();

  /** @param {(key: string) => Promise<T>} load @param {number} room @param {() => void} onLoad */
  constructor(load, room, onLoad) {
    this.load = load;
    this.room = room;
    this.onLoad = onLoad;
  }

  /** What is there now; loaded from now on if it is not. @param {string} key @returns {T | null} */
  get(key) {
    const known = this.#known.get(key);
    if (known === undefined) this.#begin(key);
    else if (known) {
      this.#known.delete(key);
      this.#known.set(key, known); // used last
    }
    return known ?? null;
  }

  /** Whether it is being loaded, and may come. @param {string} key */
  coming(key) {
    return this.#known.get(key) === null && !this.#failed.has(key);
  }

  /** @param {string} key */
  #begin(key) {
    this.#known.set(key, null);
    this.load(key).then(
      (value) => {
        this.#known.set(key, value);
        this.#failed.delete(key);
        const kept = [...this.#known].filter(([, each]) => each !== null);
        for (const [old] of kept.slice(0, -this.room)) this.#known.delete(old);
        this.onLoad();
      },
      () => {
        this.#failed.add(key);
        this.onLoad();
        // Asked again later, once: what the server has forgotten stays away.
        setTimeout(() => this.#known.delete(key), 5000);
      },
    );
  }
}

export class Photographs {
  /** @param {() => void} onLoad something can be seen that could not before */
  constructor(onLoad) {
    const bitmap = async (/** @type {string} */ path) =>
      decoded(new Blob([await api.getBytes(path)]));
    this.small = new Loading(bitmap, KEPT, onLoad);
    this.full = new Loading(bitmap, KEPT, onLoad);
    this.patches = new Loading(patchAt, PATCHES, onLoad);
  }

  /**
   * The photograph of a version, as sharp as it is here. @param {Version} version
   * @param {number} wanted pixels of its width that would be seen
   * @returns {ImageBitmap | null}
   */
  ground({ part }, wanted) {
    if (!part) return null;
    const small = this.small.get(`/api/photographs/${part.photograph}.jpg`);
    const full = this.full.get(`/api/photographs/${part.photograph}/shown`);
    const fits = full?.width === part.width && full.height === part.height;
    const enough = small && small.width < part.width && small.width >= wanted;
    return fits && !enough ? full : small;
  }

  /** @param {string} picture @param {number} [strength] @returns {Patch | null} */
  patch(picture, strength = 1) {
    return this.patches.get(patchPath(picture, strength));
  }

  /** Whether the patch that `patch` lacks is on its way. @param {string} picture */
  patchComing(picture) {
    return this.patches.coming(patchPath(picture, 1));
  }
}

/** @param {string} picture @param {number} strength */
const patchPath = (picture, strength) => `/api/pictures/${picture}/patch.png?strength=${strength}`;

/** @param {Blob} blob */
const decoded = (blob) => createImageBitmap(blob, { colorSpaceConversion: "none" });

/** @param {string} path @returns {Promise<Patch>} */
async function patchAt(path) {
  const response = await api.request(path);
  const [left, top] = ["Patch-Left", "Patch-Top"].map((name) => Number(response.headers.get(name)));
  return { bitmap: await decoded(await response.blob()), left, top };
}

/**
 * Ask where a version's picture lies, unless that is known.
 * @param {Version} version
 */
export async function findPart(version) {
  if (!version.inPhotograph || version.part) return;
  try {
    version.part = await api.getJson(`/api/pictures/${version.picture}/placement`);
  } catch (error) {
    if (!(error instanceof api.ServerError) || error.status !== 404) throw error;
    version.inPhotograph = false;
  }
}
