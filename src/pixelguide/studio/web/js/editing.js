/** Running an edit, following it, and going on with one of its candidates. */

import * as api from "./api.js";
import { pixelsAt } from "./pixels.js";
import { shownEdit } from "./stage/scene.js";
import { append, sendMap, sendPicture, version as newVersion } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Made} Made */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Version} Version */
/** @typedef {import("./types.js").EditOutcome} EditOutcome */

/** Whether a run still needs the server. @param {Run | null | undefined} run */
export const busy = (run) => !!run && ["sending", "queued", "running"].includes(run.state);

/**
 * Make the current picture follow the painted map.
 * @param {Store} store
 * @param {Partial<import("./types.js").Settings>} [changes] to the settings, kept for next time
 */
export async function edit(store, changes = {}) {
  const { version } = store;
  const { plan, category } = store.state;
  if (
    !version?.source ||
    !version.map ||
    !plan?.changed ||
    plan.classes.length === 0 ||
    busy(version.run)
  )
    return;
  const settings = { ...store.state.settings, ...changes };
  const names = new Map(category.labels.map(({ id, name }) => [id, name]));
  /** @type {Run} */
  const run = {
    job: null,
    state: "sending",
    progress: null,
    problem: null,
    settings,
    classes: plan.classes.map((id) => names.get(id) ?? String(id)),
    target: version.map.clone(),
    roi: plan.roi,
    outcome: null,
    edits: [],
    chosen: 0,
    strength: 1,
  };
  version.run = run;
  store.set({ settings, stage: "result" });
  store.touch(["run"]);
  try {
    const [picture, source, target] = await Promise.all([
      sendPicture(version),
      sendMap(category, version.source),
      sendMap(category, run.target),
    ]);
    const { job } = await api.submit({
      kind: "edit",
      picture,
      source,
      target,
      classes: run.classes,
      settings: asked(settings),
    });
    run.job = job;
    // Cancelled while it was being sent.
    if (run.state !== "sending") await api.cancel(job);
  } catch (error) {
    fail(store, run, error);
    return;
  }
  await watch(store, version);
}

/** Follow a run to its end. @param {Store} store @param {Version} version */
async function watch(store, version) {
  const { run } = version;
  if (!run?.job) return;
  if (run.state === "sending") run.state = "queued";
  store.touch(["run"]);
  try {
    const job = await api.follow(run.job, (progress) => {
      if (run.state === "cancelled") return;
      run.state = "running";
      run.progress = progress;
      store.touch(["run"]);
    });
    if (run.state === "cancelled") return;
    if (job.state === "failed") throw new Error(`${job.error?.message} ${job.error?.hint ?? ""}`);
    if (job.state === "done") await finish(run, /** @type {EditOutcome} */ (job.result));
    run.state = job.state;
  } catch (error) {
    fail(store, run, error);
  }
  run.progress = null;
  store.touch(["run"]);
}

/** Follow a run that was on its way when the page was left. @param {Store} store @param {Version} version */
export function resume(store, version) {
  if (version.run?.job) return watch(store, version);
  version.run = null; // it never reached the server
  store.set({ stage: "paint" });
  return store.touch(["run"]);
}

/** @param {Store} store */
export async function cancel(store) {
  const run = store.version?.run;
  if (!run || !busy(run)) return;
  run.state = "cancelled";
  store.set({ stage: "paint" });
  store.touch(["run"]);
  if (run.job) await api.cancel(run.job);
}

/** The same edit with the next seed. @param {Store} store */
export function again(store) {
  const seed = (store.version?.run?.settings.seed ?? store.state.settings.seed) + 1;
  return edit(store, { seed });
}

/** Go on with the chosen candidate at its strength, as a new version. @param {Store} store */
export async function keep(store) {
  const { version } = store;
  const run = version?.run;
  const pixels = version && run && shownEdit(version, run);
  if (!pixels || !run.outcome || !run.job) return;
  let { picture } = run.outcome.candidates[run.chosen];
  if (run.strength < 1) {
    picture = (await api.keepCandidate(run.job, run.chosen, run.strength)).picture;
  }
  append(
    store,
    newVersion({
      picture,
      pixels,
      note: run.classes.join(", "),
      inPhotograph: version.inPhotograph,
      unfamiliar: version.unfamiliar,
      source: run.target.clone(),
      map: run.target.clone(),
      made: madeBy(run, run.outcome),
    }),
  );
}

/**
 * How the picture that is shown was made; null for one that was opened.
 * @param {Store} store
 * @returns {Omit<Made, "job"> | null}
 */
export function howMade({ version, state }) {
  const run = state.stage === "result" ? version?.run : null;
  const made = run?.outcome ? madeBy(run, run.outcome) : version?.made;
  return made ? { candidate: made.candidate, strength: made.strength, report: made.report } : null;
}

/** @param {Run} run @param {EditOutcome} outcome @returns {Made} */
function madeBy({ job, chosen, strength }, { report }) {
  return { job: job ?? "", candidate: chosen, strength, report };
}

/** @param {Run} run @param {EditOutcome} outcome */
async function finish(run, outcome) {
  run.edits = await Promise.all(outcome.candidates.map(({ url }) => pixelsAt(url)));
  run.outcome = outcome;
  run.chosen = outcome.best;
}

/** Settings left on automatic are the server's to choose. @param {import("./types.js").Settings} settings */
function asked(settings) {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== "auto" && value !== null),
  );
}

/** @param {Store} store @param {Run} run @param {unknown} error */
function fail(store, run, error) {
  if (run.state === "cancelled") return;
  run.state = "failed";
  run.problem = api.explain(error);
  store.touch(["run"]);
}
