/** Pixels inside rectangles, ellipses and polygons, decided at pixel centres: nothing is smoothed,
 * and shapes that share an edge share no pixel. */

/** @typedef {[number, number]} Point */

/**
 * @param {Point[]} points corners in order; the last is joined to the first
 * @param {number} width of the map @param {number} height of the map
 * @returns {number[]} indices of the pixels around which the outline winds, rising
 */
export function polygon(points, width, height) {
  /** @type {number[]} */
  const indices = [];
  const ys = points.map(([, y]) => y);
  const top = Math.max(0, Math.floor(Math.min(...ys)));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...ys)));
  for (let y = top; y <= bottom; y++) {
    const crossings = crossingsAt(points, y + 0.5);
    let winding = 0;
    for (let k = 0; k + 1 < crossings.length; k++) {
      winding += crossings[k].turn;
      if (winding === 0) continue;
      const first = Math.max(0, Math.ceil(crossings[k].x - 0.5));
      const last = Math.min(width, Math.ceil(crossings[k + 1].x - 0.5));
      for (let x = first; x < last; x++) indices.push(y * width + x);
    }
  }
  return indices;
}

/** @param {Point[]} points @param {number} y @returns {{x: number, turn: number}[]} by x */
function crossingsAt(points, y) {
  /** @type {{x: number, turn: number}[]} */
  const crossings = [];
  points.forEach(([x0, y0], k) => {
    const [x1, y1] = points[(k + 1) % points.length];
    if (y0 <= y === y1 <= y) return;
    // From the upper end, so that both shapes at an edge round alike.
    const [[ax, ay], [bx, by]] =
      y0 < y1
        ? [
            [x0, y0],
            [x1, y1],
          ]
        : [
            [x1, y1],
            [x0, y0],
          ];
    crossings.push({ x: ax + ((y - ay) / (by - ay)) * (bx - ax), turn: y0 <= y ? 1 : -1 });
  });
  return crossings.sort((a, b) => a.x - b.x);
}

/**
 * The whole pixels between two dragged corners, both included.
 * @param {Point} from @param {Point} to
 * @returns {{x0: number, y0: number, x1: number, y1: number}} edges, x1 and y1 exclusive
 */
export function box(from, to) {
  const [x0, x1] = [from[0], to[0]].map(Math.floor).sort((a, b) => a - b);
  const [y0, y1] = [from[1], to[1]].map(Math.floor).sort((a, b) => a - b);
  return { x0, y0, x1: x1 + 1, y1: y1 + 1 };
}

/**
 * @param {Point} from @param {Point} to opposite corners
 * @param {number} width @param {number} height of the map
 */
export function rectangle(from, to, width, height) {
  return within(from, to, width, height, () => true);
}

/**
 * The ellipse in the box of two corners.
 * @param {Point} from @param {Point} to @param {number} width @param {number} height
 */
export function ellipse(from, to, width, height) {
  return within(from, to, width, height, (u, v) => u * u + v * v <= 1);
}

/**
 * @param {Point} from @param {Point} to @param {number} width @param {number} height
 * @param {(u: number, v: number) => boolean} keep of coordinates that run from −1 to 1 in the box
 * @returns {number[]}
 */
function within(from, to, width, height, keep) {
  const { x0, y0, x1, y1 } = box(from, to);
  /** @type {number[]} */
  const indices = [];
  for (let y = Math.max(0, y0); y < Math.min(height, y1); y++) {
    for (let x = Math.max(0, x0); x < Math.min(width, x1); x++) {
      const u = (2 * (x + 0.5 - x0)) / (x1 - x0) - 1;
      const v = (2 * (y + 0.5 - y0)) / (y1 - y0) - 1;
      if (keep(u, v)) indices.push(y * width + x);
    }
  }
  return indices;
}
