/** Dialogs: one over another, closed by Escape, by their button or by a click beside them. */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "../i18n.js";
import { handOn } from "./notices.js";

/**
 * @param {string} title @param {...(Node | string | false)} content
 * @returns {HTMLDialogElement} shown
 */
export function dialog(title, ...content) {
  const close = h(
    "button",
    { class: "plain", "aria-label": t("Close"), onclick: () => element.close() },
    icon("close"),
  );
  let beside = false; // where the button went down: text may be selected beyond the edge
  const element = h(
    "dialog",
    {
      "aria-label": title,
      onclose: () => handOn(element),
      onpointerdown: (/** @type {Event} */ event) => (beside = event.target === element),
      onclick: (/** @type {Event} */ event) =>
        beside && event.target === element && element.close(),
    },
    h(
      "div",
      { class: "sheet" },
      h("header", {}, h("h2", {}, title), close),
      h("div", { class: "notices" }),
      ...content,
    ),
  );
  byId("dialogs").append(element);
  element.showModal();
  return element;
}

/**
 * Ask for one of several answers.
 * @template {string} T
 * @param {string} title @param {string} question
 * @param {[T, string][]} answers what each means and says; the last is the one to recommend
 * @returns {Promise<T | null>} null if the dialog is closed otherwise
 */
export function asked(title, question, answers) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let answer = null;
    const buttons = answers.map(([value, text], k) =>
      h(
        "button",
        {
          class: k === answers.length - 1 ? "primary" : "",
          "data-answer": value,
          onclick: () => {
            answer = value;
            element.close();
          },
        },
        text,
      ),
    );
    const element = dialog(title, h("p", {}, question), h("div", { class: "row end" }, ...buttons));
    element.addEventListener("close", () => resolve(answer));
  });
}

/** @param {string} title @param {string} question @param {string} yes @returns {Promise<boolean>} */
export async function confirmed(title, question, yes) {
  const answers = /** @type {["no" | "yes", string][]} */ ([
    ["no", t("Keep working")],
    ["yes", yes],
  ]);
  return (await asked(title, question, answers)) === "yes";
}
