/** The label canvas: one class id per pixel. Colours exist only where it is shown. */

/** Id of pixels that carry no label. */
export const IGNORE = 255;

/**
 * Pixels x … x+width−1, y … y+height−1.
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 */

/** Class ids (0 … 254, or IGNORE) of width × height pixels, row by row. */
export class LabelMap {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} [ids] taken over, not copied; all class 0 by default
   */
  constructor(width, height, ids = new Uint8Array(width * height)) {
    if (ids.length !== width * height) {
      throw new RangeError(`${ids.length} ids for ${width}×${height} pixels`);
    }
    this.width = width;
    this.height = height;
    this.ids = ids;
  }

  /** @returns {LabelMap} an independent copy */
  clone() {
    return new LabelMap(this.width, this.height, this.ids.slice());
  }

  /** @param {number} x @param {number} y whole numbers */
  inside(x, y) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /** @param {number} x @param {number} y @returns {number} the class there; IGNORE outside */
  at(x, y) {
    return this.inside(x, y) ? this.ids[y * this.width + x] : IGNORE;
  }

  /** @returns {Uint32Array} pixels of each of the 256 ids */
  counts() {
    const counts = new Uint32Array(256);
    for (const id of this.ids) counts[id]++;
    return counts;
  }
}

/**
 * The smallest rectangle around some pixels, or null for none.
 * @param {Iterable<number>} indices y · width + x
 * @param {number} width
 * @returns {Rect | null}
 */
export function bounds(indices, width) {
  let left = Infinity,
    top = Infinity,
    right = -1,
    bottom = -1;
  for (const index of indices) {
    const x = index % width,
      y = (index - x) / width;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The smallest rectangle around two.
 * @param {Rect | null} a @param {Rect | null} b @returns {Rect | null}
 */
export function union(a, b) {
  if (!a || !b) return a ?? b;
  const x = Math.min(a.x, b.x),
    y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}
