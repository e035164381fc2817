/** Tools of one click: fill and eyedropper. */

import { connected } from "../core/regions.js";
import { newStroke, paint, settle } from "../painting.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */
/** @typedef {import("../store.js").Store} Store */

/** The connected area of one class, or all of that class. @implements {Tool} */
export class FillTool {
  name = /** @type {const} */ ("fill");

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down({ x, y }) {
    const map = this.store.version?.map;
    const px = Math.floor(x),
      py = Math.floor(y);
    if (!map?.inside(px, py)) return;
    const id = map.at(px, py);
    const area = this.store.state.options.fillAll
      ? [...map.ids.keys()].filter((index) => map.ids[index] === id)
      : connected(map, px, py);
    paint(this.store, area, "fill", newStroke());
    settle(this.store);
  }

  move() {}

  up() {}
}

/** Takes the class under the pointer. @implements {Tool} */
export class PickTool {
  name = /** @type {const} */ ("pick");

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    pick(this.store, pointer);
  }

  /** @param {Pointer} pointer */
  move(pointer) {
    pick(this.store, pointer);
  }

  up() {}
}

/** @param {Store} store @param {Pointer} pointer */
export function pick(store, { x, y }) {
  const map = store.version?.map;
  if (!map) return;
  const id = map.at(Math.floor(x), Math.floor(y));
  if (store.state.category.labels.some((label) => label.id === id)) store.set({ classId: id });
}
