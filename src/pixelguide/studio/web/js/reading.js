/** Opening a picture: the server keeps it and reads its map. */

import * as api from "./api.js";
import { settle } from "./painting.js";
import { pixelsAt } from "./pixels.js";
import { append, fetchMap, sendPicture, version } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

/** Start over with a built-in portrait. @param {Store} store @param {number} index from 0 */
export async function openPortrait(store, index) {
  const { picture } = await api.choosePortrait(index);
  await open(store, picture, `Portrait ${index + 1}`);
}

/**
 * Start over with a picture of the user's.
 * @param {Store} store @param {File} file
 * @returns {Promise<boolean>} whether it was cropped to a square
 */
export async function openPicture(store, file) {
  const { picture, cropped } = await api.uploadPicture(
    file,
    file.type || "application/octet-stream",
  );
  await open(store, picture, file.name.replace(/\.[^.]*$/, ""));
  return cropped;
}

/** @param {Store} store @param {string} picture @param {string} note */
async function open(store, picture, note) {
  const pixels = await pixelsAt(`/api/pictures/${picture}.png`);
  store.state.versions = [];
  const opened = version({ picture, pixels, note });
  append(store, opened);
  read(store, opened);
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
    if (job.state !== "done")
      throw new Error(job.error?.message ?? "Reading the map was cancelled.");
    const map = await fetchMap(/** @type {import("./types.js").Reading} */ (job.result).map);
    version.source = map;
    version.map = map.clone();
    version.reading = null;
  } catch (error) {
    version.reading = { job: null, progress: null, problem: api.explain(error) };
  }
  store.touch(["versions"]);
  if (store.version === version) settle(store);
}
