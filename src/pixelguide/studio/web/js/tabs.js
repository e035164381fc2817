/** Which record of the browser's database a tab works on, so that no two write the same.
 *
 * A tab knows its record from its session storage, also after a reload, and holds a lock named
 * after it for as long as it works on it. On plain HTTP there are no locks. */

import { uuid } from "./api.js";

const KEY = "pixelguide-record",
  LOCK = "pixelguide-record ";
/** Milliseconds that a page may take to go, and give its lock back, when it is loaded again. */
const LEAVING = 1000;

/** What gives the locks of this tab back, by record. @type {Map<string, () => void>} */
const releases = new Map();

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

/** A record of its own for new work. @returns {Promise<string>} its name */
export async function fresh() {
  const name = uuid();
  await take(name);
  return name;
}

/** Work on a record from now on, if no other tab does. @param {string} name */
export async function take(name) {
  if (!(await held(name))) return false;
  sessionStorage.setItem(KEY, name);
  return true;
}

/** Work on a record no more. @param {string} name */
export function release(name) {
  releases.get(name)?.();
  releases.delete(name);
}

/** The records on which some tab works now. @returns {Promise<Set<string>>} */
export async function inUse() {
  const locks = (await navigator.locks?.query())?.held ?? [];
  return new Set(locks.map(({ name = "" }) => name.slice(LOCK.length)));
}

/**
 * Hold a record's lock, if no other tab holds it.
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
      return lock && new Promise((end) => releases.set(name, () => end(undefined)));
    };
    locks.request(LOCK + name, how, keep).catch(() => resolve(false));
  });
}
