/** Files to keep: pictures, maps, layers, whole projects. */

import * as api from "./api.js";
import { encodePicture, withSettings } from "./core/png.js";
import { howMade } from "./editing.js";
import { fileName } from "./file_names.js";
import { t } from "./i18n.js";
import { newStroke, repaint, settle } from "./painting.js";
import { download, jpegOf, pixelsAt } from "./pixels.js";
import { withUnlabelled } from "./reading.js";
import { contactSheet } from "./sheet.js";
import { during } from "./ui/notices.js";
import { shownEdit } from "./stage/comparison.js";
import { begin, choose, fetchMap, labelPng, sendMap, sendPicture, version } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

/**
 * The picture that is shown; in its photograph, if it is a part of one. A PNG says how it was made.
 * @param {Store} store @param {"png" | "jpg"} [kind]
 */
export async function savePicture(store, kind = "png") {
  const { version } = store;
  if (!version) return;
  const run = store.state.stage === "result" ? version.run : null;
  const content = await during(t("Saving the picture …"), () => pictureFile(store, kind));
  download(content, fileName(store, `${run?.outcome ? "-edit" : ""}.${kind}`));
}

/** The file of the picture that is shown. @param {Store} store @param {"png" | "jpg"} kind @returns {Promise<Blob>} */
export async function pictureFile(store, kind) {
  const { version } = store;
  if (!version) throw new Error(t("Choose a picture"));
  const content = await (version.inPhotograph
    ? inPhotograph(store, version, kind)
    : alone(store, version, kind));
  const type = kind === "png" ? "image/png" : "image/jpeg";
  return content instanceof Blob ? content : new Blob([content], { type });
}

/**
 * @param {Store} store @param {Version} version @param {"png" | "jpg"} kind
 * @returns {Promise<Blob | Uint8Array<ArrayBuffer>>}
 */
async function alone(store, version, kind) {
  const run = store.state.stage === "result" ? version.run : null;
  if (run?.outcome && run.strength === 1 && kind === "png") {
    return api.getBytes(run.outcome.candidates[run.chosen].url);
  }
  const how = await said(store);
  const shown = (run?.outcome && shownEdit(version, run)) || version.pixels;
  if (kind === "jpg") return jpegOf(shown);
  return encodePicture(shown.data, shown.width, shown.height, how);
}

/** @param {Store} store @param {Version} version @param {"png" | "jpg"} kind */
async function inPhotograph(store, version, kind) {
  const run = store.state.stage === "result" ? version.run : null;
  try {
    if (run?.outcome) {
      const { job, chosen, strength } = run;
      const path = `/api/results/${job}/${chosen}/photograph.${kind}?strength=${strength}`;
      return await api.getBytes(path);
    }
    const file = await api.getBytes(`/api/pictures/${version.picture}/photograph.${kind}`);
    return kind === "jpg" ? file : withSettings(file, await said(store));
  } catch (error) {
    if (!(error instanceof api.ServerError) || error.status !== 404) throw error;
    version.inPhotograph = false;
    version.part = null;
    store.touch(["versions"]);
    throw new Error(
      t("The server has forgotten the photograph. Save again for the part alone."),
    );
  }
}

/**
 * What a PNG says of how it was made, with the map that it follows and its part of the photograph.
 * @param {Store} store
 */
async function said(store) {
  const { version, state } = store;
  const made = howMade(store);
  const map = state.stage === "result" ? version?.run?.target : version?.source;
  if (!version || !made || !map) return "{}";
  const png = await labelPng(state.category, map);
  const { part } = version;
  const of = part && {
    photograph: { width: part.width, height: part.height },
    crop: `${part.x},${part.y},${part.size}`,
  };
  return JSON.stringify({ ...made, map: btoa(String.fromCharCode(...png)), ...of });
}

/** The painted map: a palette image, value = class id. @param {Store} store */
export async function saveMap(store) {
  const { version } = store;
  if (!version?.map) return;
  const png = await labelPng(store.state.category, version.map);
  download(new Blob([png], { type: "image/png" }), fileName(store, "-map.png"));
}

/** Original, edit, map and region as layers. @param {Store} store */
export async function saveLayers(store) {
  const { version } = store;
  const made = version?.run?.outcome
    ? { job: version.run.job, candidate: version.run.chosen, strength: version.run.strength }
    : version?.made;
  if (!version || !made) return;
  const { job, candidate, strength } = made;
  const path = `/api/results/${job}.ora?candidate=${candidate}&strength=${strength}`;
  const bytes = await during(t("Saving the layers …"), () => api.getBytes(path));
  download(new Blob([bytes], { type: "image/openraster" }), fileName(store, ".ora"));
}

/** Take a label PNG as the painted map. @param {Store} store @param {File} file */
export async function importMap(store, file) {
  const map = store.version?.map;
  if (!map) return;
  const { map: id } = await api.uploadMap(file);
  const read = await fetchMap(id);
  if (read.width !== map.width || read.height !== map.height) {
    const [own, size] = [read, map].map(({ width, height }) => `${width}×${height}`);
    throw new Error(t("This map has {own} pixels, the picture {size}.", { own, size }));
  }
  repaint(store, withUnlabelled(read.ids, map.ids), t("import"), newStroke());
  store.set({ stage: "paint" });
  settle(store);
}

/** Original and candidates of all attempts on one sheet. @param {Store} store */
export async function saveSheet(store) {
  const { version } = store;
  if (!version?.attempts.length) return;
  const sheet = await during(t("Saving the sheet …"), () => contactSheet(version));
  download(sheet, fileName(store, "-sheet.png"));
}

/** @param {Store} store */
export async function saveProject(store) {
  const { category, versions, current, settings } = store.state;
  /** @type {unknown[]} */
  const packed = [];
  for (const each of versions) {
    if (!each.source || !each.map) continue;
    packed.push({
      picture: await sendPicture(each),
      source: await sendMap(category, each.source),
      target: await sendMap(category, each.map),
      job: each.made?.job ?? null,
      note: each.note,
    });
  }
  const made = versions.filter(({ map }) => map).map((each) => each.made);
  const name = versions[0]?.note ?? "project";
  const pack = () => api.pack({ name, versions: packed, state: { current, settings, made } });
  const zip = await during(t("Saving the project …"), pack);
  download(zip, fileName(store, ".pixelguide.zip", 0));
}

/** @param {boolean} inPhotograph @param {string} picture */
const placement = async (inPhotograph, picture) =>
  inPhotograph ? api.getJson(`/api/pictures/${picture}/placement`) : null;

/**
 * @param {Store} store @param {File} file @param {import("./reading.js").Leave} leave
 * @returns {Promise<boolean>} whether it was opened, and not called off
 */
export async function openProject(store, file, leave) {
  const { versions, state, parts } = await api.unpack(file);
  const opened = await Promise.all(
    versions.map(async (each, k) => {
      const source = await fetchMap(each.source);
      return version({
        picture: each.picture,
        pixels: await pixelsAt(`/api/pictures/${each.picture}.png`),
        note: String(each.note),
        inPhotograph: parts.includes(each.picture),
        part: await placement(parts.includes(each.picture), each.picture),
        source,
        map: each.target ? await fetchMap(each.target) : source.clone(),
        made: state?.made?.[k] ? { strength: 1, ...state.made[k], job: each.job ?? "" } : null,
      });
    }),
  );
  if (opened.length === 0) throw new Error(t("This project is empty."));
  const { category } = store.state;
  if (opened.some(({ pixels }) => pixels.width !== category.size)) {
    const size = `${category.size}×${category.size}`;
    throw new Error(t("This project's pictures are not of {size} pixels.", { size }));
  }
  if (!(await leave())) return false;
  await begin(store);
  store.set({ versions: opened, settings: { ...store.state.settings, ...state?.settings } });
  choose(store, Math.min(opened.length - 1, state?.current ?? opened.length - 1));
  return true;
}
