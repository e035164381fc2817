/** Rectangle and ellipse, dragged from corner to corner; Shift makes them square and round. */

import { box, ellipse, rectangle } from "../core/shapes.js";
import { toScreen } from "../core/viewport.js";
import { newStroke, paint, settle } from "../painting.js";
import { drawLine } from "./tool.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */

/** @implements {Tool} */
export class ShapeTool {
  name = /** @type {const} */ ("shape");
  /** @type {{from: [number, number], to: [number, number]} | null} */
  #drag = null;

  /** @param {import("../store.js").Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    this.#drag = { from: [pointer.x, pointer.y], to: [pointer.x, pointer.y] };
    this.store.touch(["view"]);
  }

  /** @param {Pointer} pointer */
  move(pointer) {
    if (!this.#drag) return;
    const [x, y] = this.#drag.from;
    let dx = pointer.x - x,
      dy = pointer.y - y;
    if (pointer.shift) {
      const side = Math.max(Math.abs(dx), Math.abs(dy));
      dx = dx < 0 ? -side : side;
      dy = dy < 0 ? -side : side;
    }
    this.#drag.to = [x + dx, y + dy];
    this.store.touch(["view"]);
  }

  up() {
    const map = this.store.version?.map;
    const drag = this.#drag;
    this.stop();
    if (!drag || !map) return;
    const shape = this.store.state.options.shape;
    const covered = { rectangle, ellipse }[shape](drag.from, drag.to, map.width, map.height);
    paint(this.store, covered, shape, newStroke());
    settle(this.store);
  }

  stop() {
    this.#drag = null;
    this.store.touch(["view"]);
  }

  /** @param {CanvasRenderingContext2D} context */
  draw(context) {
    if (!this.#drag) return;
    const { x0, y0, x1, y1 } = box(this.#drag.from, this.#drag.to);
    const [left, top] = toScreen(this.store.state.view, x0, y0);
    const [right, bottom] = toScreen(this.store.state.view, x1, y1);
    const path = new Path2D();
    if (this.store.state.options.shape === "rectangle") {
      path.rect(left, top, right - left, bottom - top);
    } else {
      const [rx, ry] = [(right - left) / 2, (bottom - top) / 2];
      path.ellipse(left + rx, top + ry, rx, ry, 0, 0, 2 * Math.PI);
    }
    drawLine(context, path, [6, 4]);
  }
}
