/** How far the server is with a job, in words and as a bar. */

import { h } from "./dom.js";

/** @typedef {import("../types.js").Progress} Progress */

/** @param {Progress | null} progress */
export function progressText(progress) {
  if (!progress) return "Waiting for the model …";
  const { stage, done, total, position = 0 } = progress;
  if (stage === "edit") return `Editing: ${done} of ${total}`;
  if (stage === "restart") return "Starting the model again …";
  if (stage !== "queued") return "Preparing …";
  if (position === 0) return "Waiting for the model …";
  return position === 1 ? "Waiting: one job is ahead" : `Waiting: ${position} jobs are ahead`;
}

/** Full at the end; moving to and fro where nobody can tell. @param {Progress | null} progress */
export function progressBar(progress) {
  const bar = h("progress", { "aria-label": "Progress" });
  if (progress?.stage !== "edit") return bar;
  bar.max = progress.total;
  bar.value = progress.done;
  return bar;
}
