/** Versions of the work: each a picture with its map, its history of strokes and its last edit. */

import * as api from "./api.js";
import { History } from "./core/history.js";
import { LabelMap } from "./core/label_map.js";
import { decodeLabels, encodeGrey, encodeLabels, encodePicture } from "./core/png.js";
import { settle } from "./painting.js";
import { rgb } from "./pixels.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */
/** @typedef {import("./types.js").Category} Category */

/**
 * @param {{picture: string, pixels: ImageData, note: string} & Partial<Version>} parts
 * @returns {Version}
 */
export function version(parts) {
  return {
    id: api.uuid(),
    inPhotograph: false,
    part: null,
    unfamiliar: false,
    source: null,
    map: null,
    history: new History(),
    wanted: {},
    colours: {},
    islands: { out: [], in: [] },
    reading: null,
    run: null,
    attempts: [],
    queue: [],
    made: null,
    ...parts,
  };
}

/** Begin with other work; what is open stays among the recent, where it is kept. @param {Store} store */
export async function begin(store) {
  if (store.keeping) await store.keeping.leave();
  else store.state.versions = [];
}

/** Put a version at the end of the strip and go on with it. @param {Store} store @param {Version} next */
export function append(store, next) {
  const versions = [...store.state.versions, next];
  store.set({ versions, current: versions.length - 1, stage: "paint" });
  settle(store);
}

/** Go on with a version. @param {Store} store @param {number} index */
export function choose(store, index) {
  const done = store.state.versions[index]?.run?.state === "done";
  store.set({ current: index, stage: done ? store.state.stage : "paint" });
  settle(store);
}

/** Give up a version made from another, and go on with the one before. @param {Store} store @param {number} index */
export function remove(store, index) {
  if (index < 1) return;
  store.state.versions = store.state.versions.toSpliced(index, 1);
  choose(store, index - 1);
  store.touch(["versions"]);
}

/** A label map of the server. @param {string} id @returns {Promise<LabelMap>} */
export async function fetchMap(id) {
  const { width, height, ids } = await decodeLabels(await api.getBytes(`/api/maps/${id}.png`));
  return new LabelMap(width, height, ids);
}

/** The file of a map. @param {Category} category @param {LabelMap} map */
export function labelPng(category, map) {
  return encodeLabels(map.ids, map.width, map.height, category.palette.map(rgb));
}

/** Give a map to the server. @param {Category} category @param {LabelMap} map */
export async function sendMap(category, map) {
  return (await api.uploadMap(await labelPng(category, map))).map;
}

/**
 * Give a mask to the server.
 * @param {Uint8Array} mask 1 = chosen @param {number} width @param {number} height
 */
export async function sendRegion(mask, width, height) {
  const png = await encodeGrey(mask.map((inside) => 255 * inside), width, height);
  return (await api.uploadRegion(png)).region;
}

/**
 * The server's id of a version's picture. A server that no longer has it gets it again.
 * @param {Version} version
 */
export async function sendPicture(version) {
  if (version.picture) {
    try {
      await api.getBytes(`/api/pictures/${version.picture}.png`);
      return version.picture;
    } catch (error) {
      if (!(error instanceof api.ServerError) || error.status !== 404) throw error;
    }
  }
  const { data, width, height } = version.pixels;
  const png = await encodePicture(data, width, height, "{}");
  version.picture = (await api.uploadPicture(png, "image/png")).picture;
  version.inPhotograph = false;
  version.part = null;
  return version.picture;
}
