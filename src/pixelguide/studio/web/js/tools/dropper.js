/** Takes a colour for a class from the picture: anywhere in the photograph. */

import { colourAround } from "../core/colours.js";
import { contextOf } from "../pixels.js";
import { setColour } from "../painting.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */

/** @implements {Tool} */
export class DropperTool {
  name = /** @type {const} */ ("dropper");

  /** @param {import("../store.js").Store} store @param {import("../photographs.js").Photographs} photographs */
  constructor(store, photographs) {
    this.store = store;
    this.photographs = photographs;
  }

  /** @param {Pointer} pointer */
  down({ x, y }) {
    const { dropper } = this.store.state;
    const colour = this.#at(x, y);
    if (!dropper || !colour) return;
    setColour(this.store, dropper.name, colour);
    this.store.set({ tool: dropper.back });
  }

  move() {}

  up() {}

  stop() {
    this.store.set({ dropper: null });
  }

  /** @param {string} key */
  key(key) {
    const { dropper } = this.store.state;
    if (key !== "Escape" || !dropper) return false;
    this.store.set({ tool: dropper.back });
    return true;
  }

  /** @param {number} x @param {number} y of the map, in its pixels */
  #at(x, y) {
    const { version } = this.store;
    if (!version) return null;
    const inside = colourAround(version.pixels, Math.floor(x), Math.floor(y));
    const { part, pixels } = version;
    if (inside || !part) return inside;
    const ground = this.photographs.ground(version, part.width);
    if (!ground) return null;
    const scale = part.size / pixels.width;
    const ratio = ground.width / part.width;
    const [px, py] = [(part.x + x * scale) * ratio, (part.y + y * scale) * ratio].map(Math.floor);
    if (px < 0 || py < 0 || px >= ground.width || py >= ground.height) return null;
    const context = contextOf(document.createElement("canvas"), 3, 3);
    context.drawImage(ground, 1 - px, 1 - py);
    return colourAround(context.getImageData(1, 1, 1, 1), 0, 0);
  }
}
