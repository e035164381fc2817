/** Opening a picture: the server keeps it and reads its map. */

import * as api from "./api.js";
import { t } from "./i18n.js";
import { IGNORE } from "./core/label_map.js";
import { mapAndPart } from "./own_files.js";
import { repaint, settle } from "./painting.js";
import { pixelsAt } from "./pixels.js";
import { during } from "./ui/notices.js";
import { append, begin, fetchMap, sendPicture, version } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

/** @typedef {import("./types.js").LabelMap} LabelMap */

/** Ids, with those of `known` where they say none. @param {Uint8Array} ids @param {Uint8Array} known */
export const withUnlabelled = (ids, known) => ids.map((id, k) => (id === IGNORE ? known[k] : id));

/** The side of a part that has just enough pixels. @param {Store} store @param {import("./core/square.js").Size} photograph */
export function smallestPart({ state }, { width, height }) {
  return Math.min(Math.ceil(state.category.size / 2), width, height);
}

/** @typedef {() => Promise<boolean>} Leave asks whether what is open may go, where it is not kept */

/**
 * Begin with a built-in portrait.
 * @param {Store} store @param {number} index from 0 @param {Leave} leave
 * @returns {Promise<boolean>} whether it was opened, and not called off
 */
export async function openPortrait(store, index, leave) {
  const { picture } = await api.choosePortrait(index);
  return open(store, { picture, note: t("Portrait {number}", { number: index + 1 }) }, leave);
}

/**
 * Begin with a picture of the user's.
 * @param {Store} store @param {File} file
 * @param {typeof import("./ui/crop.js").choosePart} choosePart asks which part of a photograph
 * @param {Leave} leave
 * @param {any} [made] how it was made, as a file of ours says: its map and its part come back
 * @returns {Promise<boolean>} whether it was opened, and not called off
 */
export async function openPicture(store, file, choosePart, leave, made = null) {
  const sent = await during(t("Opening the picture …"), () =>
    api.uploadPicture(file, file.type || "application/octet-stream"),
  );
  const note = file.name.replace(/\.[^.]*$/, "");
  const known = await mapAndPart(store, made);
  const photograph = { width: sent.original_width, height: sent.original_height };
  if (!sent.photograph) {
    const whole = made?.photograph ? null : known.map; // what is left of a photograph is another
    return open(store, { picture: sent.picture, note, ...mapped(whole) }, leave);
  }
  const url = `/api/photographs/${sent.photograph}`;
  const same =
    made?.photograph?.width === photograph.width && made.photograph.height === photograph.height;
  const before = (same && known.part) || null;
  const square = before ?? (await choosePart(url, photograph, smallestPart(store, photograph)));
  if (!square) return false;
  const { picture } = await api.takePart(sent.photograph, square);
  const part = { photograph: sent.photograph, ...photograph, ...square, edits: [] };
  return open(store, { picture, note, inPhotograph: true, part, ...mapped(before && known.map) }, leave);
}

/**
 * Begin with layers: their original, and their map painted over what is read of it.
 * @param {Store} store @param {File} file OpenRaster @param {Leave} leave
 * @returns {Promise<boolean>} whether it was opened, and not called off
 */
export async function openLayers(store, file, leave) {
  const sent = await during(t("Opening the picture …"), () => api.uploadLayers(file));
  const { picture, photograph, part } = sent;
  const note = file.name.replace(/\.[^.]*$/, "");
  const size = { width: sent.original_width, height: sent.original_height };
  const placed = photograph && part && { photograph, ...size, ...part, edits: [] };
  const painted = await fetchMap(sent.map);
  const parts = { picture, note, inPhotograph: !!placed, part: placed || null };
  return open(store, parts, leave, painted);
}

/** A map that the picture follows already. @param {LabelMap | null} map */
const mapped = (map) => (map ? { source: map, map: map.clone() } : {});

/**
 * @param {Store} store @param {{picture: string, note: string} & Partial<Version>} parts
 * @param {Leave} leave @param {LabelMap | null} [painted] over the map that is read
 */
async function open(store, parts, leave, painted = null) {
  const pixels = await pixelsAt(`/api/pictures/${parts.picture}.png`);
  if (!(await leave())) return false;
  await begin(store);
  const opened = version({ ...parts, pixels });
  append(store, opened);
  if (!opened.map) read(store, opened).then(() => painted && paintOver(store, opened, painted));
  return true;
}

/** @param {Store} store @param {Version} version @param {LabelMap} painted */
function paintOver(store, { source }, { ids }) {
  if (!source || store.version?.source !== source) return; // it could not be read, or was left
  repaint(store, withUnlabelled(ids, source.ids), t("import"));
  settle(store);
}

/**
 * Have the map of a version's picture read, anew or where it was left off. Failure is noted in the
 * version, from where it can be tried again.
 * @param {Store} store @param {Version} version
 */
export async function read(store, version) {
  version.reading = { job: version.reading?.job ?? null, progress: null, problem: null };
  const { reading } = version;
  store.touch(["versions"]);
  try {
    if (!reading.job) {
      const picture = await sendPicture(version);
      reading.job = (await api.submit({ kind: "segment", picture })).job;
    }
    store.touch(["versions"]);
    const job = await api.follow(reading.job, (progress) => {
      reading.progress = progress;
      store.touch(["versions"]);
    });
    if (job.state !== "done") throw api.failure(job);
    const result = /** @type {import("./types.js").Reading} */ (job.result);
    const map = await fetchMap(result.map);
    version.unfamiliar = ["far", "alien"].includes(result.familiarity?.degree ?? "");
    version.source = map;
    version.map = map.clone();
    version.reading = null;
  } catch (error) {
    version.reading = { job: null, progress: null, problem: api.explain(error) };
  }
  store.touch(["versions"]);
  if (store.version === version) settle(store);
}
