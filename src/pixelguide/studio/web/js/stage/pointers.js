/** Mouse, pen and fingers on the canvas: one presses the tool; two fingers, the middle button or
 * the space bar move the picture. */

import { toPicture, zoomed } from "../core/viewport.js";
import { step } from "../painting.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../tools/tool.js").Tool} Tool */
/** @typedef {import("../tools/tool.js").Pointer} Pointer */

const MIDDLE = 1,
  RIGHT = 2,
  ERASER_BUTTON = 5;

export class Pointers {
  /** Where the pointer is while it is over the canvas. @type {Pointer | null} */
  pointer = null;
  /** Set while the space bar is down. */
  panning = false;
  /** @type {Tool | null} */
  #pressed = null;
  /** Steps of the history before the press. */
  #steps = 0;
  /** Screen positions of what is pressed. @type {Map<number, {x: number, y: number}>} */
  #down = new Map();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Store} store
   * @param {{tool: () => Tool, eraser: Tool, result: (pointer: Pointer) => boolean,
   *   draw: () => void, moved: () => void}} stage result: whether a drag goes to the comparison
   *   instead of a tool; moved: the pointer did, and perhaps painted
   */
  constructor(canvas, store, stage) {
    this.canvas = canvas;
    this.store = store;
    this.stage = stage;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", (event) => this.#release(event));
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      stage.draw();
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {{offsetX: number, offsetY: number, pressure?: number, pointerType?: string,
   *   shiftKey?: boolean, altKey?: boolean}} event @returns {Pointer} */
  at({ offsetX, offsetY, pressure = 1, pointerType, shiftKey = false, altKey = false }) {
    const [x, y] = toPicture(this.store.state.view, offsetX, offsetY);
    const pen = pointerType === "pen" && pressure > 0;
    return {
      x,
      y,
      sx: offsetX,
      sy: offsetY,
      pressure: pen ? pressure : 1,
      shift: shiftKey,
      alt: altKey,
    };
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const pointer = (this.pointer = this.at(event));
    if (this.#down.size > 1) {
      this.#takeBack();
      return;
    }
    if (this.panning || event.button === MIDDLE || this.store.state.tool === "hand") return;
    if (this.store.state.stage === "result") {
      if (this.stage.result(pointer)) return;
    } else {
      const erases = event.button === RIGHT || event.button === ERASER_BUTTON;
      this.#pressed = erases ? this.stage.eraser : this.stage.tool();
      this.#steps = this.store.version?.history.done.length ?? 0;
      this.#pressed.down(pointer);
    }
    this.stage.draw();
  }

  /** The first of two fingers was no stroke. */
  #takeBack() {
    if (!this.#pressed) return;
    this.#pressed.stop?.();
    this.#pressed = null;
    const { version } = this.store;
    if (!version || version.history.done.length <= this.#steps) return;
    step(this.store, "undo");
    version.history.undone.pop();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const known = this.#down.get(event.pointerId);
    this.pointer = this.at(event);
    if (this.#pressed) {
      // A fast pen moves several times between two frames.
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length > 0 ? all : [event]) this.#pressed.move(this.at(each));
    } else if (known) {
      if (this.#down.size > 1) this.#pinch(event, known);
      else if (
        this.store.state.stage !== "result" ||
        this.panning ||
        !this.stage.result(this.pointer)
      ) {
        this.#pan(event.offsetX - known.x, event.offsetY - known.y);
      }
      this.#down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    }
    this.stage.moved();
  }

  /** @param {PointerEvent} event */
  #release(event) {
    this.#down.delete(event.pointerId);
    this.#pressed?.up(this.at(event));
    this.#pressed = null;
    if (event.pointerType === "touch") this.pointer = null;
    this.stage.draw();
  }

  /** @param {PointerEvent} event @param {{x: number, y: number}} from */
  #pinch(event, from) {
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const before = Math.hypot(from.x - other.x, from.y - other.y) || 1;
    const after = Math.hypot(event.offsetX - other.x, event.offsetY - other.y);
    this.store.set({ view: zoomed(this.store.state.view, after / before, other.x, other.y) });
    this.#pan((event.offsetX - from.x) / 2, (event.offsetY - from.y) / 2);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (event.shiftKey) {
      this.#pan(-event.deltaY, -event.deltaX);
      return;
    }
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const factor = 1.0015 ** (-event.deltaY * lines);
    this.store.set({ view: zoomed(this.store.state.view, factor, event.offsetX, event.offsetY) });
  }

  /** @param {number} dx @param {number} dy */
  #pan(dx, dy) {
    const { view } = this.store.state;
    this.store.set({ view: { ...view, x: view.x + dx, y: view.y + dy } });
  }
}
