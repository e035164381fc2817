/** Which pixels a round brush covers on its way from one point to the next. */

/**
 * Where a brush of `diameter` sits for a pointer at (x, y): an odd one on a pixel's centre, an
 * even one on a corner, so that a brush has the same shape wherever it is.
 * @param {number} x @param {number} y in pixels; the first pixel's centre is at (0.5, 0.5)
 * @param {number} diameter whole number
 * @returns {[number, number]}
 */
export function snapped(x, y, diameter) {
  return diameter % 2 ? [Math.floor(x) + 0.5, Math.floor(y) + 0.5] : [Math.round(x), Math.round(y)];
}

/**
 * Indices of the pixels whose centres are at most diameter / 2 from the segment.
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {number} diameter at least 1
 * @param {number} width of the map
 * @param {number} height of the map
 * @returns {number[]} rising
 */
export function stroke(from, to, diameter, width, height) {
  const radius = diameter / 2;
  const [x0, y0] = from,
    dx = to[0] - x0,
    dy = to[1] - y0;
  const length2 = dx * dx + dy * dy;
  const left = Math.max(0, Math.floor(Math.min(x0, to[0]) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, to[0]) + radius));
  const top = Math.max(0, Math.floor(Math.min(y0, to[1]) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, to[1]) + radius));
  const limit = radius * radius + 1e-9;
  /** @type {number[]} */
  const indices = [];
  for (let y = top; y <= bottom; y++) {
    const py = y + 0.5 - y0;
    for (let x = left; x <= right; x++) {
      const px = x + 0.5 - x0;
      const along = length2 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const ex = px - along * dx,
        ey = py - along * dy;
      if (ex * ex + ey * ey <= limit) indices.push(y * width + x);
    }
  }
  return indices;
}
