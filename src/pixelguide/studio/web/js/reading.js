/** Opening a picture: the server keeps it and reads its map. */

import * as api from "./api.js";
import { t } from "./i18n.js";
import { settle } from "./painting.js";
import { pixelsAt } from "./pixels.js";
import { during } from "./ui/notices.js";
import { append, begin, fetchMap, sendPicture, version } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

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
 * @returns {Promise<boolean>} whether it was opened, and not called off
 */
export async function openPicture(store, file, choosePart, leave) {
  const sent = await during(t("Opening the picture …"), () =>
    api.uploadPicture(file, file.type || "application/octet-stream"),
  );
  let { picture } = sent;
  if (sent.photograph) {
    const photograph = { width: sent.original_width, height: sent.original_height };
    const half = Math.ceil(store.state.category.size / 2);
    const smallest = Math.min(half, photograph.width, photograph.height);
    const url = `/api/photographs/${sent.photograph}.jpg`;
    const square = await choosePart(url, photograph, smallest);
    if (!square) return false;
    picture = (await api.takePart(sent.photograph, square)).picture;
  }
  const note = file.name.replace(/\.[^.]*$/, "");
  return open(store, { picture, note, inPhotograph: sent.photograph !== null }, leave);
}

/**
 * @param {Store} store @param {{picture: string, note: string} & Partial<Version>} parts
 * @param {Leave} leave
 */
async function open(store, parts, leave) {
  const pixels = await pixelsAt(`/api/pictures/${parts.picture}.png`);
  if (!(await leave())) return false;
  await begin(store);
  const opened = version({ ...parts, pixels });
  append(store, opened);
  read(store, opened);
  return true;
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
