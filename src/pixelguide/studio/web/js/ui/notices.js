/** Short messages at the foot of the canvas, also read aloud. */

import { explain } from "../api.js";
import { byId, h } from "./dom.js";

/** @param {string} text @param {"note" | "error"} [kind] a new error takes the last one's place */
export function notify(text, kind = "note") {
  const close = () => notice.remove();
  const notice = h(
    "div",
    { class: `notice ${kind}`, role: kind === "error" ? "alert" : "status" },
    text,
    kind === "error" && h("button", { class: "quiet", onclick: close }, "Close"),
  );
  if (kind === "error") clearErrors();
  raiseNotices();
  byId("notices").append(notice);
  if (kind === "note") setTimeout(close, 5000);
}

/** What went wrong before is over. */
export function clearErrors() {
  for (const error of byId("notices").querySelectorAll(".error")) error.remove();
}

/** Into the topmost dialog, if one is open: all else lies behind it, and cannot be pressed. */
export function raiseNotices() {
  const place = [...document.querySelectorAll("dialog[open]")].at(-1) ?? byId("stage");
  const notices = byId("notices");
  if (notices.parentElement !== place) place.append(notices);
}

/** Do something; tell the user if it fails. @param {() => Promise<unknown>} action */
export async function attempt(action) {
  try {
    await action();
  } catch (error) {
    notify(explain(error), "error");
  }
}
