/** What the canvas shows: picture, map, region and tool, or a result beside the original. */

import { blend } from "../core/blend.js";
import { canvasOf, rgb } from "../pixels.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../tools/tool.js").Tool} Tool */
/** @typedef {import("../tools/tool.js").Pointer} Pointer */
/** @typedef {import("../types.js").Version} Version */
/** @typedef {import("../types.js").Run} Run */

/** From this zoom on, pixels are shown as squares where they are painted. */
const SQUARES = 14;
/** From this zoom on, lines lie between pixels. */
const GRID = 22;
/** Milliseconds each picture is shown when they alternate: slower than three flashes a second. */
export const FLICKER = 600;

/** The chosen candidate at its strength. @param {Version} version @param {Run} run */
export function shownEdit(version, run) {
  const edit = run.edits[run.chosen];
  if (!edit || run.strength === 1) return edit ?? null;
  const { data, width, height } = version.pixels;
  return new ImageData(blend(data, edit.data, run.roi, run.strength), width, height);
}

export class Scene {
  /** @type {{run: Run, chosen: number, strength: number, pixels: ImageData | null} | null} */
  #edit = null;

  /**
   * @param {Store} store
   * @param {import("./layers.js").MapLayers} layers
   * @param {() => ImageBitmap | null} preview the picture as sampling imagines it now
   */
  constructor(store, layers, preview) {
    this.store = store;
    this.layers = layers;
    this.preview = preview;
  }

  /**
   * @param {CanvasRenderingContext2D} context scaled to CSS pixels
   * @param {number} width @param {number} height of the view
   * @param {Tool} tool @param {Pointer | null} pointer
   */
  draw(context, width, height, tool, pointer) {
    context.clearRect(0, 0, width, height);
    const version = this.store.version;
    if (!version) return;
    const { stage } = this.store.state;
    this.#picture(context, version.pixels);
    const running = version.run && ["queued", "running"].includes(version.run.state);
    const preview = running ? this.preview() : null;
    if (stage === "result" && version.run?.state === "done") {
      this.#result(context, version, version.run);
    } else if (stage === "result" && preview) {
      this.#picture(context, preview);
    } else if (stage === "paint") {
      this.#map(context);
      this.#grid(context, width, height);
      this.#lines(context);
      tool.draw?.(context, pointer);
    }
  }

  /** The edit that is shown, blended once. @param {Version} version @param {Run} run */
  edit(version, run) {
    const { chosen, strength } = run;
    const known = this.#edit;
    if (known?.run !== run || known.chosen !== chosen || known.strength !== strength) {
      this.#edit = { run, chosen, strength, pixels: shownEdit(version, run) };
    }
    return this.#edit?.pixels ?? null;
  }

  /** @param {CanvasRenderingContext2D} context @param {ImageData | ImageBitmap} picture */
  #picture(context, picture) {
    const { x, y, zoom } = this.store.state.view;
    const image = picture instanceof ImageData ? canvasOf(picture) : picture;
    const { category, stage } = this.store.state;
    const size = category.size;
    context.imageSmoothingEnabled = stage === "result" || zoom < SQUARES;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, x, y, size * zoom, size * zoom);
  }

  /** @param {CanvasRenderingContext2D} context @param {Version} version @param {Run} run */
  #result(context, version, run) {
    const edit = this.edit(version, run);
    const { kind, at } = this.store.state.compare;
    const { view, category } = this.store.state;
    if (!edit || kind === "before") return;
    if (kind === "flicker" && Math.floor(performance.now() / FLICKER) % 2) return;
    const side = category.size * view.zoom;
    const split = view.x + (kind === "slider" ? at * side : 0);
    context.save();
    context.beginPath();
    context.rect(split, view.y, view.x + side - split, side);
    context.clip();
    this.#picture(context, edit);
    context.restore();
    if (kind !== "slider") return;
    context.fillStyle = "rgb(0 0 0 / 55%)";
    context.fillRect(split - 1.5, view.y, 3, side);
    context.fillStyle = "#fff";
    context.fillRect(split - 0.5, view.y, 1, side);
    context.beginPath();
    context.arc(split, view.y + side / 2, 7, 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {CanvasRenderingContext2D} context */
  #map(context) {
    const { mapShown, outlined, opacity, view, category } = this.store.state;
    if (!mapShown || !this.store.version?.map) return;
    if (outlined) {
      this.#stroke(context, this.layers.outlines(), "rgb(0 0 0 / 55%)", 2.5);
      this.#stroke(context, this.layers.outlines(), "#fff", 1.1);
      return;
    }
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = false;
    const side = category.size * view.zoom;
    context.drawImage(this.layers.canvas, view.x, view.y, side, side);
    context.globalAlpha = 1;
  }

  /** The region that may change, and the class pointed at in the list.
   * @param {CanvasRenderingContext2D} context */
  #lines(context) {
    const { hovered, view, category, plan } = this.store.state;
    if (plan && plan.changed > 0) {
      this.#stroke(context, this.layers.region(), "rgb(0 0 0 / 60%)", 2.5);
      this.#stroke(context, this.layers.region(), "#fff", 1.25, [5, 5]);
    }
    if (hovered === null) return;
    const label = category.labels.find(({ id }) => id === hovered);
    context.save();
    context.translate(view.x, view.y);
    context.scale(view.zoom, view.zoom);
    context.clip(this.layers.area(hovered));
    this.#hatch(context, rgb(label?.color ?? "#ffffff"));
    context.restore();
    this.#stroke(context, this.layers.outline(hovered), "#000", 4);
    this.#stroke(context, this.layers.outline(hovered), "#fff", 2);
  }

  /** Slanted lines over the picture, light on dark classes and dark on light ones.
   * @param {CanvasRenderingContext2D} context @param {[number, number, number]} colour */
  #hatch(context, [r, g, b]) {
    const { size } = this.store.state.category;
    const { zoom } = this.store.state.view;
    const light = 0.3 * r + 0.6 * g + 0.1 * b < 128;
    context.strokeStyle = light ? "rgb(255 255 255 / 80%)" : "rgb(0 0 0 / 75%)";
    context.lineWidth = 1.5 / zoom;
    context.beginPath();
    for (let x = -size; x < size; x += 7 / zoom) {
      context.moveTo(x, 0);
      context.lineTo(x + size, size);
    }
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  #grid(context, width, height) {
    const { x, y, zoom } = this.store.state.view;
    const { size } = this.store.state.category;
    if (zoom < GRID) return;
    context.beginPath();
    for (let k = 0; k <= size; k++) {
      const px = Math.round(x + k * zoom) + 0.5,
        py = Math.round(y + k * zoom) + 0.5;
      if (px >= 0 && px <= width) {
        context.moveTo(px, Math.max(0, y));
        context.lineTo(px, Math.min(height, y + size * zoom));
      }
      if (py >= 0 && py <= height) {
        context.moveTo(Math.max(0, x), py);
        context.lineTo(Math.min(width, x + size * zoom), py);
      }
    }
    context.lineWidth = 1;
    context.strokeStyle = "rgb(128 128 128 / 35%)";
    context.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Path2D} path in map pixels
   * @param {string} colour @param {number} width screen pixels @param {number[]} [dash]
   */
  #stroke(context, path, colour, width, dash = []) {
    const { x, y, zoom } = this.store.state.view;
    context.save();
    context.translate(x, y);
    context.scale(zoom, zoom);
    context.setLineDash(dash.map((length) => length / zoom));
    context.lineWidth = width / zoom;
    context.strokeStyle = colour;
    context.lineCap = "square";
    context.stroke(path);
    context.restore();
  }
}
