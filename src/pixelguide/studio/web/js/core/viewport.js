/** Where the picture lies on the screen. */

/**
 * Screen position of the picture's corner and screen pixels per picture pixel.
 * @typedef {{x: number, y: number, zoom: number}} Viewport
 */

/** A pixel of the picture may become this large on the screen. */
const CLOSEST = 96;

/**
 * The picture centred with a margin.
 * @param {number} size side of the picture @param {number} width @param {number} height of the view
 * @param {{top: number, bottom: number, side: number}} margin
 * @returns {Viewport}
 */
export function fitted(size, width, height, margin) {
  const room = Math.min(width - 2 * margin.side, height - margin.top - margin.bottom);
  const zoom = Math.max(0.05, room / size);
  return {
    x: (width - size * zoom) / 2,
    y: margin.top + (height - margin.top - margin.bottom - size * zoom) / 2,
    zoom,
  };
}

/**
 * Zoom so that what is under (x, y) stays there.
 * @param {Viewport} view @param {number} factor @param {number} x @param {number} y screen
 * @returns {Viewport}
 */
export function zoomed(view, factor, x, y) {
  const zoom = Math.min(CLOSEST, Math.max(0.05, view.zoom * factor));
  const real = zoom / view.zoom;
  return { x: x - (x - view.x) * real, y: y - (y - view.y) * real, zoom };
}

/**
 * From screen to picture pixels. @param {Viewport} view @param {number} x @param {number} y
 * @returns {[number, number]}
 */
export function toPicture(view, x, y) {
  return [(x - view.x) / view.zoom, (y - view.y) / view.zoom];
}

/**
 * From picture pixels to the screen. @param {Viewport} view @param {number} x @param {number} y
 * @returns {[number, number]}
 */
export function toScreen(view, x, y) {
  return [view.x + x * view.zoom, view.y + y * view.zoom];
}
