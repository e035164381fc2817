/** What the stage asks of a tool.
 *
 * A pointer on the map: x, y in its pixels, sx, sy on the screen, pressure 0 … 1 (1 without a pen).
 * @typedef {{x: number, y: number, sx: number, sy: number, pressure: number, shift: boolean,
 *   alt: boolean}} Pointer
 *
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("../types.js").ToolName} ToolName
 *
 * down, move, up: one drag. hover: the pointer moves without being pressed. draw: over the map, in
 * screen pixels. extent: where on the screen it draws, if that is all that a moving pointer changes.
 * stop: the tool is put away; what is unfinished is dropped. key: true if it used it.
 * @typedef {{
 *   name: ToolName,
 *   down: (pointer: Pointer) => void,
 *   move: (pointer: Pointer) => void,
 *   up: (pointer: Pointer) => void,
 *   hover?: (pointer: Pointer) => void,
 *   draw?: (context: CanvasRenderingContext2D, pointer: Pointer | null) => void,
 *   extent?: (pointer: Pointer) => import("../types.js").Rect,
 *   stop?: () => void,
 *   key?: (key: string, shift: boolean) => boolean,
 *   cursor?: (pointer: Pointer) => string,
 * }} Tool
 */

import { toScreen } from "../core/viewport.js";

/**
 * Draw a path twice, dark below light, so that it shows on any picture.
 * @param {CanvasRenderingContext2D} context @param {Path2D} path @param {number[]} [dash]
 */
export function drawLine(context, path, dash = []) {
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.stroke(path);
  context.setLineDash(dash);
  context.lineWidth = 1.25;
  context.strokeStyle = "#fff";
  context.stroke(path);
  context.setLineDash([]);
}

/**
 * A path through points of the map, on the screen.
 * @param {Store} store @param {[number, number][]} points @param {boolean} closed
 */
export function pathOf(store, points, closed) {
  const path = new Path2D();
  points.forEach(([x, y], k) => {
    const at = toScreen(store.state.view, x, y);
    if (k === 0) path.moveTo(...at);
    else path.lineTo(...at);
  });
  if (closed) path.closePath();
  return path;
}
