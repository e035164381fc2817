/** How far the server is with a job, in words and as a bar. */

import { t } from "../i18n.js";
import { h } from "./dom.js";

/** @typedef {import("../types.js").Progress} Progress */

/** @param {Progress | null} progress @param {string} model its name */
export function progressText(progress, model) {
  if (!progress) return t("Waiting for the model …");
  const { stage, done, total, position = 0 } = progress;
  if (stage === "lost") return t("Connection lost, trying again …");
  if (stage === "edit") return t("Editing: {done} of {total}", { done, total });
  if (stage === "open") return t("Opening the model {model} …", { model });
  if (stage === "restart") return t("Starting the model again …");
  if (stage !== "queued") return t("Preparing …");
  if (position === 0) return t("Waiting for the model …");
  return position === 1 ? t("Waiting: one job is ahead") : t("Waiting: {position} jobs are ahead", { position });
}

/** Full at the end; moving to and fro where nobody can tell. @param {Progress | null} progress */
export function progressBar(progress) {
  const bar = h("progress", { "aria-label": t("Progress") });
  if (progress?.stage === "edit" || progress?.stage === "open") showShare(bar, progress);
  return bar;
}

/** @param {HTMLProgressElement} bar @param {{done: number, total: number}} share nothing yet is no share */
export function showShare(bar, { done, total }) {
  if (!done) return;
  bar.max = total;
  bar.value = done;
}
