/** The one command that changes a map: some pixels take new classes, and can take the old back. */

import { bounds, union } from "./label_map.js";

/** @typedef {import("./label_map.js").LabelMap} LabelMap */
/** @typedef {import("./label_map.js").Rect} Rect */
/** @typedef {{indices: Uint32Array, before: Uint8Array, after: Uint8Array}} Chunk */
/** @typedef {{id: string, title: string, width: number} & Chunk} StoredPatch */

export class Patch {
  /**
   * @param {string} title what the user did, e.g. "brush"
   * @param {string} stroke patches of one stroke merge into one step of the history
   * @param {number} width of the map, in pixels
   * @param {Chunk[]} chunks applied in this order
   */
  constructor(title, stroke, width, chunks) {
    this.title = title;
    this.stroke = stroke;
    this.width = width;
    this.chunks = chunks;
    /** @type {Rect | null} what it touches */
    this.rect = chunks.reduce(
      (rect, chunk) => union(rect, bounds(chunk.indices, width)),
      /** @type {Rect | null} */ (null),
    );
  }

  /**
   * The change that gives `value(index)` to pixels; null when nothing would change.
   * @param {LabelMap} map unchanged
   * @param {Iterable<number>} indices
   * @param {(index: number) => number} value
   * @param {{title: string, stroke: string, locked?: ReadonlySet<number>}} how pixels of a locked
   *   class stay as they are
   * @returns {Patch | null}
   */
  static of(map, indices, value, { title, stroke, locked }) {
    /** @type {number[]} */
    const changed = [];
    const { ids } = map;
    for (const index of indices) {
      if (ids[index] !== value(index) && !locked?.has(ids[index])) changed.push(index);
    }
    if (changed.length === 0) return null;
    const list = Uint32Array.from(changed);
    return new Patch(title, stroke, map.width, [
      {
        indices: list,
        before: Uint8Array.from(list, (index) => ids[index]),
        after: Uint8Array.from(list, value),
      },
    ]);
  }

  /**
   * The change from a map to other ids of the same size; null when they are equal.
   * @param {LabelMap} map
   * @param {Uint8Array} next
   * @param {{title: string, stroke: string, locked?: ReadonlySet<number>}} how
   */
  static between(map, next, how) {
    return Patch.of(map, next.keys(), (index) => next[index], how);
  }

  /** @param {LabelMap} map */
  execute(map) {
    for (const { indices, after } of this.chunks) {
      for (let k = 0; k < indices.length; k++) map.ids[indices[k]] = after[k];
    }
  }

  /** @param {LabelMap} map */
  undo(map) {
    for (const { indices, before } of this.chunks.toReversed()) {
      for (let k = 0; k < indices.length; k++) map.ids[indices[k]] = before[k];
    }
  }

  /** Take over a later patch of the same stroke. @param {Patch} later */
  absorb(later) {
    this.chunks.push(...later.chunks);
    this.rect = union(this.rect, later.rect);
  }

  /** As plain data with each pixel once. @param {string} id @returns {StoredPatch} */
  store(id) {
    /** @type {Map<number, [number, number]>} */
    const pixels = new Map();
    for (const { indices, before, after } of this.chunks) {
      indices.forEach((index, k) =>
        pixels.set(index, [pixels.get(index)?.[0] ?? before[k], after[k]]),
      );
    }
    const values = [...pixels.values()];
    return {
      id,
      title: this.title,
      width: this.width,
      indices: Uint32Array.from(pixels.keys()),
      before: Uint8Array.from(values, ([before]) => before),
      after: Uint8Array.from(values, ([, after]) => after),
    };
  }

  /** @param {StoredPatch} stored @returns {Patch} never merges with what comes later */
  static restore({ id, title, width, indices, before, after }) {
    return new Patch(title, `stored ${id}`, width, [{ indices, before, after }]);
  }
}
