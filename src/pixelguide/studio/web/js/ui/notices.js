/** Short messages, also read aloud: in a bar of their own, or at the top of the topmost dialog, so
 * that they lie over nothing. */

import { explain } from "../api.js";
import { t } from "../i18n.js";
import { byId, h } from "./dom.js";
import { showShare } from "./progress.js";

/** Milliseconds after which one hears that something takes its time. */
const LONG = 250;

/**
 * @param {string} text
 * @param {"note" | "error"} [kind] a new error takes the last one's place
 * @param {boolean} [lasting] whether it stays when something else succeeds
 * @returns {() => void} takes it away
 */
export function notify(text, kind = "note", lasting = false) {
  const close = () => notice.remove();
  const notice = h(
    "div",
    { class: `notice ${kind}${lasting ? " lasting" : ""}`, role: kind === "error" ? "alert" : "status" },
    h("span", {}, text),
    kind === "error" && h("button", { class: "quiet", onclick: close }, t("Close")),
  );
  if (kind === "error") clearErrors();
  place().append(notice);
  if (kind === "note") setTimeout(close, 5000);
  return close;
}

/** What went wrong before is over. */
export function clearErrors() {
  for (const error of errors()) error.remove();
}

/** A dialog closes: what it says and is not over goes on outside. @param {HTMLElement} dialog */
export function handOn(dialog) {
  const left = dialog.querySelectorAll(".notice");
  dialog.remove();
  place().append(...left);
}

/**
 * Do something; tell the user if it fails, and what failed before is over if it does not.
 * @param {() => Promise<unknown>} action
 */
export async function attempt(action) {
  const before = errors();
  try {
    await action();
    for (const error of before) error.remove();
  } catch (error) {
    notify(explain(error), "error");
  }
}

/**
 * Do something that may take long, and say so meanwhile.
 * @template T @param {string} text what is done
 * @param {(tell: (share: {done: number, total: number}) => void) => Promise<T>} action may tell how far
 *   it is
 * @returns {Promise<T>}
 */
export async function during(text, action) {
  const bar = h("progress", { "aria-label": text });
  const notice = h("div", { class: "notice work", role: "status" }, h("span", {}, text), bar);
  const soon = setTimeout(() => place().append(notice), LONG);
  try {
    return await action((share) => showShare(bar, share));
  } finally {
    clearTimeout(soon);
    notice.remove();
  }
}

const errors = () => [...document.querySelectorAll(".notice.error:not(.lasting)")];

/** Where a message is seen: all but the topmost dialog lies behind it, and cannot be pressed. */
function place() {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  const own = dialog?.querySelector(".notices");
  return /** @type {HTMLElement} */ (own) ?? byId("notices");
}
