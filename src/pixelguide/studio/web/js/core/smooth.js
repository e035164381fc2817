/** A label map at a finer grid: outlines are smooth, ids stay whole numbers.
 *
 * Each fine pixel takes the class with most weight around it, weights being those of the quadratic
 * B-spline over 3×3 pixels. What is one class all around stays so. */

/** @typedef {import("./label_map.js").LabelMap} LabelMap */
/** @typedef {import("./label_map.js").Rect} Rect */

/** Fine pixels of a side, at most. */
const FINEST = 1024;
/** Fine pixels across one pixel of the map, at most. */
const MOST = 8;

/** How many fine pixels a map of so many pixels a side gets for each. @param {number} size */
export const finenessOf = (size) => Math.max(1, Math.min(MOST, Math.floor(FINEST / size)));

export class SmoothMap {
  /** Weights of the three pixels around, for each fine pixel along a side. @type {Float32Array} */
  #weights;

  /** @param {number} width @param {number} height of the map @param {number} fineness */
  constructor(width, height, fineness) {
    this.fineness = fineness;
    this.width = width * fineness;
    this.height = height * fineness;
    this.ids = new Uint8Array(this.width * this.height);
    this.#weights = new Float32Array(3 * fineness);
    for (let k = 0; k < fineness; k++) {
      const t = (k + 0.5) / fineness - 0.5;
      this.#weights.set([(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2], 3 * k);
    }
  }

  /**
   * Follow a map where it has changed.
   * @param {LabelMap} map @param {Rect} rect of the map
   * @returns {Rect} what may differ, in fine pixels
   */
  update(map, rect) {
    const { fineness: f } = this;
    const left = Math.max(0, rect.x - 1),
      top = Math.max(0, rect.y - 1);
    const right = Math.min(map.width, rect.x + rect.width + 1);
    const bottom = Math.min(map.height, rect.y + rect.height + 1);
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) this.#cell(map, x, y);
    return { x: left * f, y: top * f, width: (right - left) * f, height: (bottom - top) * f };
  }

  /** @param {LabelMap} map @param {number} x @param {number} y */
  #cell({ ids, width, height }, x, y) {
    const { fineness: f } = this;
    const own = ids[y * width + x];
    /** @type {number[]} */
    const around = [];
    let uniform = true;
    for (let dy = -1; dy <= 1; dy++) {
      const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
      for (let dx = -1; dx <= 1; dx++) {
        const id = ids[row + Math.min(width - 1, Math.max(0, x + dx))];
        around.push(id);
        uniform &&= id === own;
      }
    }
    const start = y * f * this.width + x * f;
    for (let v = 0; v < f; v++) {
      const line = start + v * this.width;
      if (uniform) this.ids.fill(own, line, line + f);
      else for (let u = 0; u < f; u++) this.ids[line + u] = this.#heaviest(around, u, v);
    }
  }

  /** @param {number[]} around 3×3 ids @param {number} u @param {number} v fine pixel of the middle */
  #heaviest(around, u, v) {
    let best = around[4],
      most = -1;
    for (let k = 0; k < 9; k++) {
      const id = around[k];
      if (around.indexOf(id) !== k) continue; // was added up already
      let sum = 0;
      for (let j = k; j < 9; j++) {
        if (around[j] !== id) continue;
        sum += this.#weights[3 * u + (j % 3)] * this.#weights[3 * v + Math.floor(j / 3)];
      }
      if (sum > most + 1e-6 || (id === around[4] && sum > most - 1e-6)) {
        best = id;
        most = Math.max(most, sum);
      }
    }
    return best;
  }
}
