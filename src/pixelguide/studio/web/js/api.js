/** The server's routes. Errors come as ServerError with the server's own words. */

import { t } from "./i18n.js";
import { fromServer } from "./server_texts.js";

/** @typedef {import("./types.js").Job} Job */

export class ServerError extends Error {
  /**
   * @param {number} status HTTP status, 0 when the server cannot be reached, 200 for a failed job
   * @param {string} message what is wrong
   * @param {string} [hint] what to do
   * @param {string} [code] of what is wrong
   */
  constructor(status, message, hint = "", code = "") {
    super(message);
    this.status = status;
    this.hint = hint;
    this.code = code;
  }
}

/** A message for people. @param {unknown} error */
export function explain(error) {
  if (error instanceof ServerError)
    return sentences(fromServer(error.message, error.code), fromServer(error.hint));
  return sentences(error instanceof Error ? error.message : String(error));
}

/** Each as a sentence of its own. @param {...string} texts */
function sentences(...texts) {
  const trimmed = texts.map((text) => text.trim()).filter((text) => text);
  return trimmed
    .map((text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : "."))
    .join(" ");
}

/** What a job that failed says. @param {Job} job */
export const failure = ({ error }) =>
  new ServerError(200, error?.message ?? t("The job was cancelled."), error?.hint, error?.code);

/** Whether the same might work later: the server is away or has too much to do. @param {unknown} error */
export const passing = (error) => error instanceof ServerError && [0, 503].includes(error.status);

/** Whether to ask for the same again: it passes, or the job was broken off. @param {unknown} error */
export const worthRepeating = (error) =>
  passing(error) || (error instanceof ServerError && error.code === "worker_died");

/** Random, in the form of a version 4 UUID; crypto.randomUUID is missing on plain HTTP. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** @param {string} path @param {RequestInit} [init] @returns {Promise<Response>} */
export async function request(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ServerError(0, t("The server does not answer."), t("Is it still running?"));
  }
  if (response.ok) return response;
  /** @type {{code?: string, message?: string, hint?: string}} */
  const problem = await response.json().catch(() => ({}));
  const wait = response.headers.get("Retry-After");
  const hint = problem.hint || (wait ? t("Try again in {wait} seconds.", { wait }) : "");
  const message = problem.message ?? `Error ${response.status}.`;
  throw new ServerError(response.status, message, hint, problem.code);
}

/** @param {string} path @returns {Promise<any>} */
export async function getJson(path) {
  return (await request(path)).json();
}

/** @param {string} path @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function getBytes(path) {
  return new Uint8Array(await (await request(path)).arrayBuffer());
}

/** @param {string} path @param {unknown} body @param {Record<string, string>} [headers] */
export function postJson(path, body, headers = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** @param {string} path @param {Blob | Uint8Array<ArrayBuffer>} body @param {string} type */
async function postBytes(path, body, type) {
  const init = { method: "POST", headers: { "Content-Type": type }, body };
  return (await request(path, init)).json();
}

/** @param {number} portrait @returns {Promise<{picture: string}>} */
export async function choosePortrait(portrait) {
  return (await postJson("/api/pictures", { portrait })).json();
}

/**
 * @param {Blob | Uint8Array<ArrayBuffer>} file @param {string} type
 * @returns {Promise<{picture: string, photograph: string | null, original_width: number,
 *   original_height: number}>} photograph: the whole, of which the picture is the middle
 */
export const uploadPicture = (file, type) => postBytes("/api/pictures", file, type);

/**
 * @param {string} photograph @param {import("./core/square.js").Square} square
 * @param {string} [base] a picture, with all edits up to it
 * @returns {Promise<{picture: string}>}
 */
export const takePart = async (photograph, { x, y, size }, base) =>
  (await postJson(`/api/photographs/${photograph}/parts`, { x, y, size, base })).json();

/**
 * Keep a candidate at a strength as a picture.
 * @param {string} job @param {number} candidate @param {number} strength
 * @returns {Promise<{picture: string}>}
 */
export const keepCandidate = async (job, candidate, strength) =>
  (await postJson(`/api/results/${job}/${candidate}/pictures`, { strength })).json();

/** @param {Blob | Uint8Array<ArrayBuffer>} png @returns {Promise<{map: string}>} */
export const uploadMap = (png) => postBytes("/api/maps", png, "image/png");

/**
 * @param {Blob} file OpenRaster
 * @returns {Promise<{picture: string, photograph: string | null, original_width: number,
 *   original_height: number, part: import("./core/square.js").Square | null, map: string}>}
 */
export const uploadLayers = (file) => postBytes("/api/layers", file, "image/openraster");

/** @param {Uint8Array<ArrayBuffer>} png @returns {Promise<{region: string}>} */
export const uploadRegion = (png) => postBytes("/api/regions", png, "image/png");

/**
 * Hand in a job. A repeated attempt carries the same key, so that it cannot run twice.
 * @param {unknown} body @returns {Promise<{job: string}>}
 */
export async function submit(body) {
  const headers = { "Idempotency-Key": uuid() };
  try {
    return await (await postJson("/api/jobs", body, headers)).json();
  } catch (error) {
    if (!(error instanceof ServerError) || error.status !== 0) throw error;
    return (await postJson("/api/jobs", body, headers)).json();
  }
}

/** @param {string} job @returns {Promise<Job>} */
export const cancel = async (job) =>
  (await request(`/api/jobs/${job}`, { method: "DELETE" })).json();

/** @param {unknown} project @returns {Promise<Blob>} a zip */
export const pack = async (project) => (await postJson("/api/projects/pack", project)).blob();

/** @param {Blob} file @returns {Promise<{versions: any[], state: any, parts: string[]}>} */
export const unpack = (file) => postBytes("/api/projects/unpack", file, "application/zip");

/** Milliseconds between two tries. */
const PAUSE = 1000;

/**
 * Follow a job to its end by server-sent events; the browser reconnects by itself.
 * @param {string} id
 * @param {(progress: import("./types.js").Progress) => void} onProgress also told, with the stage
 *   "lost", that the server does not answer
 * @returns {Promise<Job>} in its last state
 */
export function follow(id, onProgress) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/api/jobs/${id}/events`);
    /** @type {import("./types.js").Progress} */
    let last = { stage: "queued", done: 0, total: 1 };
    let ended = false;
    events.addEventListener("progress", (event) => {
      last = JSON.parse(event.data);
      onProgress(last);
    });
    for (const end of ["done", "failed", "cancelled"]) {
      events.addEventListener(end, (event) => {
        ended = true; // the server ends the stream: to close it first would break a request off
        resolve(JSON.parse(/** @type {MessageEvent} */ (event).data));
      });
    }
    events.onerror = () => {
      const refused = events.readyState === EventSource.CLOSED;
      if (ended || refused) events.close();
      if (ended) return;
      onProgress({ ...last, stage: "lost" });
      if (!refused) return;
      const again = () =>
        setTimeout(() => follow(id, onProgress).then(resolve, reject), PAUSE);
      // Refused rather than cut off: the job itself says why.
      getJson(`/api/jobs/${id}`).then(
        (/** @type {Job} */ job) =>
          ["queued", "running"].includes(job.state) ? again() : resolve(job),
        (error) => (passing(error) ? again() : reject(error)),
      );
    };
  });
}
