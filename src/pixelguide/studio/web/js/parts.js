/** Another part of the same photograph, with all that was edited so far. */

import * as api from "./api.js";
import { t } from "./i18n.js";
import { pixelsAt } from "./pixels.js";
import { read, smallestPart } from "./reading.js";
import { during } from "./ui/notices.js";
import { append, version as newVersion } from "./versions.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Version} Version */

/**
 * Ask for another part and go on with it: as a further version, unless nothing was done with the
 * one there is.
 * @param {Store} store @param {typeof import("./ui/crop.js").choosePart} choosePart
 */
export async function changePart(store, choosePart) {
  const { version } = store;
  if (!version?.part) return;
  const { part } = version;
  const url = `/api/photographs/${part.photograph}`;
  const square = await choosePart(url, part, smallestPart(store, part), part);
  if (!square) return;
  const base = part.edits.at(-1);
  const { picture } = await during(t("Taking the part …"), () =>
    api.takePart(part.photograph, square, base),
  );
  const pixels = await pixelsAt(`/api/pictures/${picture}.png`);
  const next = newVersion({
    picture,
    pixels,
    note: isUntouched(version) ? version.note : t("Another part"),
    inPhotograph: true,
    part: { ...part, ...square },
  });
  const at = store.state.versions.indexOf(version);
  if (isUntouched(version) && at >= 0) {
    store.state.versions.splice(at, 1, next);
    store.set({ versions: store.state.versions, stage: "paint" });
  } else append(store, next);
  read(store, next);
}

/** @param {Version} version */
const isUntouched = ({ history, run, attempts, made }) =>
  !history.done.length && !history.undone.length && !run && !attempts.length && !made;
