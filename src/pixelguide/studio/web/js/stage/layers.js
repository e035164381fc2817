/** The map as it is shown: colours and outlines, kept up to date rectangle by rectangle. */

import { IGNORE } from "../core/label_map.js";
import { Edges, edges } from "../core/outline.js";
import { finenessOf, SmoothMap } from "../core/smooth.js";
import { contextOf, rgb } from "../pixels.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").LabelMap} LabelMap */
/** @typedef {import("../types.js").Rect} Rect */

export class MapLayers {
  /** One pixel for each of the map. */
  canvas = document.createElement("canvas");
  /** The same with smooth outlines. */
  smooth = document.createElement("canvas");
  /** Its outlines alone. */
  smoothLines = document.createElement("canvas");
  /** @type {SmoothMap | null} */
  #fine = null;
  /** @type {ImageData | null} */
  #pixels = null;
  /** @type {Uint32Array} */
  #colours = new Uint32Array(256);
  /** Lines of the map as it is. @type {Map<string, Path2D>} */
  #outlines = new Map();
  /** Edges between the classes shown, once they have been asked for. @type {Edges | null} */
  #edges = null;
  /** @type {{plan: import("../types.js").Plan | null, path: Path2D, offered: Path2D}} */
  #region = { plan: null, path: new Path2D(), offered: new Path2D() };

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** Draw a part of the map again. @param {Rect | null} rect all of it by default */
  update(rect) {
    const map = this.store.version?.map;
    this.#outlines.clear();
    if (!map) return;
    const context = this.#context(map);
    if (rect) this.#edges?.update(rect);
    else this.#edges = null;
    if (!rect || !this.#pixels || this.#pixels.width !== map.width) {
      this.#fine = null;
      this.#colours = this.#coloursNow();
      this.#pixels = context.createImageData(map.width, map.height);
      rect = { x: 0, y: 0, width: map.width, height: map.height };
    }
    const words = new Uint32Array(this.#pixels.data.buffer);
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      const end = y * map.width + rect.x + rect.width;
      for (let k = end - rect.width; k < end; k++) words[k] = this.#colours[map.ids[k]];
    }
    context.putImageData(this.#pixels, 0, 0, rect.x, rect.y, rect.width, rect.height);
    this.#smooth(map, rect);
  }

  /** @param {LabelMap} map @param {Rect} rect */
  #smooth(map, rect) {
    this.#fine ??= new SmoothMap(map.width, map.height, finenessOf(map.width));
    const fine = this.#fine;
    const changed = fine.update(map, rect);
    const colours = this.#colours;
    paintInto(this.smooth, fine, changed, (k) => colours[fine.ids[k]]);
    const grown = within(fine, {
      x: changed.x - 2,
      y: changed.y - 2,
      width: changed.width + 4,
      height: changed.height + 4,
    });
    paintInto(this.smoothLines, fine, grown, (k, x, y) => lineAt(fine, k, x, y));
  }

  /** Lines around the ROI, and around islands that could be taken in, in map pixels. */
  region() {
    const { plan } = this.store.state;
    const map = this.store.version?.map;
    if (plan && map && this.#region.plan !== plan) {
      const path = pathOf(edges(map.width, map.height, (k) => plan.roi[k], 0));
      const left = new Uint8Array(plan.roi.length);
      for (const { area, taken } of plan.islands) if (!taken) for (const k of area) left[k] = 1;
      const offered = pathOf(edges(map.width, map.height, (k) => left[k], 0));
      this.#region = { plan, path, offered };
    }
    return this.#region;
  }

  /** Lines between the classes shown, in map pixels. */
  outlines() {
    const { hidden } = this.store.state;
    return this.#lines("all", ({ ids, width, height }) => {
      const shown = Uint8Array.from({ length: 256 }, (_, id) => (hidden.has(id) ? IGNORE : id));
      this.#edges ??= new Edges(width, height, (k) => shown[ids[k]]);
      return this.#edges.lines();
    });
  }

  /** Lines around one class, in map pixels. @param {number} id */
  outline(id) {
    return this.#lines(`class ${id}`, ({ ids, width, height }) =>
      edges(width, height, (k) => Number(ids[k] === id), 0),
    );
  }

  /** Squares of one class, to be filled with a pattern. @param {number} id */
  area(id) {
    const key = `area ${id}`;
    const map = this.store.version?.map;
    let path = this.#outlines.get(key);
    if (!path && map) {
      path = new Path2D();
      for (let y = 0; y < map.height; y++) {
        for (let x = 0; x < map.width; x++) {
          const first = x;
          while (x < map.width && map.at(x, y) === id) x++;
          if (x > first) path.rect(first, y, x - first, 1);
        }
      }
      this.#outlines.set(key, path);
    }
    return path ?? new Path2D();
  }

  /** @param {string} key @param {(map: LabelMap) => number[]} lines */
  #lines(key, lines) {
    const map = this.store.version?.map;
    let path = this.#outlines.get(key);
    if (!path && map) {
      path = pathOf(lines(map));
      this.#outlines.set(key, path);
    }
    return path ?? new Path2D();
  }

  /** @param {LabelMap} map */
  #context(map) {
    const context = this.canvas.getContext("2d");
    if (context && this.canvas.width === map.width && this.canvas.height === map.height)
      return context;
    return contextOf(this.canvas, map.width, map.height);
  }

  /** Colours of all ids as RGBA words in this machine's order; 0 where nothing is shown. */
  #coloursNow() {
    const bytes = new Uint8Array(4 * 256);
    for (const { id, color } of this.store.state.category.labels) {
      if (!this.store.state.hidden.has(id)) bytes.set([...rgb(color), 255], 4 * id);
    }
    return new Uint32Array(bytes.buffer);
  }
}

/** @param {number[]} lines x0, y0, x1, y1 of each */
function pathOf(lines) {
  const path = new Path2D();
  for (let k = 0; k < lines.length; k += 4) {
    path.moveTo(lines[k], lines[k + 1]);
    path.lineTo(lines[k + 2], lines[k + 3]);
  }
  return path;
}

/**
 * @param {HTMLCanvasElement} canvas @param {SmoothMap} fine @param {Rect} rect
 * @param {(index: number, x: number, y: number) => number} colour RGBA word of a fine pixel
 */
function paintInto(canvas, fine, rect, colour) {
  if (canvas.width !== fine.width || canvas.height !== fine.height) {
    contextOf(canvas, fine.width, fine.height);
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(rect.width, rect.height);
  const words = new Uint32Array(image.data.buffer);
  let at = 0;
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    for (let x = rect.x; x < rect.x + rect.width; x++) {
      words[at++] = colour(y * fine.width + x, x, y);
    }
  }
  context.putImageData(image, rect.x, rect.y);
}

const [WHITE, DARK] = new Uint32Array(
  new Uint8Array([255, 255, 255, 255, 0, 0, 0, 140]).buffer,
);

/**
 * White where classes meet, dark beside it. @param {SmoothMap} fine @param {number} k
 * @param {number} x @param {number} y
 */
function lineAt({ ids, width, height }, k, x, y) {
  const border = (/** @type {number} */ j, /** @type {number} */ px, /** @type {number} */ py) =>
    (px + 1 < width && ids[j] !== ids[j + 1]) || (py + 1 < height && ids[j] !== ids[j + width]);
  if (border(k, x, y)) return WHITE;
  const beside =
    (x > 0 && border(k - 1, x - 1, y)) ||
    (y > 0 && border(k - width, x, y - 1)) ||
    (x + 1 < width && border(k + 1, x + 1, y)) ||
    (y + 1 < height && border(k + width, x, y + 1));
  return beside ? DARK : 0;
}

/** @param {{width: number, height: number}} size @param {Rect} rect @returns {Rect} what of it is inside */
function within(size, rect) {
  const x = Math.max(0, rect.x),
    y = Math.max(0, rect.y);
  const right = Math.min(size.width, rect.x + rect.width);
  const bottom = Math.min(size.height, rect.y + rect.height);
  return { x, y, width: right - x, height: bottom - y };
}
