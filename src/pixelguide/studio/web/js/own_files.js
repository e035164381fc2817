/** Files of ours among those that are dropped: maps, and what edited pictures tell of themselves. */

import { IGNORE, LabelMap } from "./core/label_map.js";
import { decodeLabels, looksLikeLabels, sizeOf, textOf } from "./core/png.js";
import { pixelsOf, rgb } from "./pixels.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * Whether a file is a label map for the picture that is open: a palette or grey PNG of its size, or
 * an OpenRaster file, whose map it brings.
 * @param {Store} store @param {File} file
 */
export async function isMap({ version, state }, file) {
  if (!version?.map) return false;
  if (/\.ora$/i.test(file.name)) return true;
  const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  return looksLikeLabels(start, state.category.size);
}

/**
 * Whether a file shows classes and no picture: ids of them, or their colours, of the model's size.
 * @param {Store} store @param {File} file
 */
export async function isMapAlone({ state }, file) {
  const { labels, palette, size } = state.category;
  const start = new Uint8Array(await file.slice(0, 26).arrayBuffer());
  if (sizeOf(start) !== size) return false; // a photograph is not read for that
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (textOf(bytes, "pixelguide")) return false; // an edit
  const known = new Set([...labels.map(({ id }) => id), IGNORE]);
  try {
    if (looksLikeLabels(bytes, size)) {
      const { ids } = await decodeLabels(bytes);
      return new Set(ids).size > 1 && ids.every((id) => known.has(id));
    }
    const { data } = await pixelsOf(file);
    const colours = new Set(palette.map((each) => rgb(each).join()));
    const shown = new Set();
    for (let k = 0; k < data.length; k += 4) shown.add(data.slice(k, k + 3).join());
    return shown.size > 1 && [...shown].every((each) => colours.has(each));
  } catch {
    return false; // whoever opens it says what is wrong
  }
}

/**
 * How a picture was made, as its file says; null for one that says nothing.
 * @param {File} file @returns {Promise<any>}
 */
export async function told(file) {
  const text = textOf(new Uint8Array(await file.arrayBuffer()), "pixelguide");
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/**
 * The map that an edited picture follows, and its part of the photograph, as its file says.
 * @param {Store} store @param {any} made what it told
 * @returns {Promise<{map: LabelMap | null, part: import("./core/square.js").Square | null}>} null for
 *   what it does not say, and for maps of other models
 */
export async function mapAndPart({ state }, made) {
  const { size, labels, model } = state.category;
  const known = new Set(labels.map(({ id }) => id));
  const own = [undefined, model.name].includes(made?.report?.settings?.model?.name);
  let map = null;
  try {
    const bytes = Uint8Array.from(atob(made?.map ?? ""), (each) => each.charCodeAt(0));
    const { width, height, ids } = await decodeLabels(bytes);
    const fits = own && width === size && height === size && ids.every((id) => known.has(id));
    if (fits) map = new LabelMap(width, height, ids);
  } catch {
    // it says none that can be read
  }
  const [x, y, side, ...turned] = String(made?.crop ?? "").split(",").map(Number);
  const part = side > 0 && turned.length === 0 ? { x, y, size: side } : null;
  return { map, part };
}

/**
 * Take over the settings of an edit. @param {Store} store @param {any} made what its picture told
 */
export function restoreSettings(store, made) {
  const before = made?.report?.settings;
  if (!before || typeof before !== "object") return;
  const { settings } = store.state;
  /** @type {Record<string, unknown>} */
  const known = {};
  for (const [name, value] of Object.entries(settings)) {
    const kept = before[name];
    if (typeof kept === "number" || (typeof kept === "string" && typeof value === "string"))
      known[name] = kept;
  }
  store.set({ settings: { ...settings, ...known } });
}
