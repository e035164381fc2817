/** Running an edit, following it, and going on with one of its candidates. */

import * as api from "./api.js";
import { isReady } from "./painting.js";
import { nextSeed } from "./queueing.js";
import { pixelsAt } from "./pixels.js";
import { shownEdit } from "./stage/comparison.js";
import { append, choose, sendMap, sendPicture, sendRegion, version as newVersion } from "./versions.js";

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
  if (!version?.source || !version.map || !plan || !isReady(plan) || busy(version.run)) return;
  const settings = { ...store.state.settings, ...changes };
  const names = new Map(category.labels.map(({ id, name }) => [id, name]));
  /** @type {Run} */
  const run = {
    job: null,
    state: "sending",
    progress: null,
    problem: null,
    passing: false,
    settings,
    classes: plan.classes.map((id) => names.get(id) ?? String(id)),
    request: null,
    colours: askedColours(version.colours, version.map, category),
    target: version.map.clone(),
    roi: plan.roi,
    outcome: null,
    edits: [],
    chosen: 0,
    strength: 1,
    back: {
      run: version.run?.state === "done" ? version.run : null,
      stage: store.state.stage,
      seed: store.state.settings.seed,
    },
  };
  version.run = run;
  store.set({ settings, stage: "result" });
  store.touch(["run"]);
  try {
    const [picture, source, target, region] = await Promise.all([
      sendPicture(version),
      sendMap(category, version.source),
      sendMap(category, run.target),
      plan.own ? sendRegion(plan.chosen, run.target.width, run.target.height) : null,
    ]);
    run.request = {
      kind: "edit",
      picture,
      source,
      target,
      classes: run.classes,
      settings: {
        ...asked(settings),
        roi: plan.mode,
        ...(Object.keys(run.colours).length > 0 && { colours: run.colours }),
      },
      region,
    };
    run.job = (await api.submit(run.request)).job;
  } catch (error) {
    fail(store, version, run, error);
    return;
  }
  if (run.state === "sending") await watch(store, version, run);
  else await api.cancel(run.job); // cancelled while it was being sent
}

/** Follow a run to its end. @param {Store} store @param {Version} version @param {Run} run */
async function watch(store, version, run) {
  if (!run.job) return;
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
    if (job.state === "failed") throw api.failure(job);
    if (job.state === "done") await finish(version, run, /** @type {EditOutcome} */ (job.result));
    run.state = job.state;
  } catch (error) {
    fail(store, version, run, error);
  }
  run.progress = null;
  if (run.state === "cancelled") giveBack(store, version, run);
  store.touch(["run"]);
}

/** Follow a run that was on its way when the page was left. @param {Store} store @param {Version} version */
export async function resume(store, version) {
  const { run } = version;
  if (run?.job) await watch(store, version, run);
  else if (run) giveBack(store, version, run); // it never reached the server
}

/** @param {Store} store */
export async function cancel(store) {
  const { version } = store;
  const run = version?.run;
  if (!run || !busy(run)) return;
  run.state = "cancelled";
  giveBack(store, version, run);
  if (run.job) await api.cancel(run.job);
}

/**
 * Nothing comes of a run: the candidates there were before it, and their seed, are back.
 * @param {Store} store @param {Version} version @param {Run} run
 */
function giveBack(store, version, run) {
  if (version.run !== run) return;
  const { run: before = null, stage = "paint", seed = run.settings.seed } = run.back ?? {};
  const { settings } = store.state;
  version.run = before;
  if (settings.seed === run.settings.seed) store.set({ settings: { ...settings, seed } });
  if (store.version === version) store.set({ stage: before ? stage : "paint" });
  store.touch(["run"]);
}

/** The same edit with the next seed that was not tried yet. @param {Store} store */
export function again(store) {
  const { seed } = store.state.settings;
  return edit(store, { seed: store.version ? nextSeed(store.version, seed) : seed });
}

/** Go on with the chosen candidate at its strength, as a version. @param {Store} store */
export async function keep(store) {
  const { version } = store;
  const run = version?.run;
  const pixels = version && run && shownEdit(version, run);
  if (!pixels || !run.outcome || !run.job) return;
  const { job, chosen, strength } = run;
  const known = store.state.versions.findIndex(
    ({ made }) => made?.job === job && made.candidate === chosen && made.strength === strength,
  );
  if (known >= 0) {
    choose(store, known);
    store.set({ stage: "paint" });
    return;
  }
  let { picture } = run.outcome.candidates[run.chosen];
  if (run.strength < 1) {
    picture = (await api.keepCandidate(job, chosen, strength)).picture;
  }
  append(
    store,
    newVersion({
      picture,
      pixels,
      note: [...new Set([...run.classes, ...Object.keys(run.colours ?? {})])].join(", "),
      inPhotograph: version.inPhotograph,
      part: version.part && { ...version.part, edits: [...version.part.edits, picture] },
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

/** It has candidates. @param {Version} version @param {Run} run @param {EditOutcome} outcome */
export async function finish(version, run, outcome) {
  run.edits = await editsOf(outcome);
  run.outcome = outcome;
  run.chosen = outcome.best;
  run.back = null;
  version.attempts.push(run);
}

/** @param {EditOutcome} outcome @returns {Promise<ImageData[]>} of each candidate */
const editsOf = ({ candidates }) => Promise.all(candidates.map(({ url }) => pixelsAt(url)));

/** Look at an earlier attempt again. @param {Store} store @param {Run} attempt */
export async function showAttempt(store, attempt) {
  const { version } = store;
  if (!version || busy(version.run) || !attempt.outcome) return;
  if (attempt.edits.length === 0) attempt.edits = await editsOf(attempt.outcome);
  version.run = attempt;
  store.touch(["run"]);
}

/**
 * The colours of classes that the map shows: the server refuses others.
 * @param {Record<string, string>} colours @param {import("./types.js").LabelMap} map
 * @param {import("./types.js").Category} category
 */
function askedColours(colours, map, { labels }) {
  const counts = map.counts();
  const shown = new Set(labels.filter(({ id }) => counts[id]).map(({ name }) => name));
  return Object.fromEntries(Object.entries(colours).filter(([name]) => shown.has(name)));
}

/** Settings left on automatic are the server's to choose. @param {import("./types.js").Settings} settings */
function asked(settings) {
  const { detail, ...others } = settings;
  return {
    ...Object.fromEntries(
      Object.entries(others).filter(([, value]) => value !== "auto" && value !== null),
    ),
    ...(detail === "off" && { detail: false }),
  };
}

/**
 * Where there were candidates before, they are back, and whoever asked hears of it.
 * @param {Store} store @param {Version} version @param {Run} run @param {unknown} error
 */
function fail(store, version, run, error) {
  if (run.state === "cancelled") return;
  run.state = "failed";
  run.problem = api.explain(error);
  run.passing = api.worthRepeating(error);
  if (run.back?.run) {
    giveBack(store, version, run);
    throw error;
  }
  store.touch(["run"]);
}
