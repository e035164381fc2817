/** A square mesh of control points over a part: dragging all of them moves, scales and turns it,
 * dragging one warps it. */

/** @typedef {[number, number]} Point */
/** @typedef {import("./label_map.js").Rect} Rect */

/** Control points along each side. */
export const SIDE = 4;

/** @param {Rect} rect @returns {Point[]} SIDE² points, row by row, its corners included */
export function meshOver(rect) {
  return Array.from({ length: SIDE * SIDE }, (_, k) => [
    rect.x + (rect.width * (k % SIDE)) / (SIDE - 1),
    rect.y + (rect.height * Math.floor(k / SIDE)) / (SIDE - 1),
  ]);
}

/** @param {Point[]} mesh @param {number} dx @param {number} dy @returns {Point[]} */
export function moved(mesh, dx, dy) {
  return mesh.map(([x, y]) => [x + dx, y + dy]);
}

/**
 * Stretch along the mesh's own axes, so that a turned part keeps its right angles.
 * @param {Point[]} mesh @param {Point} pivot what stays @param {number} sx @param {number} sy
 * @param {number} [angle] of its first axis, radians
 * @returns {Point[]}
 */
export function scaled(mesh, pivot, sx, sy, angle = 0) {
  const flat = rotated(mesh, pivot, -angle).map(
    ([x, y]) =>
      /** @type {Point} */ ([pivot[0] + (x - pivot[0]) * sx, pivot[1] + (y - pivot[1]) * sy]),
  );
  return rotated(flat, pivot, angle);
}

/** @param {Point[]} mesh @param {Point} pivot @param {number} angle radians @returns {Point[]} */
export function rotated(mesh, pivot, angle) {
  const cos = Math.cos(angle),
    sin = Math.sin(angle);
  return mesh.map(([x, y]) => {
    const dx = x - pivot[0],
      dy = y - pivot[1];
    return [pivot[0] + cos * dx - sin * dy, pivot[1] + sin * dx + cos * dy];
  });
}

/** The four corners: top left, top right, bottom right, bottom left. @param {Point[]} mesh */
export function corners(mesh) {
  return [mesh[0], mesh[SIDE - 1], mesh[SIDE * SIDE - 1], mesh[SIDE * (SIDE - 1)]];
}

/** @param {Point[]} mesh @returns {Point} */
export function centre(mesh) {
  const four = corners(mesh);
  return [four.reduce((sum, [x]) => sum + x, 0) / 4, four.reduce((sum, [, y]) => sum + y, 0) / 4];
}
