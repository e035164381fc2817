/** The square of a photograph that is edited, always inside it, in whole pixels. */

/** @typedef {{x: number, y: number, size: number}} Square */
/** @typedef {{width: number, height: number}} Size */

/**
 * The largest, where nothing is known of the photograph: in the middle of a wide one, at the top of a
 * high one, where heads are.
 * @param {Size} photograph @returns {Square}
 */
export function largest({ width, height }) {
  const size = Math.min(width, height);
  return { x: Math.floor((width - size) / 2), y: 0, size };
}

/**
 * The nearest that lies inside, in whole pixels.
 * @param {Square} square @param {Size} photograph @param {number} smallest @returns {Square}
 */
export function inside(square, photograph, smallest) {
  return resized(square, square.size, photograph, smallest);
}

/**
 * With its corner at (x, y), or as near to it as the photograph allows.
 * @param {Square} square @param {number} x @param {number} y @param {Size} photograph
 * @returns {Square}
 */
export function placed({ size }, x, y, { width, height }) {
  return { x: between(0, x, width - size), y: between(0, y, height - size), size };
}

/**
 * Of another size, about its centre where there is room.
 * @param {Square} square @param {number} size wanted @param {Size} photograph
 * @param {number} smallest
 * @returns {Square}
 */
export function resized(square, size, photograph, smallest) {
  const real = between(smallest, size, Math.min(photograph.width, photograph.height));
  const shift = (square.size - real) / 2;
  return placed({ ...square, size: real }, square.x + shift, square.y + shift, photograph);
}

/**
 * With one corner pulled to (x, y) while the opposite one stays.
 * @param {Square} square @param {boolean} right @param {boolean} bottom which corner
 * @param {number} x @param {number} y @param {Size} photograph @param {number} smallest
 * @returns {Square}
 */
export function pulled(square, right, bottom, x, y, photograph, smallest) {
  const fixedX = right ? square.x : square.x + square.size;
  const fixedY = bottom ? square.y : square.y + square.size;
  const room = Math.min(
    right ? photograph.width - fixedX : fixedX,
    bottom ? photograph.height - fixedY : fixedY,
  );
  const wanted = Math.max(right ? x - fixedX : fixedX - x, bottom ? y - fixedY : fixedY - y);
  const size = between(Math.min(smallest, room), wanted, room);
  return { x: right ? fixedX : fixedX - size, y: bottom ? fixedY : fixedY - size, size };
}

/** @param {number} low @param {number} value @param {number} high @returns {number} whole */
const between = (low, value, high) => Math.max(low, Math.min(high, Math.round(value)));
