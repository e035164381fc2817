/** What of a canvas has to be drawn again: a rectangle, or all of it. */

import { union } from "./label_map.js";

/** @typedef {import("./label_map.js").Rect} Rect */

export class Damage {
  #all = true;
  /** @type {Rect | null} */
  #rect = null;

  /** All of it. */
  addAll() {
    this.#all = true;
  }

  /** @param {Rect | null} rect in CSS pixels; null adds nothing */
  add(rect) {
    this.#rect = union(this.#rect, rect);
  }

  /**
   * What was added since the last time, in whole device pixels; null stands for all.
   * @param {number} ratio device pixels for each of CSS @param {number} margin device pixels around
   * @returns {Rect | null}
   */
  take(ratio, margin) {
    const rect = this.#rect ?? { x: 0, y: 0, width: 0, height: 0 };
    const all = this.#all;
    this.#all = false;
    this.#rect = null;
    if (all) return null;
    const left = Math.floor(rect.x * ratio) - margin,
      top = Math.floor(rect.y * ratio) - margin;
    const right = Math.ceil((rect.x + rect.width) * ratio) + margin,
      bottom = Math.ceil((rect.y + rect.height) * ratio) + margin;
    return { x: left, y: top, width: right - left, height: bottom - top };
  }
}
