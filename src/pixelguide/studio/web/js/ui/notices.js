/** Short messages at the foot of the canvas, also read aloud. */

import { explain } from "../api.js";
import { byId, h } from "./dom.js";

/** @param {string} text @param {"note" | "error"} [kind] */
export function notify(text, kind = "note") {
  const close = () => notice.remove();
  const notice = h(
    "div",
    { class: `notice ${kind}`, role: kind === "error" ? "alert" : "status" },
    text,
    kind === "error" && h("button", { class: "quiet", onclick: close }, "Close"),
  );
  byId("notices").append(notice);
  if (kind === "note") setTimeout(close, 5000);
}

/** Do something; tell the user if it fails. @param {() => Promise<unknown>} action */
export async function attempt(action) {
  try {
    await action();
  } catch (error) {
    notify(explain(error), "error");
  }
}
