/** Strength: how much of an edit is let through. */

/**
 * original + strength · (edit − original) inside the ROI; outside, the original's bytes.
 * @param {Uint8ClampedArray} original RGBA @param {Uint8ClampedArray} edit RGBA
 * @param {Uint8Array} roi 1 = may change, one a pixel
 * @param {number} strength 0 … 1
 * @returns {Uint8ClampedArray<ArrayBuffer>} RGBA
 */
export function blend(original, edit, roi, strength) {
  const mixed = new Uint8ClampedArray(original);
  roi.forEach((inside, pixel) => {
    if (!inside) return;
    for (let k = 4 * pixel; k < 4 * pixel + 3; k++) {
      mixed[k] = original[k] + strength * (edit[k] - original[k]);
    }
  });
  return mixed;
}
