/** What lies under map and edit: the photograph with all that was edited, drawn once for each view. */

import { onScreen, seen } from "../core/placement.js";

/** @typedef {import("../types.js").Version} Version */
/** @typedef {import("../photographs.js").Photographs} Photographs */
/** @typedef {import("../photographs.js").Patch} Patch */

/** From so many screen pixels for each of the photograph's on, these are shown as squares. */
const SQUARES = 6;
/** Milliseconds after the last movement until it is drawn with care. */
const STILL = 120;

export class Ground {
  #canvas = document.createElement("canvas");
  #key = "";
  #moved = 0;
  #view = "";

  /** @param {Photographs} photographs @param {() => void} again asks to be drawn again */
  constructor(photographs, again) {
    this.photographs = photographs;
    this.again = again;
  }

  /**
   * @param {CanvasRenderingContext2D} context scaled to CSS pixels
   * @param {number} width @param {number} height of the view, CSS pixels
   * @param {Version} version @param {import("../core/viewport.js").Viewport} view
   * @returns {boolean} false where there is nothing to show yet
   */
  draw(context, width, height, version, view) {
    const { part } = version;
    if (!part) return false;
    const place = onScreen(part, version.pixels.width, view);
    const sharp = place.scale * devicePixelRatio;
    const ground = this.photographs.ground(version, part.width * sharp);
    const patches = part.edits.map((picture) => this.photographs.patch(picture));
    if (!ground) return false;
    const where = [place.x, place.y, place.scale, width, height].join();
    if (where !== this.#view) this.#moved = performance.now();
    const first = !this.#view;
    this.#view = where;
    const left = first ? 0 : STILL - (performance.now() - this.#moved);
    const draft = left > 0;
    if (draft) setTimeout(this.again, left + 5);
    const loaded = patches.filter((patch) => patch).length;
    const key = [where, devicePixelRatio, part.photograph, part.edits.join(), loaded, draft, ground.width].join();
    if (key !== this.#key) {
      const own = this.#fresh(context.canvas.width, context.canvas.height);
      own.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      own.imageSmoothingQuality = draft ? "low" : "high";
      own.imageSmoothingEnabled = place.scale < SQUARES;
      drawPart(own, ground, part, place, { width, height });
      for (const patch of patches) if (patch) drawPatch(own, patch, place);
    }
    this.#key = key;
    context.drawImage(this.#canvas, 0, 0, width, height);
    return true;
  }

  /** @param {number} width @param {number} height device pixels */
  #fresh(width, height) {
    this.#canvas.width = width;
    this.#canvas.height = height;
    return /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
  }
}

/**
 * Only what is seen, which is little where one is near.
 * @param {CanvasRenderingContext2D} context @param {ImageBitmap} ground
 * @param {import("../core/square.js").Size} whole @param {{x: number, y: number, scale: number}} place
 * @param {import("../core/square.js").Size} view
 */
function drawPart(context, ground, whole, place, view) {
  const part = seen(whole, place, view);
  if (!part) return;
  const ratio = ground.width / whole.width;
  context.drawImage(
    ground,
    part.x * ratio,
    part.y * ratio,
    part.width * ratio,
    part.height * ratio,
    place.x + part.x * place.scale,
    place.y + part.y * place.scale,
    part.width * place.scale,
    part.height * place.scale,
  );
}

/**
 * @param {CanvasRenderingContext2D} context @param {Patch} patch
 * @param {{x: number, y: number, scale: number}} place of the photograph on the screen
 */
export function drawPatch(context, { bitmap, left, top }, { x, y, scale }) {
  context.drawImage(
    bitmap,
    x + left * scale,
    y + top * scale,
    bitmap.width * scale,
    bitmap.height * scale,
  );
}
