/** Colours of pictures and of their classes. */

/** @typedef {import("./label_map.js").LabelMap} LabelMap */
/** @typedef {{data: Uint8ClampedArray, width: number, height: number}} Pixels RGBA */

/** Three numbers of 0 … 255 as "#rrggbb". @param {readonly number[]} rgb */
export const hex = (rgb) =>
  "#" + rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("");

/**
 * The mean colour of a class in a picture; null where it shows none.
 * @param {Pixels} pixels @param {LabelMap} map of the same size @param {number} id
 */
export function meanColour({ data }, map, id) {
  const sum = [0, 0, 0];
  let count = 0;
  map.ids.forEach((each, k) => {
    if (each !== id) return;
    count++;
    for (let c = 0; c < 3; c++) sum[c] += data[4 * k + c];
  });
  return count ? hex(sum.map((value) => value / count)) : null;
}

/**
 * The mean colour of 3×3 pixels around a place, as far as they lie in the picture; null outside.
 * @param {Pixels} pixels @param {number} x @param {number} y whole numbers
 */
export function colourAround({ data, width, height }, x, y) {
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const sum = [0, 0, 0];
  let count = 0;
  for (let qy = Math.max(0, y - 1); qy <= Math.min(height - 1, y + 1); qy++) {
    for (let qx = Math.max(0, x - 1); qx <= Math.min(width - 1, x + 1); qx++) {
      count++;
      for (let c = 0; c < 3; c++) sum[c] += data[4 * (qy * width + qx) + c];
    }
  }
  return hex(sum.map((value) => value / count));
}
