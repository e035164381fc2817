/** Which record of the browser's database a tab works on, so that no two write the same.
 *
 * A tab knows its record from its session storage, also after a reload, and holds a lock named
 * after it for as long as it lives. On plain HTTP there are no locks. */

import { uuid } from "./api.js";

const KEY = "pixelguide-record",
  LOCK = "pixelguide-record ";
/** Milliseconds that a page may take to go, and give its lock back, when it is loaded again. */
const LEAVING = 1000;

/**
 * The record of this tab.
 * @param {string[]} known names of the records there are, the last used first
 * @returns {Promise<{name: string, from: string | null}>} its name, and the record with which it
 *   begins: a fresh tab goes on with the last that no other tab works on
 */
export async function record(known) {
  const own = known.find((each) => each === sessionStorage.getItem(KEY));
  let from = own && (await held(own, LEAVING)) ? own : null;
  for (const each of known) if (each !== own) from ??= (await held(each)) ? each : null;
  // Without locks the other may be at work: a fresh tab takes a copy.
  const name = from && (navigator.locks || from === own) ? from : uuid();
  if (name !== from) await held(name);
  sessionStorage.setItem(KEY, name);
  return { name, from };
}

/** The records on which some tab works now. @returns {Promise<Set<string>>} */
export async function inUse() {
  const locks = (await navigator.locks?.query())?.held ?? [];
  return new Set(locks.map(({ name = "" }) => name.slice(LOCK.length)));
}

/**
 * Hold a record's lock to the end of this tab, if no other tab holds it.
 * @param {string} name @param {number} [patience] milliseconds to wait for it
 * @returns {Promise<boolean>} whether it is held
 */
function held(name, patience = 0) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(true);
  const how = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
  return new Promise((resolve) => {
    const keep = (/** @type {Lock | null} */ lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => {});
    };
    locks.request(LOCK + name, how, keep).catch(() => resolve(false));
  });
}
