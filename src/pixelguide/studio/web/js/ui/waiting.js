/** Below the candidates while they are made, and when nothing came of it. */

import { t } from "../i18n.js";
import { again, cancel, edit } from "../editing.js";
import { queueSeed } from "../queueing.js";
import { h } from "./dom.js";
import { attempt } from "./notices.js";
import { progressBar, progressText } from "./progress.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").Run} Run */

/** Made once, so that *Cancel* keeps the keyboard's focus while the bar moves. */
export class Waiting {
  #text = h("p", { class: "hint" });
  #bar = h("div");
  #model;

  /** @type {HTMLButtonElement} */
  #more;

  /** @param {Store} store */
  constructor(store) {
    this.#model = store.state.category.model.name;
    const stop = h("button", { id: "cancel", onclick: () => attempt(() => cancel(store)) }, t("Cancel"));
    this.#more = h(
      "button",
      { id: "queue-seed", onclick: () => attempt(() => queueSeed(store)) },
      t("Queue another seed"),
    );
    this.parts = [this.#text, this.#bar, stop, this.#more];
  }

  /** @param {Run} run */
  show({ progress, request }) {
    this.#more.disabled = !request;
    this.#text.textContent = progressText(progress, this.#model);
    this.#bar.replaceChildren(progressBar(progress));
  }
}

/** What went wrong, and what to try. @param {Store} store @param {Run} run */
export function failed(store, run) {
  const same = () => edit(store, run.settings);
  const other = () => again(store);
  return [
    h("p", { class: "problem" }, run.problem ?? ""),
    h(
      "button",
      { class: "primary", onclick: () => attempt(run.passing ? same : other) },
      run.passing ? t("Try again") : t("Try another seed"),
    ),
  ];
}
