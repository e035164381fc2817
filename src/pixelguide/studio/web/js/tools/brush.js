/** Brush and eraser: a round, hard tip. */

import { snapped, stroke } from "../core/brush.js";
import { edges } from "../core/outline.js";
import { toScreen } from "../core/viewport.js";
import { erase, newStroke, paint, settle } from "../painting.js";
import { drawLine } from "./tool.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */

/** @implements {Tool} */
export class BrushTool {
  /** @type {{stroke: string, at: [number, number]} | null} */
  #drag = null;
  /** @type {{diameter: number, lines: number[]}} */
  #tip = { diameter: 0, lines: [] };

  /** @param {import("../store.js").Store} store @param {"brush" | "eraser"} name */
  constructor(store, name) {
    this.store = store;
    this.name = name;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    this.#drag = { stroke: newStroke(), at: this.#snap(pointer) };
    this.#to(pointer, this.#drag.at);
  }

  /** @param {Pointer} pointer */
  move(pointer) {
    if (this.#drag) this.#to(pointer, this.#snap(pointer));
  }

  up() {
    if (!this.#drag) return;
    this.#drag = null;
    settle(this.store);
  }

  stop() {
    this.up();
  }

  /** @param {CanvasRenderingContext2D} context @param {Pointer | null} pointer */
  draw(context, pointer) {
    if (!pointer) return;
    const { view } = this.store.state;
    const diameter = this.#diameter(pointer);
    const [cx, cy] = snapped(pointer.x, pointer.y, diameter);
    const path = new Path2D();
    if (diameter * view.zoom > 400 || diameter > 64) {
      const [x, y] = toScreen(view, cx, cy);
      path.arc(x, y, (diameter / 2) * view.zoom, 0, 2 * Math.PI);
    } else {
      const half = Math.floor(diameter / 2) + 1;
      const lines = this.#outline(diameter, half);
      const left = Math.floor(cx) - half,
        top = Math.floor(cy) - half;
      for (let k = 0; k < lines.length; k += 4) {
        path.moveTo(...toScreen(view, left + lines[k], top + lines[k + 1]));
        path.lineTo(...toScreen(view, left + lines[k + 2], top + lines[k + 3]));
      }
    }
    drawLine(context, path);
  }

  /** The tip's box. @param {Pointer} pointer */
  extent(pointer) {
    const { view } = this.store.state;
    const reach = this.#diameter(pointer) / 2 + 1; // it snaps by half a pixel
    const [x, y] = toScreen(view, pointer.x - reach, pointer.y - reach);
    const side = 2 * reach * view.zoom;
    return { x, y, width: side, height: side };
  }

  /** The edge of the tip's pixels. @param {number} diameter @param {number} half */
  #outline(diameter, half) {
    if (this.#tip.diameter !== diameter) {
      const side = 2 * half + 2;
      const at = /** @type {[number, number]} */ (
        diameter % 2 ? [half + 0.5, half + 0.5] : [half, half]
      );
      const covered = new Set(stroke(at, at, diameter, side, side));
      this.#tip = { diameter, lines: edges(side, side, (index) => Number(covered.has(index)), 0) };
    }
    return this.#tip.lines;
  }

  /** A pen thins the line by its pressure. @param {Pointer} pointer */
  #diameter({ pressure }) {
    return Math.max(1, Math.round(this.store.state.options.brushSize * pressure));
  }

  /** @param {Pointer} pointer */
  #snap(pointer) {
    return snapped(pointer.x, pointer.y, this.#diameter(pointer));
  }

  /** @param {Pointer} pointer @param {[number, number]} to */
  #to(pointer, to) {
    const map = this.store.version?.map;
    if (!map || !this.#drag) return;
    const pixels = stroke(this.#drag.at, to, this.#diameter(pointer), map.width, map.height);
    this.#drag.at = to;
    if (this.name === "eraser") erase(this.store, pixels, this.#drag.stroke);
    else paint(this.store, pixels, "brush", this.#drag.stroke);
  }
}
