/** Maps written as text, for tests: one character a pixel, its value the id in base 36. */

import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";

/** @param {...string} rows */
export function drawn(...rows) {
  const ids = Uint8Array.from(rows.join(""), (character) => parseInt(character, 36));
  return new LabelMap(rows[0].length, rows.length, ids);
}

/** @param {{ids: Uint8Array, width: number}} map @returns {string[]} */
export function rowsOf({ ids, width }) {
  const text = Array.from(ids, (id) => id.toString(36)).join("");
  return text.match(new RegExp(`.{${width}}`, "g")) ?? [];
}

/** A map with 1 at some pixels. @param {Iterable<number>} indices @param {number} width @param {number} height */
export function marked(indices, width, height) {
  const map = new LabelMap(width, height);
  for (const index of indices) map.ids[index] = 1;
  return rowsOf(map);
}

/** Whole numbers below `end` from a linear congruential generator. @param {number} seed */
export function random(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}
