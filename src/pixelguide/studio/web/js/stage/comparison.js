/** A result beside the original: the edit as it will be saved, whole, split or in turn. */

import { blend } from "../core/blend.js";
import { onScreen } from "../core/placement.js";
import { canvasOf } from "../pixels.js";
import { drawPatch } from "./ground.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").Version} Version */
/** @typedef {import("../types.js").Run} Run */
/** @typedef {import("../photographs.js").Photographs} Photographs */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/** Milliseconds each picture is shown when they alternate: slower than three flashes a second. */
export const FLICKER = 600;
/** Milliseconds for which a strength has to stay until its exact patch is asked for. */
const SETTLED = 200;

/** The chosen candidate at its strength, of the model's size. @param {Version} version @param {Run} run */
export function shownEdit(version, run) {
  const edit = run.edits[run.chosen];
  if (!edit || run.strength === 1) return edit ?? null;
  const { data, width, height } = version.pixels;
  return new ImageData(blend(data, edit.data, run.roi, run.strength), width, height);
}

/**
 * What of the picture is seen, on the screen: what a split runs across.
 * @param {Store} store @param {number} width @param {number} height of the view @returns {Box}
 */
export function pictureBox({ state, version }, width, height) {
  const { view, category } = state;
  const side = category.size * view.zoom;
  let [left, top, right, bottom] = [view.x, view.y, view.x + side, view.y + side];
  if (version?.part) {
    const { x, y, scale } = onScreen(version.part, category.size, view);
    [left, top] = [x, y];
    [right, bottom] = [x + version.part.width * scale, y + version.part.height * scale];
  }
  return {
    left: Math.max(0, left),
    top: Math.max(0, top),
    right: Math.min(width, right),
    bottom: Math.min(height, bottom),
  };
}

export class Comparison {
  /** @type {{run: Run, chosen: number, strength: number, pixels: ImageData | null} | null} */
  #edit = null;
  /** @type {{run: Run, strength: number, since: number} | null} */
  #strength = null;

  /** @param {Store} store @param {Photographs} photographs @param {() => void} again */
  constructor(store, photographs, again) {
    this.store = store;
    this.photographs = photographs;
    this.again = again;
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Version} version @param {Run} run done
   * @param {number} width @param {number} height of the view
   */
  draw(context, version, run, width, height) {
    const { kind, at } = this.store.state.compare;
    if (kind === "before") return;
    if (kind === "flicker" && Math.floor(performance.now() / FLICKER) % 2) return;
    const { left, top, right, bottom } = pictureBox(this.store, width, height);
    const split = kind === "slider" ? left + at * (right - left) : left;
    context.save();
    context.beginPath();
    context.rect(split, top, right - split, bottom - top);
    context.clip();
    if (!version.part || !this.#inPhotograph(context, version, run)) {
      this.#alone(context, version, run);
    }
    context.restore();
    if (kind === "slider") divider(context, split, top, bottom);
  }

  /** @param {CanvasRenderingContext2D} context @param {Version} version @param {Run} run */
  #inPhotograph(context, version, run) {
    const candidates = run.outcome?.candidates ?? [];
    // The one that is shown is asked for first.
    const shown = candidates[run.chosen];
    const whole = shown ? this.photographs.patch(shown.picture) : null;
    const coarse = !!shown && !whole && this.photographs.patchComing(shown.picture);
    if (coarse !== this.store.state.coarse) this.store.set({ coarse });
    for (const { picture } of candidates) this.photographs.patch(picture);
    const { view, category } = this.store.state;
    if (!version.part || !whole) return false;
    const place = onScreen(version.part, category.size, view);
    const exact = run.strength < 1 && this.#isSettled(run);
    const { picture } = candidates[run.chosen];
    const fainter = exact ? this.photographs.patch(picture, run.strength) : null;
    context.imageSmoothingQuality = "high";
    if (!fainter) context.globalAlpha = run.strength;
    drawPatch(context, fainter ?? whole, place);
    context.globalAlpha = 1;
    return true;
  }

  /** Whether a strength has not been changed for a moment. @param {Run} run */
  #isSettled(run) {
    const known = this.#strength;
    if (known?.run !== run || known.strength !== run.strength) {
      this.#strength = { run, strength: run.strength, since: performance.now() };
      setTimeout(this.again, SETTLED + 10);
      return false;
    }
    return performance.now() - known.since >= SETTLED;
  }

  /** @param {CanvasRenderingContext2D} context @param {Version} version @param {Run} run */
  #alone(context, version, run) {
    const edit = this.#blended(version, run);
    const { view, category } = this.store.state;
    const side = category.size * view.zoom;
    context.imageSmoothingQuality = "high";
    if (edit) context.drawImage(canvasOf(edit), view.x, view.y, side, side);
  }

  /** The edit that is shown, blended once. @param {Version} version @param {Run} run */
  #blended(version, run) {
    const { chosen, strength } = run;
    const known = this.#edit;
    if (known?.run !== run || known.chosen !== chosen || known.strength !== strength) {
      const whole = shownEdit(version, run);
      // Over a sharp photograph the model's pixels are shown where they differ, not all around.
      const pixels = whole && version.part ? within(whole, run.roi) : whole;
      this.#edit = { run, chosen, strength, pixels };
    }
    return this.#edit?.pixels ?? null;
  }
}

/** Pixels of a region, the others transparent. @param {ImageData} pixels @param {Uint8Array} region */
function within({ data, width, height }, region) {
  const kept = new ImageData(data.slice(), width, height);
  region.forEach((inside, k) => (kept.data[4 * k + 3] = 255 * inside));
  return kept;
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} top @param {number} bottom */
function divider(context, x, top, bottom) {
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(x - 1.5, top, 3, bottom - top);
  context.fillStyle = "#fff";
  context.fillRect(x - 0.5, top, 1, bottom - top);
  context.beginPath();
  context.arc(x, (top + bottom) / 2, 7, 0, 2 * Math.PI);
  context.fill();
}
