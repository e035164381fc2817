/** Regions as one means them: what was painted and the parts that move with it, without specks, as
 * the library finds them; and the islands that a region falls into. */

import { regionOfInterest } from "./roi.js";

/** @typedef {import("./label_map.js").LabelMap} LabelMap */

/** How many times what was painted a region may be before that is no longer what was meant. */
const WIDEST = 4;
/** A change thinner than two pixels, smaller than the largest by this factor, was not painted. */
const SPECK = 8;

/**
 * Connected areas of a mask; pixels that meet at a corner belong together.
 * @param {Uint8Array} mask @param {number} width
 * @returns {number[][]} indices of each, the one that comes first in the picture first
 */
export function components(mask, width) {
  const height = mask.length / width;
  const seen = new Uint8Array(mask.length);
  /** @type {number[][]} */
  const found = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const area = [start];
    seen[start] = 1;
    for (let k = 0; k < area.length; k++) {
      const x = area[k] % width,
        y = (area[k] - x) / width;
      for (let qy = Math.max(0, y - 1); qy <= Math.min(height - 1, y + 1); qy++) {
        for (let qx = Math.max(0, x - 1); qx <= Math.min(width - 1, x + 1); qx++) {
          const next = qy * width + qx;
          if (!mask[next] || seen[next]) continue;
          seen[next] = 1;
          area.push(next);
        }
      }
    }
    found.push(area);
  }
  return found;
}

/**
 * `target` with the classes of `source` where it differs by specks alone: connected changes to one
 * class in which no square of 2×2 fits, smaller by `SPECK` times than the largest of all.
 * @param {LabelMap} source @param {LabelMap} target @returns {LabelMap}
 */
export function withoutSpecks(source, target) {
  const { width } = source;
  const changed = source.ids.map((id, k) => Number(id !== target.ids[k]));
  const changes = [...new Set(target.ids.filter((_, k) => changed[k]))].flatMap((id) =>
    components(
      changed.map((is, k) => Number(is && target.ids[k] === id)),
      width,
    ),
  );
  const largest = Math.max(0, ...changes.map(({ length }) => length));
  const cleaned = target.clone();
  for (const area of changes) {
    if (SPECK * area.length >= largest) continue;
    const own = new Set(area);
    const thick = area.some((k) => [k + 1, k + width, k + width + 1].every((each) => own.has(each)));
    if (!thick) for (const k of area) cleaned.ids[k] = source.ids[k];
  }
  return cleaned;
}

/**
 * What was painted from or to one of `classes`, but for specks, and the parts that move with it: a
 * connected region of one of them, in either map, moves along if painted pixels belong to it or touch
 * it and it is at most `WIDEST` times as large as these.
 * @param {LabelMap} source @param {LabelMap} target @param {readonly number[]} classes
 * @returns {Uint8Array} 1 = of the region
 */
export function paintedParts(source, target, classes) {
  const { width, height } = source;
  const cleaned = withoutSpecks(source, target);
  const wanted = new Set(classes);
  const painted = source.ids.map((id, k) =>
    Number(id !== cleaned.ids[k] && (wanted.has(id) || wanted.has(cleaned.ids[k]))),
  );
  const region = painted.slice();
  for (const { ids } of [source, cleaned]) {
    for (const id of wanted) {
      const mask = ids.map((each) => Number(each === id));
      for (const area of components(mask, width)) {
        const near = around(area, painted, width, height);
        if (near > 0 && area.length <= WIDEST * near) for (const k of area) region[k] = 1;
      }
    }
  }
  return region;
}

/** Painted pixels that belong to an area or touch it. @param {number[]} area @param {Uint8Array} painted @param {number} width @param {number} height */
function around(area, painted, width, height) {
  const near = new Set();
  for (const k of area) {
    const x = k % width,
      y = (k - x) / width;
    for (let qy = Math.max(0, y - 1); qy <= Math.min(height - 1, y + 1); qy++) {
      for (let qx = Math.max(0, x - 1); qx <= Math.min(width - 1, x + 1); qx++) {
        if (painted[qy * width + qx]) near.add(qy * width + qx);
      }
    }
  }
  return near.size;
}

/**
 * What "auto" is, as the library decides it.
 * @param {LabelMap} source @param {LabelMap} target @param {readonly number[]} classes Q
 * @param {boolean} photograph whether the picture is a part of one
 * @returns {"parts" | "classes"}
 */
export function automaticMode(source, target, classes, photograph) {
  if (photograph) return "parts";
  const whole = regionOfInterest(source, target, classes, "classes", 0);
  let area = 0,
    painted = 0;
  whole.forEach((inside, k) => {
    area += inside;
    painted += Number(inside && source.ids[k] !== target.ids[k]);
  });
  return area > WIDEST * painted ? "parts" : "classes";
}

/**
 * The islands of a region, and what else of the edited classes could be taken in; and the parts of
 * other classes that were.
 * @param {Uint8Array} region before dilation @param {Uint8Array} whole of eq. 7, before dilation
 * @param {number} width
 * @param {{out: readonly number[], in: readonly number[]}} choice pixels of those that the user took
 *   out or in
 * @param {(pixel: number) => number[]} [partAt] the connected part of a class around a pixel
 * @returns {{islands: {area: number[], taken: boolean}[], chosen: Uint8Array}}
 */
export function chooseIslands(region, whole, width, choice, partAt = () => []) {
  const rest = whole.map((inside, k) => Number(inside && !region[k]));
  const islands = [
    ...components(region, width).map((area) => ({ area, taken: !touches(area, choice.out) })),
    ...components(rest, width).map((area) => ({ area, taken: touches(area, choice.in) })),
  ];
  const known = new Set(islands.flatMap(({ area }) => area));
  for (const pixel of choice.in) {
    if (known.has(pixel)) continue;
    const area = partAt(pixel).filter((k) => !known.has(k));
    for (const k of area) known.add(k);
    if (area.length) islands.push({ area, taken: true });
  }
  const chosen = new Uint8Array(region.length);
  for (const { area, taken } of islands) if (taken) for (const k of area) chosen[k] = 1;
  return { islands, chosen };
}

/** @param {number[]} area @param {readonly number[]} pixels */
function touches(area, pixels) {
  if (pixels.length === 0) return false;
  const own = new Set(area);
  return pixels.some((k) => own.has(k));
}

/**
 * The choice after an island was pressed.
 * @param {{out: readonly number[], in: readonly number[]}} choice
 * @param {{area: number[], taken: boolean}} island
 */
export function toggled(choice, { area, taken }) {
  const own = new Set(area);
  const without = (/** @type {readonly number[]} */ pixels) => pixels.filter((k) => !own.has(k));
  const pixel = area[Math.floor(area.length / 2)];
  const next = { out: without(choice.out), in: without(choice.in) };
  return taken ? { ...next, out: [...next.out, pixel] } : { ...next, in: [...next.in, pixel] };
}
