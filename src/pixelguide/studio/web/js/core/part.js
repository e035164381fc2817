/** A part taken out of the map: the hole closes, and the part is set down again elsewhere. */

import { bounds, LabelMap } from "./label_map.js";
import { meshOver, SIDE } from "./mesh.js";
import { closed } from "./regions.js";

/** @typedef {import("./label_map.js").Rect} Rect */
/** @typedef {import("./mesh.js").Point} Point */

/**
 * rect: where it was. ids, inside: of the rect's pixels, row by row; inside 1 = of the part.
 * @typedef {{rect: Rect, ids: Uint8Array, inside: Uint8Array, ground: LabelMap}} Part
 */

/**
 * Take pixels out. The ground left behind closes with what surrounds it, never with a class of the
 * part itself while there is another.
 * @param {LabelMap} map unchanged
 * @param {readonly number[]} indices not empty
 * @returns {Part}
 */
export function lift(map, indices) {
  const rect = bounds(indices, map.width);
  if (!rect) throw new RangeError("a part has at least one pixel");
  const ids = new Uint8Array(rect.width * rect.height);
  const inside = new Uint8Array(ids.length);
  for (const index of indices) {
    const x = index % map.width,
      y = (index - x) / map.width;
    const k = (y - rect.y) * rect.width + x - rect.x;
    ids[k] = map.ids[index];
    inside[k] = 1;
  }
  const own = new Set(indices.map((index) => map.ids[index]));
  const ground = new LabelMap(map.width, map.height, closed(map, indices, own));
  return { rect, ids, inside, ground };
}

/**
 * The ground with the part set down in the shape of a mesh. Each pixel whose centre is in the mesh
 * takes the class at the matching place of the part; nothing is mixed.
 * @param {Part} part
 * @param {Point[]} mesh where the points of `meshOver(part.rect)` go
 * @returns {Uint8Array} ids of the map
 */
export function placed(part, mesh) {
  const ids = part.ground.ids.slice();
  const from = meshOver(part.rect);
  for (let row = 0; row + 1 < SIDE; row++) {
    for (let column = 0; column + 1 < SIDE; column++) {
      const a = row * SIDE + column;
      for (const three of [
        [a, a + 1, a + SIDE],
        [a + 1, a + SIDE + 1, a + SIDE],
      ]) {
        triangle(
          part,
          three.map((k) => mesh[k]),
          three.map((k) => from[k]),
          ids,
        );
      }
    }
  }
  return ids;
}

/**
 * @param {Part} part @param {Point[]} to corners on the map
 * @param {Point[]} from the same corners on the part @param {Uint8Array} ids written to
 */
function triangle(part, to, from, ids) {
  const { width, height } = part.ground;
  const { rect } = part;
  const [[ax, ay], [bx, by], [cx, cy]] = to;
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  if (Math.abs(area) < 1e-9) return;
  const left = Math.max(0, Math.floor(Math.min(ax, bx, cx)));
  const right = Math.min(width, Math.ceil(Math.max(ax, bx, cx)));
  const top = Math.max(0, Math.floor(Math.min(ay, by, cy)));
  const bottom = Math.min(height, Math.ceil(Math.max(ay, by, cy)));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const px = x + 0.5 - ax,
        py = y + 0.5 - ay;
      const u = (px * (cy - ay) - py * (cx - ax)) / area;
      const v = (py * (bx - ax) - px * (by - ay)) / area;
      if (u < -1e-9 || v < -1e-9 || u + v > 1 + 1e-9) continue;
      const sx = from[0][0] + u * (from[1][0] - from[0][0]) + v * (from[2][0] - from[0][0]);
      const sy = from[0][1] + u * (from[1][1] - from[0][1]) + v * (from[2][1] - from[0][1]);
      const column = Math.min(rect.width - 1, Math.max(0, Math.floor(sx - rect.x)));
      const row = Math.min(rect.height - 1, Math.max(0, Math.floor(sy - rect.y)));
      const k = row * rect.width + column;
      if (part.inside[k]) ids[y * width + x] = part.ids[k];
    }
  }
}
