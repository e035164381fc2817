/** Grab a part, then move, stretch, turn or warp it. */

import { centre, corners, meshOver, moved, rotated, scaled, SIDE } from "../core/mesh.js";
import { lift, placed } from "../core/part.js";
import { connected } from "../core/regions.js";
import { toScreen } from "../core/viewport.js";
import { newStroke, repaint, settle } from "../painting.js";
import { drawLine, pathOf } from "./tool.js";

/** @typedef {import("./tool.js").Pointer} Pointer */
/** @typedef {import("./tool.js").Tool} Tool */
/** @typedef {[number, number]} Point */
/** @typedef {{at: Point, shape: (mesh: Point[], from: Pointer, to: Pointer) => Point[], cursor: string}
 *   } Handle */

/** A handle answers within so many screen pixels. */
const REACH = 12;
/** Screen pixels from the part to the handle that turns it. */
const STEM = 28;
/** A group such as "skin" is grabbed as a whole only up to this share of the picture. */
const LARGEST_WHOLE = 1 / 8;

/** @implements {Tool} */
export class GrabTool {
  name = /** @type {const} */ ("grab");
  /** @type {{part: import("../core/part.js").Part, mesh: Point[]} | null} */
  #held = null;
  /** @type {{shape: Handle["shape"], mesh: Point[], from: Pointer, stroke: string} | null} */
  #drag = null;

  /** @param {import("../store.js").Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {Pointer} pointer */
  down(pointer) {
    const handle = this.#handleAt(pointer);
    if (!handle && !this.#contains(pointer)) this.#grab(pointer);
    if (!this.#held) return;
    const shape = handle?.shape ?? byWholePixels;
    this.#drag = { shape, mesh: this.#held.mesh, from: pointer, stroke: newStroke() };
    this.store.touch(["view"]);
  }

  /** @param {Pointer} pointer */
  move(pointer) {
    if (!this.#drag) return;
    const { shape, mesh, from, stroke } = this.#drag;
    this.#set(shape(mesh, from, pointer), stroke);
  }

  up() {
    if (!this.#drag) return;
    this.#drag = null;
    settle(this.store);
  }

  stop() {
    this.up();
    this.#held = null;
    this.store.touch(["view"]);
  }

  /** @param {string} key @param {boolean} shift */
  key(key, shift) {
    if (!this.#held) return false;
    const far = shift ? 5 : 1;
    const steps = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, -far],
      ArrowDown: [0, far],
    };
    if (key in steps) {
      const [dx, dy] = steps[/** @type {keyof steps} */ (key)];
      this.#set(moved(this.#held.mesh, dx, dy), newStroke());
    } else if (key === "Delete" || key === "Backspace") {
      repaint(this.store, this.#held.part.ground.ids, "remove");
      this.#held = null;
    } else if (key === "Enter" || key === "Escape") {
      this.stop();
      return true;
    } else return false;
    settle(this.store);
    return true;
  }

  /** @param {Pointer} pointer */
  cursor(pointer) {
    return this.#handleAt(pointer)?.cursor ?? (this.#contains(pointer) ? "move" : "grab");
  }

  /** @param {CanvasRenderingContext2D} context */
  draw(context) {
    if (!this.#held) return;
    const { mesh } = this.#held;
    if (this.store.state.options.warp) {
      for (let k = 0; k < SIDE; k++) {
        drawLine(context, pathOf(this.store, mesh.slice(k * SIDE, (k + 1) * SIDE), false));
        drawLine(
          context,
          pathOf(
            this.store,
            mesh.filter((_, m) => m % SIDE === k),
            false,
          ),
        );
      }
    } else {
      drawLine(context, pathOf(this.store, corners(mesh), true));
    }
    for (const { at } of this.#handles()) {
      const dot = new Path2D();
      dot.arc(...at, 5, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.strokeStyle = "#1b1c1f";
      context.lineWidth = 1.5;
      context.fill(dot);
      context.stroke(dot);
    }
  }

  /** Take the part under the pointer, or none. @param {Pointer} pointer */
  #grab(pointer) {
    this.#held = null;
    const map = this.store.version?.map;
    const x = Math.floor(pointer.x),
      y = Math.floor(pointer.y);
    const { locked, options, category } = this.store.state;
    if (!map?.inside(x, y) || locked.has(map.at(x, y))) return;
    let area = connected(map, x, y, undefined, true);
    const group = Object.values(category.groups).find((ids) => ids.includes(map.at(x, y)));
    if (options.grabWhole && group) {
      const free = new Set(group.filter((id) => !locked.has(id)));
      const whole = connected(map, x, y, free, true);
      if (whole.length <= LARGEST_WHOLE * map.ids.length) area = whole;
    }
    const part = lift(map, area);
    this.#held = { part, mesh: meshOver(part.rect) };
  }

  /** @param {Point[]} mesh @param {string} stroke */
  #set(mesh, stroke) {
    if (!this.#held) return;
    this.#held.mesh = mesh;
    repaint(this.store, placed(this.#held.part, mesh), "grab", stroke);
    this.store.touch(["view"]);
  }

  /** @returns {Handle[]} on the screen */
  #handles() {
    if (!this.#held) return [];
    const { mesh } = this.#held;
    const onScreen = (/** @type {Point} */ [x, y]) => toScreen(this.store.state.view, x, y);
    if (this.store.state.options.warp) {
      return mesh.map((point, k) => ({
        at: onScreen(point),
        shape: warped(k),
        cursor: "crosshair",
      }));
    }
    const four = corners(mesh);
    const sides = four.map((point, k) => between(point, four[(k + 1) % 4]));
    const [cx, cy] = onScreen(centre(mesh)),
      [tx, ty] = onScreen(sides[0]);
    const length = Math.hypot(tx - cx, ty - cy) || 1;
    const stem = 1 + STEM / length;
    return [
      { at: [cx + (tx - cx) * stem, cy + (ty - cy) * stem], shape: turned, cursor: "alias" },
      ...four.map((point, k) => ({
        at: onScreen(point),
        shape: stretched(k, true),
        cursor: "nwse-resize",
      })),
      ...sides.map((point, k) => ({
        at: onScreen(point),
        shape: stretched(k, false),
        cursor: k % 2 ? "ew-resize" : "ns-resize",
      })),
    ];
  }

  /** @param {Pointer} pointer */
  #handleAt({ sx, sy }) {
    return this.#handles().find(({ at: [x, y] }) => Math.hypot(sx - x, sy - y) < REACH);
  }

  /** Whether the pointer is over the held part. @param {Pointer} pointer */
  #contains({ x, y }) {
    if (!this.#held) return false;
    const four = corners(this.#held.mesh);
    const turns = four.map(([ax, ay], k) => {
      const [bx, by] = four[(k + 1) % 4];
      return Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));
    });
    return turns.every((turn) => turn >= 0) || turns.every((turn) => turn <= 0);
  }
}

/** @param {Point} a @param {Point} b @returns {Point} */
const between = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

/** @type {Handle["shape"]} A part that moves by whole pixels keeps its shape. */
const byWholePixels = (mesh, from, to) =>
  moved(mesh, Math.round(to.x - from.x), Math.round(to.y - from.y));

/** @type {Handle["shape"]} With Shift in steps of 15°. */
function turned(mesh, from, to) {
  const [cx, cy] = centre(mesh);
  let angle = Math.atan2(to.y - cy, to.x - cx) - Math.atan2(from.y - cy, from.x - cx);
  if (to.shift) angle = Math.round(angle / (Math.PI / 12)) * (Math.PI / 12);
  return rotated(mesh, [cx, cy], angle);
}

/** Drag one control point. @param {number} k @returns {Handle["shape"]} */
const warped = (k) => (mesh, from, to) =>
  mesh.map((point, m) => (m === k ? [point[0] + to.x - from.x, point[1] + to.y - from.y] : point));

/**
 * Drag corner k (both ways alike; freely with Shift) or side k (one way). What lies opposite
 * stays; with Alt, the centre.
 * @param {number} k @param {boolean} corner @returns {Handle["shape"]}
 */
const stretched = (k, corner) => (mesh, from, to) => {
  const four = corners(mesh);
  const middle = centre(mesh);
  const held = corner ? four[k] : between(four[k], four[(k + 1) % 4]);
  const pivot = to.alt
    ? middle
    : /** @type {Point} */ ([2 * middle[0] - held[0], 2 * middle[1] - held[1]]);
  const angle = Math.atan2(four[1][1] - four[0][1], four[1][0] - four[0][0]);
  const along = (/** @type {number} */ x, /** @type {number} */ y) => [
    Math.cos(angle) * x + Math.sin(angle) * y,
    Math.cos(angle) * y - Math.sin(angle) * x,
  ];
  const [hx, hy] = along(held[0] - pivot[0], held[1] - pivot[1]);
  const [dx, dy] = along(to.x - from.x, to.y - from.y);
  let sx = Math.abs(hx) > 1e-6 ? (hx + dx) / hx : 1;
  let sy = Math.abs(hy) > 1e-6 ? (hy + dy) / hy : 1;
  if (corner && !to.shift) sx = sy = (hx * (hx + dx) + hy * (hy + dy)) / (hx * hx + hy * hy);
  if (!corner) [sx, sy] = k % 2 ? [sx, 1] : [1, sy];
  return scaled(mesh, pivot, sx, sy, angle);
};
