/** More seeds of an edit that is on its way or done: each a job of its own, one after the other. */

import * as api from "./api.js";
import { finish } from "./editing.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Version} Version */

/** Whether more seeds can be asked for. @param {Version | undefined} version */
export const mayQueue = (version) => !!version?.run?.request && version.run.state !== "failed";

/** The first seed that no run of a version has. @param {Version} version @param {number} seed */
export function nextSeed({ run, attempts, queue }, seed) {
  const runs = [...attempts, ...queue, ...(run ? [run] : [])];
  return Math.max(seed, ...runs.map(({ settings }) => settings.seed)) + 1;
}

/** Have the same edit made with one more seed, after all that waits. @param {Store} store */
export async function queueSeed(store) {
  const { version, state } = store;
  const like = version?.run;
  if (!version || !like?.request || !mayQueue(version)) return;
  const seed = nextSeed(version, state.settings.seed);
  const request = /** @type {any} */ (like.request);
  /** @type {Run} */
  const run = {
    ...like,
    job: null,
    state: "sending",
    progress: null,
    problem: null,
    passing: false,
    settings: { ...like.settings, seed },
    request: { ...request, settings: { ...request.settings, seed } },
    outcome: null,
    edits: [],
    chosen: 0,
    strength: 1,
    back: null,
  };
  version.queue = [...version.queue, run];
  store.touch(["run"]);
  try {
    run.job = (await api.submit(run.request)).job;
  } catch (error) {
    drop(store, version, run);
    throw error;
  }
  if (run.state === "sending") await watchQueued(store, version, run);
  else await api.cancel(run.job); // cancelled while it was being sent
}

/** Follow a run of the queue to its end. @param {Store} store @param {Version} version @param {Run} run */
export async function watchQueued(store, version, run) {
  if (!run.job) return drop(store, version, run); // it never reached the server
  run.state = "queued";
  try {
    const job = await api.follow(run.job, (progress) => {
      if (run.state === "cancelled") return;
      run.state = "running";
      run.progress = progress;
      store.touch(["run"]);
    });
    if (isCancelled(run)) return;
    if (job.state === "failed") throw api.failure(job);
    if (job.state === "done") {
      await finish(version, run, /** @type {import("./types.js").EditOutcome} */ (job.result));
      run.progress = null;
      run.state = "done";
      version.run ??= run;
    }
  } finally {
    drop(store, version, run);
  }
}

/** @param {Run} run which may have been cancelled while something was waited for */
const isCancelled = (run) => run.state === "cancelled";

/** @param {Store} store @param {Version} version @param {Run} run */
export async function cancelQueued(store, version, run) {
  run.state = "cancelled";
  drop(store, version, run);
  if (run.job) await api.cancel(run.job);
}

/** @param {Store} store @param {Version} version @param {Run} run */
function drop(store, version, run) {
  version.queue = version.queue.filter((each) => each !== run);
  store.touch(["run"]);
}
