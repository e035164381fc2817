/** All attempts at an edit on one sheet. */

import { language, t } from "./i18n.js";
import { canvasOf, pixelsAt } from "./pixels.js";

/** @typedef {import("./types.js").Version} Version */

const GAP = 8,
  LINE = 22;
/** Pixels of a side of a picture on the sheet. */
const CELL = 192;

/**
 * The original and all candidates of all attempts, each with its seed and share, as a PNG.
 * @param {Version} version @returns {Promise<Blob>}
 */
export async function contactSheet(version) {
  const runs = version.attempts;
  const columns = 1 + Math.max(...runs.map(({ outcome }) => outcome?.candidates.length ?? 0));
  const canvas = document.createElement("canvas");
  canvas.width = GAP + columns * (CELL + GAP);
  canvas.height = GAP + runs.length * (CELL + LINE + GAP);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser has no 2D canvas.");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  context.font = "13px sans-serif";
  context.textBaseline = "top";
  context.imageSmoothingQuality = "high";
  const cell = (/** @type {ImageData} */ pixels, /** @type {string} */ text, /** @type {number} */ column, /** @type {number} */ row) => {
    const x = GAP + column * (CELL + GAP),
      y = GAP + row * (CELL + LINE + GAP);
    context.drawImage(canvasOf(pixels), x, y, CELL, CELL);
    context.fillText(text, x, y + CELL + 4, CELL);
  };
  for (const [row, run] of runs.entries()) {
    cell(version.pixels, t("Original"), 0, row);
    for (const [k, { url, roi_accuracy }] of (run.outcome?.candidates ?? []).entries()) {
      const share = roi_accuracy.toLocaleString(language, { style: "percent" });
      const text = t("Seed {seed}, {number}: {share}", { seed: run.settings.seed, number: k + 1, share });
      cell(run.edits[k] ?? (await pixelsAt(url)), text, k + 1, row);
    }
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("This browser writes no PNG.")))),
  );
}
