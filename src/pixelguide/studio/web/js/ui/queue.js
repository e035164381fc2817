/** The seeds that wait for the model, each with its progress and a way to give it up. */

import { cancelQueued } from "../queueing.js";
import { t } from "../i18n.js";
import { h } from "./dom.js";
import { attempt } from "./notices.js";
import { progressBar, progressText } from "./progress.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").Run} Run */
/** @typedef {{element: HTMLElement, show: () => void}} Row */

/** @param {Store} store @returns {HTMLElement} hidden while nothing waits */
export function queueList(store) {
  const list = h("ul", { class: "queue", "aria-label": t("Queue") });
  /** Made once each, so that the focus stays while bars move. @type {WeakMap<Run, Row>} */
  const rows = new WeakMap();
  store.watch(["run", "versions", "current"], () => {
    const { version } = store;
    const queue = version?.queue ?? [];
    list.hidden = queue.length === 0;
    const shown = queue.map((run) => {
      const known = rows.get(run) ?? row(store, run);
      rows.set(run, known);
      known.show();
      return known.element;
    });
    const same = shown.length === list.childElementCount && shown.every((each, k) => each === list.children[k]);
    if (!same) list.replaceChildren(...shown);
  });
  return list;
}

/** @param {Store} store @param {Run} run @returns {Row} */
function row(store, run) {
  const { seed } = run.settings;
  const text = h("span", {});
  const bar = h("div");
  const give = t("Cancel seed {seed}", { seed });
  const stop = async () => {
    const { version } = store;
    if (version) await cancelQueued(store, version, run);
  };
  const element = h(
    "li",
    { "data-seed": seed },
    text,
    h(
      "button",
      { class: "quiet", "aria-label": give, title: give, onclick: () => attempt(stop) },
      t("Cancel"),
    ),
    bar,
  );
  const show = () => {
    const progress = progressText(run.progress, store.state.category.model.name);
    const told = t("Seed {seed}: {progress}", { seed, progress });
    if (text.textContent !== told) text.textContent = told;
    bar.replaceChildren(progressBar(run.progress));
  };
  return { element, show };
}
