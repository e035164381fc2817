/** Which classes an edit concerns and which pixels it may change. */

import { IGNORE } from "./label_map.js";

/** @typedef {import("./label_map.js").LabelMap} LabelMap */

/**
 * Q: the classes that lost or gained pixels.
 * @param {LabelMap} source @param {LabelMap} target
 * @returns {number[]} ids, rising, without IGNORE
 */
export function editedClasses(source, target) {
  /** @type {Set<number>} */
  const classes = new Set();
  source.ids.forEach((id, index) => {
    if (id === target.ids[index]) return;
    classes.add(id).add(target.ids[index]);
  });
  classes.delete(IGNORE);
  return [...classes].sort((a, b) => a - b);
}

/**
 * Q as a person would name it: without the ground that other classes were painted on. Of the
 * edited classes the largest are left out for as long as every changed pixel keeps a class of Q
 * before or after; otherwise a stroke of lips on a face would put the whole face into the ROI.
 * @param {LabelMap} source @param {LabelMap} target
 * @returns {number[]} ids, rising
 */
export function namedClasses(source, target) {
  const before = source.counts(),
    after = target.counts();
  const size = (/** @type {number} */ id) => before[id] + after[id];
  const kept = new Set(editedClasses(source, target));
  /** Changes between each two classes, as 256 · before + after. @type {Set<number>} */
  const changes = new Set();
  source.ids.forEach((id, index) => {
    if (id !== target.ids[index]) changes.add(256 * id + target.ids[index]);
  });
  for (const id of [...kept].sort((a, b) => size(b) - size(a))) {
    kept.delete(id);
    if (![...changes].every((change) => kept.has(change >> 8) || kept.has(change & 255)))
      kept.add(id);
  }
  return [...kept].sort((a, b) => a - b);
}

/**
 * The ROI. "classes": M = { p : y_p ∈ Q or y_edit_p ∈ Q } (Matsunaga et al. 2022, eq. 7);
 * "changed": the pixels whose label differs. Grown by `dilation` pixels to all eight sides.
 * @param {LabelMap} source y
 * @param {LabelMap} target y_edit
 * @param {readonly number[]} classes Q
 * @param {"classes" | "changed"} mode
 * @param {number} dilation
 * @returns {Uint8Array} 1 = may change
 */
export function regionOfInterest(source, target, classes, mode, dilation) {
  const wanted = new Uint8Array(256);
  for (const id of classes) wanted[id] = 1;
  const roi = source.ids.map((before, index) => {
    const after = target.ids[index];
    return mode === "changed" ? Number(before !== after) : wanted[before] | wanted[after];
  });
  return dilate(roi, source.width, source.height, dilation);
}

/**
 * Grow a mask by a square of 2 · times + 1 pixels, first along rows, then along columns.
 * @param {Uint8Array} mask 0 or 1 @param {number} width @param {number} height
 * @param {number} times whole number, at least 0
 */
export function dilate(mask, width, height, times) {
  const rows = spread(mask, width, height, 1, width, times);
  return spread(rows, height, width, width, 1, times);
}

/**
 * Grow along lines. @param {Uint8Array} mask @param {number} length of a line
 * @param {number} lines @param {number} step from one pixel of a line to the next
 * @param {number} skip from one line to the next @param {number} times
 */
function spread(mask, length, lines, step, skip, times) {
  const grown = new Uint8Array(mask.length);
  for (let line = 0; line < lines; line++) {
    let filled = 0; // pixels before this are settled
    for (let k = 0; k < length; k++) {
      if (!mask[line * skip + k * step]) continue;
      const end = Math.min(length, k + times + 1);
      for (let p = Math.max(filled, k - times); p < end; p++) grown[line * skip + p * step] = 1;
      filled = end;
    }
  }
  return grown;
}
