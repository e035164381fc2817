/** Connected areas of a map. */

/** @typedef {import("./label_map.js").LabelMap} LabelMap */

/**
 * The connected area around a pixel whose classes are among `classes`.
 * @param {LabelMap} map
 * @param {number} x @param {number} y whole numbers
 * @param {ReadonlySet<number>} [classes] by default the class at (x, y) alone
 * @param {boolean} [diagonal] whether corners connect
 * @returns {number[]} indices, empty when (x, y) is outside or of another class
 */
export function connected(map, x, y, classes = new Set([map.at(x, y)]), diagonal = false) {
  if (!map.inside(x, y) || !classes.has(map.at(x, y))) return [];
  const { ids, width, height } = map;
  const seen = new Uint8Array(ids.length);
  const area = [y * width + x];
  seen[area[0]] = 1;
  for (let k = 0; k < area.length; k++) {
    const px = area[k] % width,
      py = (area[k] - px) / width;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if (!diagonal && dx !== 0 && dy !== 0) continue;
        const qx = px + dx,
          qy = py + dy;
        if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
        const next = qy * width + qx;
        if (seen[next] || !classes.has(ids[next])) continue;
        seen[next] = 1;
        area.push(next);
      }
    }
  }
  return area;
}

/** The connected part of a class around a pixel; corners connect. @param {LabelMap} map @param {number} pixel */
export function partAt(map, pixel) {
  const x = pixel % map.width;
  return connected(map, x, (pixel - x) / map.width, undefined, true);
}

/**
 * All connected areas of some classes, the largest first.
 * @param {LabelMap} map
 * @param {ReadonlySet<number>} classes
 * @returns {number[][]} indices of each
 */
export function areas(map, classes) {
  const seen = new Set();
  /** @type {number[][]} */
  const found = [];
  map.ids.forEach((id, index) => {
    if (!classes.has(id) || seen.has(index)) return;
    const x = index % map.width;
    const area = connected(map, x, (index - x) / map.width, classes, true);
    area.forEach((pixel) => seen.add(pixel));
    found.push(area);
  });
  return found.sort((a, b) => b.length - a.length);
}

/**
 * What closes over a hole: each pixel takes the class of the nearest pixel around it, steps to the
 * four sides counted; where several are as near, the most frequent of them.
 * @param {LabelMap} map
 * @param {Iterable<number>} hole indices
 * @param {ReadonlySet<number>} [unwanted] classes that do not spread (unless there is no other)
 * @returns {Uint8Array} ids of the whole map, the hole closed
 */
export function closed(map, hole, unwanted = new Set()) {
  const { width, height } = map;
  const ids = map.ids.slice();
  const open = new Set(hole);
  let front = open;
  while (open.size > 0) {
    /** @type {[number, number][]} */
    const reached = [];
    for (const index of front) {
      const id = around(ids, index, width, height, open, unwanted);
      if (id >= 0) reached.push([index, id]);
    }
    if (reached.length === 0) {
      if (unwanted.size === 0) break; // the hole is the whole map
      unwanted = new Set();
      front = open;
      continue;
    }
    for (const [index, id] of reached) {
      ids[index] = id;
      open.delete(index);
    }
    front = new Set();
    for (const [index] of reached) {
      for (const side of sides(index, width, height)) if (open.has(side)) front.add(side);
    }
  }
  return ids;
}

/**
 * The most frequent class beside a pixel, −1 for none.
 * @param {Uint8Array} ids @param {number} index @param {number} width @param {number} height
 * @param {ReadonlySet<number>} open @param {ReadonlySet<number>} unwanted
 */
function around(ids, index, width, height, open, unwanted) {
  const known = sides(index, width, height).filter(
    (side) => !open.has(side) && !unwanted.has(ids[side]),
  );
  let best = -1,
    most = 0;
  for (const side of known) {
    const count = known.filter((other) => ids[other] === ids[side]).length;
    if (count > most) [best, most] = [ids[side], count];
  }
  return best;
}

/** Pixels that share a side. @param {number} index @param {number} width @param {number} height */
function sides(index, width, height) {
  const x = index % width;
  const near = [];
  if (x > 0) near.push(index - 1);
  if (x + 1 < width) near.push(index + 1);
  if (index >= width) near.push(index - width);
  if (index + width < width * height) near.push(index + width);
  return near;
}
