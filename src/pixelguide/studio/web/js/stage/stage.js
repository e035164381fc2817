/** The canvas in the middle of the page. */

import { Damage } from "../core/damage.js";
import { bounds } from "../core/label_map.js";
import { actual, viewOf } from "../core/placement.js";
import { fitted, toPicture, toScreen, zoomed } from "../core/viewport.js";
import { BrushTool } from "../tools/brush.js";
import { FillTool, pick, PickTool } from "../tools/click.js";
import { DropperTool } from "../tools/dropper.js";
import { GrabTool } from "../tools/grab.js";
import { LassoTool } from "../tools/lasso.js";
import { RegionTool } from "../tools/region.js";
import { ShapeTool } from "../tools/shape.js";
import { MapLayers } from "./layers.js";
import { Pointers } from "./pointers.js";
import { Photographs } from "../photographs.js";
import { FLICKER, pictureBox } from "./comparison.js";
import { Scene } from "./scene.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../tools/tool.js").Tool} Tool */
/** @typedef {import("../tools/tool.js").Pointer} Pointer */

/** Room for the bars that float over the canvas, in screen pixels. */
const MARGIN = { top: 64, bottom: 28, side: 28 };
/** Where they stand above it instead, see `small.css`. */
const SNUG = { top: 6, bottom: 6, side: 6 };
const SMALL = "(max-width: 760px), (max-height: 520px)";
/** Pixels of the map around one that changed whose look may change, and screen pixels for lines. */
const AROUND = 2,
  LINES = 4;
const margin = () => (matchMedia(SMALL).matches ? SNUG : MARGIN);

export class Stage {
  #frame = 0;
  #damage = new Damage();
  /** Where the tool was drawn. @type {import("../types.js").Rect | null} */
  #drawn = null;
  #size = { width: 0, height: 0 };
  /** The view that shows everything. */
  #fitted = { x: 0, y: 0, zoom: 1 };

  /** @param {HTMLCanvasElement} canvas @param {Store} store @param {() => ImageBitmap | null} preview */
  constructor(canvas, store, preview) {
    this.canvas = canvas;
    this.store = store;
    this.layers = new MapLayers(store);
    this.photographs = new Photographs(() => this.draw());
    this.scene = new Scene(store, this.layers, preview, this.photographs, () => this.draw());
    const eraser = new BrushTool(store, "eraser");
    /** @type {Record<import("../types.js").ToolName, Tool>} */
    this.tools = {
      brush: new BrushTool(store, "brush"),
      eraser,
      lasso: new LassoTool(store),
      shape: new ShapeTool(store),
      fill: new FillTool(store),
      grab: new GrabTool(store),
      pick: new PickTool(store),
      region: new RegionTool(store),
      dropper: new DropperTool(store, this.photographs),
      hand: { name: "hand", down() {}, move() {}, up() {} },
    };
    this.pointers = new Pointers(canvas, store, {
      tool: () => this.#toolNow(),
      eraser,
      result: (pointer) => this.#slide(pointer),
      draw: () => this.draw(),
      moved: () => this.#moved(),
    });
    store.watch(["map"], (rect) => this.#repaint(rect));
    store.watch(["versions", "current", "hidden"], () => this.#repaint(null));
    store.watch(
      [
        "view",
        "plan",
        "hovered",
        "opacity",
        "outlined",
        "mapShown",
        "stage",
        "compare",
        "run",
        "tool",
        "options",
      ],
      () => this.draw(),
    );
    this.#watchTool();
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** Put away what a tool holds, before the map changes under it. */
  letGo() {
    this.tools[this.store.state.tool].stop?.();
  }

  /** The whole photograph in view; without one, the picture. */
  fitWhole() {
    const { part } = this.store.version ?? {};
    if (!part) return this.fit();
    const { width, height } = this.#size;
    const { top, bottom, side } = margin();
    const room = { width: width - 2 * side, height: height - top - bottom };
    const scale = Math.min(room.width / part.width, room.height / part.height);
    const x = side + (room.width - part.width * scale) / 2;
    const y = top + (room.height - part.height * scale) / 2;
    this.store.set({ view: viewOf(part, this.store.state.category.size, { x, y, scale }) });
  }

  /** Each pixel of the photograph on one of the screen's: about the pointer, or with what changes in
   * the middle. */
  actualSize() {
    const { version, state } = this.store;
    const { size } = state.category;
    const part = version?.part ?? { x: 0, y: 0, size };
    const { pointer } = this.pointers;
    const { top, bottom } = margin();
    const { width, height } = this.#size;
    const view = pointer
      ? actual(part, size, toPicture(state.view, pointer.sx, pointer.sy), [pointer.sx, pointer.sy], devicePixelRatio)
      : actual(part, size, this.#middle(), [width / 2, (top + height - bottom) / 2], devicePixelRatio);
    this.store.set({ view });
  }

  /** Of what changes or has changed, else of the part, in the model's pixels. @returns {[number, number]} */
  #middle() {
    const { version, state } = this.store;
    const { size } = state.category;
    const roi = (state.stage === "result" && version?.run?.roi) || state.plan?.roi || [];
    const { x, y, width, height } = bounds([...roi.keys()].filter((k) => roi[k]), size) ??
      { x: 0, y: 0, width: size, height: size };
    return [x + width / 2, y + height / 2];
  }

  /** What is edited in view. */
  fit() {
    const { width, height } = this.#size;
    this.#fitted = fitted(this.store.state.category.size, width, height, margin());
    this.store.set({ view: this.#fitted });
  }

  /** Zoom about the middle of the view, or the pointer. @param {number} factor */
  zoom(factor) {
    const { width, height } = this.#size;
    const { sx, sy } = this.pointers.pointer ?? { sx: width / 2, sy: height / 2 };
    this.store.set({ view: zoomed(this.store.state.view, factor, sx, sy) });
  }

  /**
   * The tool without a pointer: arrow keys move a crosshair by pixels, Enter presses it there.
   * @param {string} key @param {boolean} shift @returns {boolean} whether the key was one of these
   */
  crosshair(key, shift) {
    const far = shift ? 5 : 1;
    const steps = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, -far],
      ArrowDown: [0, far],
    };
    const { view, category } = this.store.state;
    const known = this.pointers.pointer ?? { x: category.size / 2, y: category.size / 2 };
    const [dx, dy] = key in steps ? steps[/** @type {keyof steps} */ (key)] : [0, 0];
    const place = (/** @type {number} */ at) =>
      Math.min(category.size - 1, Math.max(0, Math.floor(at))) + 0.5;
    const [offsetX, offsetY] = toScreen(view, place(known.x + dx), place(known.y + dy));
    const pointer = this.pointers.at({ offsetX, offsetY });
    if (key === "Enter" && this.pointers.pointer) {
      const tool = this.#toolNow();
      tool.down(pointer);
      tool.up(pointer);
    } else if (!(key in steps)) return false;
    this.pointers.pointer = pointer;
    this.draw();
    return true;
  }

  /** Draw all at the next frame. */
  draw() {
    this.#damage.addAll();
    this.#soon();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNow();
    });
  }

  #drawNow() {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.#size;
    if (!context || width === 0) return;
    const { pointer } = this.pointers;
    const tool = this.tools[this.store.state.tool];
    this.#damage.add(this.#drawn);
    this.#drawn = (pointer && tool.extent?.(pointer)) ?? null;
    this.#damage.add(this.#drawn);
    context.save();
    const damage = this.#damage.take(devicePixelRatio, LINES);
    if (damage) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.beginPath();
      context.rect(damage.x, damage.y, damage.width, damage.height);
      context.clip();
    }
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.scene.draw(context, width, height, tool, pointer);
    context.restore();
    this.canvas.style.cursor = this.#cursor(tool, pointer);
    if (this.store.state.stage === "result" && this.store.state.compare.kind === "flicker") {
      setTimeout(() => this.draw(), FLICKER - (performance.now() % FLICKER));
    }
  }

  /** @param {Tool} tool @param {Pointer | null} pointer */
  #cursor(tool, pointer) {
    if (this.pointers.panning || tool.name === "hand") return "grab";
    if (this.store.state.stage === "result") {
      return this.store.state.compare.kind === "slider" ? "ew-resize" : "grab";
    }
    return (pointer && tool.cursor?.(pointer)) ?? "crosshair";
  }

  /** The tool that a press goes to: with Alt, brush and eraser take a class instead. */
  #toolNow() {
    const { tool } = this.store.state;
    const { pointer } = this.pointers;
    const takes = pointer?.alt && ["brush", "fill", "shape"].includes(tool);
    if (!takes) return this.tools[tool];
    pick(this.store, pointer);
    return this.tools.pick;
  }

  /** Move the divider between original and edit. @param {Pointer} pointer */
  #slide({ sx }) {
    const { compare } = this.store.state;
    if (compare.kind !== "slider") return false;
    const { left, right } = pictureBox(this.store, this.#size.width, this.#size.height);
    const at = Math.min(1, Math.max(0, (sx - left) / (right - left)));
    this.store.set({ compare: { ...compare, at } });
    return true;
  }

  /** The map has changed. @param {import("../types.js").Rect | null} rect all of it by default */
  #repaint(rect) {
    this.layers.update(rect);
    if (!rect || !this.#drawsInPlace()) return this.draw();
    const { view } = this.store.state;
    const [x, y] = toScreen(view, rect.x - AROUND, rect.y - AROUND);
    const side = (/** @type {number} */ length) => (length + 2 * AROUND) * view.zoom;
    this.#damage.add({ x, y, width: side(rect.width), height: side(rect.height) });
    this.#soon();
  }

  /** The pointer has moved: a tool that says where it draws needs no more than that. */
  #moved() {
    if (this.#drawsInPlace()) this.#soon();
    else this.draw();
  }

  /** Whether all that changes is the map, and the tool where it says. */
  #drawsInPlace() {
    const { tool, stage, hovered } = this.store.state;
    const { extent, draw } = this.tools[tool];
    return !(draw && !extent) && stage === "paint" && hovered === null;
  }

  /** A tool that is left, or left behind by another version, lets go. */
  #watchTool() {
    let known = this.#where();
    this.store.watch(["tool", "current", "stage"], () => {
      const now = this.#where();
      if (now.some((value, k) => value !== known[k])) this.tools[known[0]].stop?.();
      known = now;
    });
  }

  /** @returns {[import("../types.js").ToolName, unknown, unknown]} */
  #where() {
    return [this.store.state.tool, this.store.version, this.store.state.stage];
  }

  #resize() {
    const before = this.#size;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.#size = { width, height };
    const { view } = this.store.state;
    const old = this.#fitted;
    const unmoved =
      before.width === 0 || (view.x === old.x && view.y === old.y && view.zoom === old.zoom);
    if (unmoved) this.fit();
    else this.draw();
  }
}
