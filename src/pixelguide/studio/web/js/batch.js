/** Several pictures at once: each becomes work of its own among the recent, with the same edit begun. */

import * as api from "./api.js";
import { inside, largest } from "./core/square.js";
import { edit } from "./editing.js";
import { applicableStarters, isReady, repaint, settle } from "./painting.js";
import { openPicture } from "./reading.js";
import { initialState, Store } from "./store.js";

/** @typedef {import("./core/square.js").Square} Square */
/** @typedef {import("./core/square.js").Size} Size */

/** Pictures taken at a time: as many as the recent work shows. */
export const MOST = 24;

/**
 * Read one picture, do an edit with it, and keep it among the recent work.
 * @param {Store} store of the page @param {File} file
 * @param {string} starter name of the edit; "" for none
 * @param {() => boolean} stopped whether it is no longer wanted
 */
export async function work(store, file, starter, stopped) {
  const own = new Store(initialState(store.state.category));
  own.state.settings = { ...store.state.settings };
  await openPicture(own, file, partOf, async () => !stopped());
  const { version } = own;
  if (!version || stopped()) return;
  await new Promise((resolve) =>
    own.watch(["versions"], () => {
      if (!version.reading || version.reading.problem) resolve(null);
    }),
  );
  if (version.reading?.problem) throw new Error(version.reading.problem);
  const found = applicableStarters(own).find(({ info }) => info.name === starter);
  if (found && !stopped()) {
    repaint(own, found.ids, found.info.title);
    settle(own);
    if (isReady(own.state.plan)) await edit(own);
    if (version.run?.state === "failed") throw new Error(version.run.problem ?? "");
  }
  if (!stopped()) await store.keeping?.keepAside(own.state);
}

/**
 * The part of a photograph that nobody chose: its largest face, else what is proposed by hand.
 * @param {string} url @param {Size} photograph @param {number} smallest @returns {Promise<Square>}
 */
async function partOf(url, photograph, smallest) {
  const { faces } = await api.getJson(`${url}/faces`).catch(() => ({ faces: null }));
  const [face] = faces ?? [];
  return face ? inside(face.part, photograph, smallest) : largest(photograph);
}
