/** Versions between the page and its database, where classes lose their methods. */

import { History } from "./core/history.js";
import { LabelMap } from "./core/label_map.js";

/** @typedef {import("./core/patch.js").Patch} Patch */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Version} Version */

/**
 * A version as plain data.
 * @param {Version} version @param {(patch: Patch) => string} named keeps a stroke, and names it
 */
export function plain(version, named) {
  const { done, undone } = version.history;
  const at = version.run ? version.attempts.indexOf(version.run) : -1;
  return {
    ...version,
    at,
    // The server has the pixels of those that are not shown.
    attempts: version.attempts.map((run, k) => plainRun(k === at ? run : { ...run, edits: [] })),
    queue: version.queue.map(plainRun),
    run: at < 0 && version.run ? plainRun(version.run) : null,
    history: { done: done.map(named), undone: undone.map(named) },
  };
}

/** @param {Run} run */
const plainRun = (run) => ({ ...run, progress: null });

/** @param {any} content @param {Map<string, Patch>} patches @returns {Version} */
export function revived({ at = -1, ...content }, patches) {
  const history = new History();
  const found = (/** @type {string} */ id) => patches.get(id) ?? [];
  history.done = content.history.done.flatMap(found);
  history.undone = content.history.undone.flatMap(found);
  const attempts = (content.attempts ?? []).map(revivedRun);
  const queue = (content.queue ?? []).map(revivedRun);
  const run = attempts[at] ?? revivedRun(content.run);
  if (run?.state === "done" && at < 0) attempts.push(run); // kept before there were several
  return {
    part: null,
    islands: { out: [], in: [] },
    colours: {},
    ...content,
    source: map(content.source),
    map: map(content.map),
    history,
    attempts,
    queue,
    run,
  };
}

/** @param {any} content @returns {Run | null} */
function revivedRun(content) {
  if (!content) return null;
  const back = content.back ? { ...content.back, run: revivedRun(content.back.run) } : null;
  return { ...content, target: map(content.target), back };
}

/** @param {LabelMap | null} content */
function map(content) {
  return content && new LabelMap(content.width, content.height, content.ids);
}
