/** Lasso: drag around an area, or click its corners and close with a double click or Enter. */

import { polygon } from "../core/shapes.js";
import { toScreen } from "../core/viewport.js";
import { newStroke, paint, settle } from "../painting.js";
import { drawLine, pathOf } from "./tool.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */

/** Screen pixels within which a click means the first corner, and a drag is still a click. */
const NEAR = 8;

/** @implements {Tool} */
export class LassoTool {
  name = /** @type {const} */ ("lasso");
  /** @type {[number, number][]} */
  #points = [];
  /** @type {{sx: number, sy: number, first: boolean, far: boolean} | null} */
  #drag = null;

  /** @param {import("../store.js").Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    const { sx, sy } = pointer;
    const first = this.#points[0];
    if (first && this.#points.length > 2) {
      const [fx, fy] = toScreen(this.store.state.view, ...first);
      const last = /** @type {[number, number]} */ (this.#points.at(-1));
      const [lx, ly] = toScreen(this.store.state.view, ...last);
      if (Math.min(Math.hypot(sx - fx, sy - fy), Math.hypot(sx - lx, sy - ly)) < NEAR) {
        this.#finish();
        return;
      }
    }
    this.#drag = { sx, sy, first: !first, far: false };
    this.#points.push([pointer.x, pointer.y]);
  }

  /** @param {Pointer} pointer */
  move(pointer) {
    if (!this.#drag) return;
    this.#drag.far ||= Math.hypot(pointer.sx - this.#drag.sx, pointer.sy - this.#drag.sy) > NEAR;
    this.#points.push([pointer.x, pointer.y]);
    this.store.touch(["view"]);
  }

  up() {
    if (!this.#drag) return;
    const { first, far } = this.#drag;
    this.#drag = null;
    if (far && first) this.#finish();
    this.store.touch(["view"]);
  }

  stop() {
    this.#points = [];
    this.#drag = null;
    this.store.touch(["view"]);
  }

  /** @param {string} key */
  key(key) {
    if (this.#points.length === 0) return false;
    if (key === "Enter") this.#finish();
    else if (key === "Escape") this.stop();
    else if (key === "Backspace") this.#points.pop();
    else return false;
    this.store.touch(["view"]);
    return true;
  }

  /** @param {CanvasRenderingContext2D} context @param {Pointer | null} pointer */
  draw(context, pointer) {
    if (this.#points.length === 0) return;
    /** @type {[number, number][]} */
    const points = pointer ? [...this.#points, [pointer.x, pointer.y]] : this.#points;
    drawLine(context, pathOf(this.store, points, true), [6, 4]);
  }

  #finish() {
    const map = this.store.version?.map;
    const points = this.#points;
    this.stop();
    if (!map || points.length < 3) return;
    paint(this.store, polygon(points, map.width, map.height), "lasso", newStroke());
    settle(this.store);
  }
}
