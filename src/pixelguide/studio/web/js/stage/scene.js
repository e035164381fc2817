/** What the canvas shows: picture, map, region and tool, or a result beside the original. */

import { onScreen } from "../core/placement.js";
import { canvasOf, rgb } from "../pixels.js";
import { Comparison } from "./comparison.js";
import { Ground } from "./ground.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../tools/tool.js").Tool} Tool */
/** @typedef {import("../tools/tool.js").Pointer} Pointer */
/** @typedef {import("../types.js").Version} Version */

/** From this zoom on, pixels are shown as squares where they are painted; over a photograph, whose
 * own are smaller, later. */
const SQUARES = 14,
  SQUARES_OVER_PHOTOGRAPH = 40;
/** From this zoom on, lines lie between pixels. */
const GRID = 22;
export class Scene {
  /**
   * @param {Store} store
   * @param {import("./layers.js").MapLayers} layers
   * @param {() => ImageBitmap | null} preview the region as sampling imagines it now
   * @param {import("../photographs.js").Photographs} photographs
   * @param {() => void} again asks to be drawn again
   */
  constructor(store, layers, preview, photographs, again) {
    this.store = store;
    this.layers = layers;
    this.preview = preview;
    this.ground = new Ground(photographs, again);
    this.comparison = new Comparison(store, photographs, again);
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
    const { stage, view } = this.store.state;
    if (!this.ground.draw(context, width, height, version, view)) {
      this.#picture(context, version.pixels);
    }
    const running = version.run && ["queued", "running"].includes(version.run.state);
    const preview = running ? this.preview() : null;
    if (stage === "result" && version.run?.state === "done") {
      this.comparison.draw(context, version, version.run, width, height);
    } else if (stage === "result" && preview) {
      this.#picture(context, preview);
    } else if (stage === "paint") {
      this.#dimmed(context, version);
      this.#map(context, version);
      this.#grid(context, width, height, version);
      this.#lines(context);
      tool.draw?.(context, pointer);
    }
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

  /** What of a photograph is not being edited. @param {CanvasRenderingContext2D} context @param {Version} version */
  #dimmed(context, { part }) {
    if (!part) return;
    const { view, category } = this.store.state;
    const side = category.size * view.zoom;
    const { x, y, scale } = onScreen(part, category.size, view);
    context.beginPath();
    context.rect(x, y, part.width * scale, part.height * scale);
    context.rect(view.x, view.y, side, side);
    context.fillStyle = "rgb(0 0 0 / 40%)";
    context.fill("evenodd");
    context.lineWidth = 1;
    context.strokeStyle = "rgb(255 255 255 / 70%)";
    context.strokeRect(view.x - 0.5, view.y - 0.5, side + 1, side + 1);
  }

  /** Whether pixels of the map are so large that one wants to see them. @param {Version} version */
  #inSquares({ part }) {
    return this.store.state.view.zoom >= (part ? SQUARES_OVER_PHOTOGRAPH : SQUARES);
  }

  /** @param {CanvasRenderingContext2D} context @param {Version} version */
  #map(context, version) {
    const { mapShown, outlined, opacity, view, category } = this.store.state;
    if (!mapShown || !version.map) return;
    const side = category.size * view.zoom;
    if (!this.#inSquares(version)) {
      context.globalAlpha = outlined ? 1 : opacity;
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "low"; // the fine grid is about as fine as the screen
      const layer = outlined ? this.layers.smoothLines : this.layers.smooth;
      context.drawImage(layer, view.x, view.y, side, side);
      context.globalAlpha = 1;
      return;
    }
    if (outlined) {
      this.#stroke(context, this.layers.outlines(), "rgb(0 0 0 / 55%)", 2.5);
      this.#stroke(context, this.layers.outlines(), "#fff", 1.1);
      return;
    }
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.layers.canvas, view.x, view.y, side, side);
    context.globalAlpha = 1;
  }

  /** The region that may change, and the class pointed at in the list.
   * @param {CanvasRenderingContext2D} context */
  #lines(context) {
    const { hovered, view, category, plan, tool } = this.store.state;
    if (plan && plan.pixels > 0) {
      const { path, offered } = this.layers.region();
      this.#stroke(context, path, "rgb(0 0 0 / 60%)", 2.5);
      this.#stroke(context, path, "#fff", 1.25, [5, 5]);
      if (tool === "region") {
        this.#stroke(context, offered, "rgb(0 0 0 / 60%)", 2.5);
        this.#stroke(context, offered, "#ffd27a", 1.25, [1.5, 4]);
      }
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

  /**
   * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height
   * @param {Version} version
   */
  #grid(context, width, height, version) {
    const { x, y, zoom } = this.store.state.view;
    const { size } = this.store.state.category;
    if (zoom < GRID || !this.#inSquares(version)) return;
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
