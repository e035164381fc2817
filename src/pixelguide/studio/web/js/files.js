/** Files to keep: pictures, maps, layers, whole projects. */

import * as api from "./api.js";
import { encodePicture, withSettings } from "./core/png.js";
import { howMade } from "./editing.js";
import { t } from "./i18n.js";
import { newStroke, repaint, settle } from "./painting.js";
import { download, pixelsAt } from "./pixels.js";
import { during } from "./ui/notices.js";
import { shownEdit } from "./stage/scene.js";
import { begin, choose, fetchMap, labelPng, sendMap, sendPicture, version } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

/**
 * The photograph's name, and from the second version on which it is.
 * @param {Store} store @param {string} end @param {number} [index] of the version
 */
function fileName({ state }, end, index = state.current) {
  const note = state.versions[0]?.note ?? "";
  const name = note.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-") || "picture";
  return `${name}${index > 0 ? `-v${index + 1}` : ""}${end}`;
}

/**
 * The picture that is shown, with how it was made; in its photograph, if it is a part of one.
 * @param {Store} store
 */
export async function savePicture(store) {
  const { version } = store;
  if (!version) return;
  const run = store.state.stage === "result" ? version.run : null;
  const png = await during(t("Saving the picture …"), () =>
    version.inPhotograph ? inPhotograph(store, version) : alone(store, version),
  );
  download(
    new Blob([png], { type: "image/png" }),
    fileName(store, run?.outcome ? "-edit.png" : ".png"),
  );
}

/** @param {Store} store @param {Version} version */
async function alone(store, version) {
  const run = store.state.stage === "result" ? version.run : null;
  if (run?.outcome && run.strength === 1) {
    return api.getBytes(run.outcome.candidates[run.chosen].url);
  }
  const how = JSON.stringify(howMade(store) ?? {});
  const { data, width, height } = (run?.outcome && shownEdit(version, run)) || version.pixels;
  return encodePicture(data, width, height, how);
}

/** @param {Store} store @param {Version} version */
async function inPhotograph(store, version) {
  const run = store.state.stage === "result" ? version.run : null;
  try {
    if (run?.outcome) {
      const { job, chosen, strength } = run;
      return await api.getBytes(`/api/results/${job}/${chosen}/photograph.png?strength=${strength}`);
    }
    const png = await api.getBytes(`/api/pictures/${version.picture}/photograph.png`);
    return withSettings(png, JSON.stringify(howMade(store) ?? {}));
  } catch (error) {
    if (!(error instanceof api.ServerError) || error.status !== 404) throw error;
    version.inPhotograph = false;
    store.touch(["versions"]);
    throw new Error("The server has forgotten the photograph. Save again for the part alone.");
  }
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
    const size = `${map.width}×${map.height}`;
    throw new Error(`This map has ${read.width}×${read.height} pixels, the picture ${size}.`);
  }
  repaint(store, read.ids, "import", newStroke());
  settle(store);
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
        source,
        map: each.target ? await fetchMap(each.target) : source.clone(),
        made: state?.made?.[k] ? { strength: 1, ...state.made[k], job: each.job ?? "" } : null,
      });
    }),
  );
  if (opened.length === 0) throw new Error("This project is empty.");
  const { category } = store.state;
  if (opened.some(({ pixels }) => pixels.width !== category.size)) {
    throw new Error(`This project's pictures are not ${category.size}×${category.size} pixels.`);
  }
  if (!(await leave())) return false;
  await begin(store);
  store.set({ versions: opened, settings: { ...store.state.settings, ...state?.settings } });
  choose(store, Math.min(opened.length - 1, state?.current ?? opened.length - 1));
  return true;
}
