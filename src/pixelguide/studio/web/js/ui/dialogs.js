/** Dialogs: one over another, closed by Escape, by their button or by a click beside them. */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { raiseNotices } from "./notices.js";

/** @param {string} title @param {...(Node | string)} content @returns {HTMLDialogElement} shown */
export function dialog(title, ...content) {
  const close = h(
    "button",
    { class: "plain", "aria-label": "Close", onclick: () => element.close() },
    icon("close"),
  );
  let beside = false; // where the button went down: text may be selected beyond the edge
  const element = h(
    "dialog",
    {
      "aria-label": title,
      onclose: () => {
        raiseNotices();
        element.remove();
      },
      onpointerdown: (/** @type {Event} */ event) => (beside = event.target === element),
      onclick: (/** @type {Event} */ event) =>
        beside && event.target === element && element.close(),
    },
    h("div", { class: "sheet" }, h("header", {}, h("h2", {}, title), close), ...content),
  );
  byId("dialogs").append(element);
  element.showModal();
  raiseNotices();
  return element;
}

/** @param {string} title @param {string} question @param {string} yes @returns {Promise<boolean>} */
export function confirmed(title, question, yes) {
  return new Promise((resolve) => {
    let answer = false;
    const accept = () => {
      answer = true;
      element.close();
    };
    const element = dialog(
      title,
      h("p", {}, question),
      h(
        "div",
        { class: "row end" },
        h("button", { onclick: () => element.close() }, "Keep working"),
        h("button", { class: "primary", onclick: accept }, yes),
      ),
    );
    element.addEventListener("close", () => resolve(answer));
  });
}
