/** Where the model's square lies in its photograph, and that on the screen. */

/** @typedef {import("./viewport.js").Viewport} Viewport */
/** @typedef {import("./square.js").Square} Square */
/** @typedef {import("./square.js").Size} Size */

/**
 * Where a photograph lies while its part lies at `view`.
 * @param {Square} part @param {number} side of the model's square in its pixels
 * @param {Viewport} view
 * @returns {{x: number, y: number, scale: number}} screen position of its corner, and screen pixels
 *   for each of its own
 */
export function onScreen(part, side, view) {
  const scale = (view.zoom * side) / part.size;
  return { x: view.x - part.x * scale, y: view.y - part.y * scale, scale };
}

/**
 * The view in which the photograph lies as given: what `onScreen` has the other way round.
 * @param {Square} part @param {number} side
 * @param {{x: number, y: number, scale: number}} place @returns {Viewport}
 */
export function viewOf(part, side, { x, y, scale }) {
  return { x: x + part.x * scale, y: y + part.y * scale, zoom: (scale * part.size) / side };
}

/**
 * The view in which a pixel of the photograph is a pixel of the screen, and a point of the part lies
 * where it is wanted; edges of pixels lie on those of the screen.
 * @param {Square} part @param {number} side
 * @param {[number, number]} point in the model's pixels @param {[number, number]} at on the screen
 * @param {number} ratio the screen's pixels for each of the page's @returns {Viewport}
 */
export function actual(part, side, point, at, ratio) {
  const [x, y] = [part.x, part.y].map((corner, k) => {
    const own = corner + (point[k] * part.size) / side;
    return Math.round(at[k] * ratio - own) / ratio;
  });
  return viewOf(part, side, { x, y, scale: 1 / ratio });
}

/**
 * The part of a photograph that is seen.
 * @param {Size} photograph @param {{x: number, y: number, scale: number}} place
 * @param {Size} view @returns {{x: number, y: number, width: number, height: number} | null} in its
 *   pixels; null where none of it is
 */
export function seen(photograph, { x, y, scale }, view) {
  const left = Math.max(0, Math.floor(-x / scale)),
    top = Math.max(0, Math.floor(-y / scale));
  const right = Math.min(photograph.width, Math.ceil((view.width - x) / scale));
  const bottom = Math.min(photograph.height, Math.ceil((view.height - y) / scale));
  if (right <= left || bottom <= top) return null;
  return { x: left, y: top, width: right - left, height: bottom - top };
}
