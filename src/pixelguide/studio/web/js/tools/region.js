/** A click takes a part in or out of what may change: an island of the region, or the connected part
 * of whatever class lies there. */

import { edges } from "../core/outline.js";
import { partAt } from "../core/regions.js";
import { toScreen } from "../core/viewport.js";
import { toggleIsland } from "../painting.js";
import { drawLine } from "./tool.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */
/** @typedef {{area: number[], taken: boolean}} Island */

/** @implements {Tool} */
export class RegionTool {
  name = /** @type {const} */ ("region");
  /** What was pointed at last under which plan, and its outline in map pixels.
   * @type {{plan: unknown, island: Island | null, lines: number[]}} */
  #seen = { plan: null, island: null, lines: [] };

  /** @param {import("../store.js").Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    const island = this.#at(pointer);
    if (island) toggleIsland(this.store, island);
  }

  move() {}

  up() {}

  /** @param {Pointer} pointer */
  cursor(pointer) {
    return this.#at(pointer) ? "pointer" : "default";
  }

  /** What a click would take. @param {CanvasRenderingContext2D} context @param {Pointer | null} pointer */
  draw(context, pointer) {
    const map = this.store.version?.map;
    const island = pointer && this.#at(pointer);
    if (!island || !map) return;
    if (island.area !== this.#seen.island?.area) {
      const own = new Set(island.area);
      const { plan } = this.store.state;
      this.#seen = { plan, island, lines: edges(map.width, map.height, (k) => Number(own.has(k)), 0) };
    }
    const { lines } = this.#seen;
    const path = new Path2D();
    for (let k = 0; k < lines.length; k += 4) {
      path.moveTo(...toScreen(this.store.state.view, lines[k], lines[k + 1]));
      path.lineTo(...toScreen(this.store.state.view, lines[k + 2], lines[k + 3]));
    }
    drawLine(context, path);
  }

  /** @param {Pointer} pointer @returns {Island | null} */
  #at({ x, y }) {
    const { plan } = this.store.state;
    const map = this.store.version?.map;
    const px = Math.floor(x),
      py = Math.floor(y);
    if (!map?.inside(px, py)) return null;
    const pixel = py * map.width + px;
    const { island } = this.#seen;
    if (island && this.#seen.plan === plan && island.area.includes(pixel)) return island;
    return plan?.islands.find(({ area }) => area.includes(pixel)) ?? { area: partAt(map, pixel), taken: false };
  }
}
