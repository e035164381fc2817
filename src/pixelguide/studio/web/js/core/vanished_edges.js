/** Old edges of classes that grew, which must vanish with what was painted, as the library finds
 * them (`guidance/class_cores.py`). */

import { IGNORE } from "./label_map.js";

/** @typedef {import("./label_map.js").LabelMap} LabelMap */

/** A doubtful edge is this share of the picture's side wide: 1 / REACH. */
const REACH = 16;
/** Pixels deeper than that which make a class a thick one. */
const ENOUGH = 25;

/**
 * A region with the pixels along edges that a class loses by growing over them: they keep a class,
 * lie near what it gained, and no nearer to anything else. Only between classes that are thick.
 * @param {LabelMap} source @param {LabelMap} target
 * @param {Uint8Array} painted the region, 1 = may change
 * @returns {Uint8Array}
 */
export function withVanishedEdges(source, target, painted) {
  const { width, height } = source;
  const reach = (height / REACH) ** 2;
  const changed = painted.map((inside, k) => Number(inside && source.ids[k] !== target.ids[k]));
  const pixels = [...changed.keys()].filter((k) => changed[k]);
  const shown = (/** @type {number} */ id) => source.ids.map((each) => Number(each === id));
  const concerned = new Set(pixels.flatMap((k) => [source.ids[k], target.ids[k]]));
  concerned.delete(IGNORE);
  const thick = new Set(
    [...concerned].filter((id) => {
      const mask = shown(id);
      const depth = squaredDistances(mask.map((is) => 1 - is), width);
      return depth.filter((far, k) => mask[k] && far > reach).length >= ENOUGH;
    }),
  );
  const region = painted.slice();
  for (const id of new Set(pixels.map((k) => target.ids[k]))) {
    const mask = shown(id);
    const gained = changed.map((is, k) =>
      Number(is && target.ids[k] === id && thick.has(source.ids[k])),
    );
    if (!thick.has(id) || !gained.includes(1)) continue;
    const away = squaredDistances(gained, width);
    const beside = squaredDistances(mask.map((is, k) => Number(!is && !gained[k])), width);
    for (let k = 0; k < region.length; k++) {
      if (mask[k] && target.ids[k] === id && away[k] <= reach && away[k] <= beside[k]) region[k] = 1;
    }
  }
  return region;
}

/**
 * The squared distance of each pixel to the nearest of `mask`, infinite where there is none: first
 * along columns, then along rows (Saito and Toriwaki, 1994).
 * @param {Uint8Array} mask 0 or 1 @param {number} width @returns {Float64Array}
 */
export function squaredDistances(mask, width) {
  const height = mask.length / width;
  const along = new Float64Array(mask.length).fill(Infinity);
  for (let x = 0; x < width; x++) {
    for (const rows of [[...Array(height).keys()], [...Array(height).keys()].reverse()]) {
      let far = Infinity;
      for (const y of rows) {
        far = mask[y * width + x] ? 0 : far + 1;
        along[y * width + x] = Math.min(along[y * width + x], far);
      }
    }
  }
  const distances = new Float64Array(mask.length).fill(Infinity);
  for (let row = 0; row < mask.length; row += width) {
    for (let x = 0; x < width; x++) {
      let best = along[row + x] ** 2;
      for (let by = 1; by * by < best && by < width; by++) {
        if (x >= by) best = Math.min(best, along[row + x - by] ** 2 + by * by);
        if (x + by < width) best = Math.min(best, along[row + x + by] ** 2 + by * by);
      }
      distances[row + x] = best;
    }
  }
  return distances;
}
