/** Edges between pixels, to be drawn as thin lines at any zoom. */

/**
 * Lines between the pixels where `kind` changes. Neighbouring edges on one line come as one, the
 * border of the map is no edge unless `border` is given.
 * @param {number} width @param {number} height of the map
 * @param {(index: number) => number} kind
 * @param {number} [border] the kind beyond the map
 * @returns {number[]} x0, y0, x1, y1 of each, in pixels
 */
export function edges(width, height, kind, border) {
  /** @type {number[]} */
  const lines = [];
  const reach = border === undefined ? 1 : 0;
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    x < 0 || y < 0 || x >= width || y >= height
      ? /** @type {number} */ (border)
      : kind(y * width + x);
  for (let y = reach; y <= height - reach; y++) {
    for (let x = 0; x < width; x++) {
      const first = x;
      while (x < width && at(x, y - 1) !== at(x, y)) x++;
      if (x > first) lines.push(first, y, x, y);
    }
  }
  for (let x = reach; x <= width - reach; x++) {
    for (let y = 0; y < height; y++) {
      const first = y;
      while (y < height && at(x - 1, y) !== at(x, y)) y++;
      if (y > first) lines.push(x, first, x, y);
    }
  }
  return lines;
}
