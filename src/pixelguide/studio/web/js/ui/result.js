/** The candidates of an edit: watched while they form, compared, kept. */

import { again, busy, keep } from "../editing.js";
import { t } from "../i18n.js";
import { dragOut } from "../sharing.js";
import { attemptRow } from "./attempts.js";
import { byId, h, roving } from "./dom.js";
import { showHow } from "./how.js";
import { attempt } from "./notices.js";
import { queueList } from "./queue.js";
import { mountTabs } from "./stages.js";
import { failed, Waiting } from "./waiting.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../store.js").State} State */
/** @typedef {import("../types.js").Run} Run */

/** @type {[State["compare"]["kind"], string][]} */
const COMPARISONS = [
  ["after", t("Edit")],
  ["before", t("Original")],
  ["slider", t("Slider")],
  ["flicker", t("Flicker")],
];

/** Why another may have the higher share. */
const BEST = t("Best: it is surest of this one, which the share does not count.");
/** With less of the region as it was painted, the model did not do what was asked. */
const LOW = 0.5;

/** @param {Store} store */
export function mountResult(store) {
  const side = byId("result");
  const cards = h("div", { class: "cards", role: "radiogroup", "aria-label": t("Candidates") });
  roving(cards);
  const under = h("div", { class: "under" });
  side.append(attemptRow(store), cards, under, queueList(store));
  const compare = comparison(store);
  const strength = strengthSlider(store);
  const actions = [...compare, ...strength, ...buttons(store)];
  const waiting = new Waiting(store);
  let shown = "";
  store.watch(["run", "versions", "current", "stage"], () => {
    const run = store.version?.run ?? null;
    const result = store.state.stage === "result" && run !== null;
    side.hidden = !result;
    if (!run || !result) return;
    showCards(store, cards, run);
    const state = busy(run) ? "busy" : run.state;
    if (state === "busy") waiting.show(run);
    if (state !== shown || state === "failed") {
      const parts = { busy: waiting.parts, done: actions, failed: failed(store, run) };
      under.replaceChildren(...(parts[/** @type {keyof typeof parts} */ (state)] ?? []));
    }
    shown = state;
  });
  mountTabs(store);
}

/** @param {Store} store @param {HTMLElement} cards @param {Run} run */
function showCards(store, cards, run) {
  const count = run.outcome?.candidates.length ?? run.settings.num_images;
  while (cards.childElementCount > count) cards.lastElementChild?.remove();
  while (cards.childElementCount < count) cards.append(card(store, cards.childElementCount));
  [...cards.children].forEach((element, k) => {
    const candidate = run.outcome?.candidates[k];
    const image = /** @type {HTMLImageElement} */ (element.querySelector("img"));
    const source = candidate?.url ?? run.progress?.previews?.[k];
    if (source && image.getAttribute("src") !== source) image.src = source;
    if (!source && !busy(run)) image.removeAttribute("src");
    image.hidden = !image.hasAttribute("src");
    element.classList.toggle("forming", busy(run));
    element.setAttribute("aria-checked", String(k === run.chosen));
    /** @type {HTMLElement} */ (element).tabIndex = k === run.chosen ? 0 : -1;
    const score = /** @type {HTMLElement} */ (element.querySelector(".score"));
    const { text, title, doubtful } = verdict(candidate, k === run.outcome?.best);
    score.textContent = text;
    score.title = title;
    score.classList.toggle("doubtful", doubtful);
    const name = t("Candidate {number}", { number: k + 1 });
    element.setAttribute("aria-label", `${name} ${doubtful ? title : text}`.trim());
  });
}

/**
 * What is said of a candidate.
 * @param {import("../types.js").Candidate | undefined} candidate @param {boolean} best
 */
function verdict(candidate, best) {
  if (!candidate) return { text: "", title: "", doubtful: false };
  const share = `${Math.round(100 * candidate.roi_accuracy)} %`;
  const match = t("{share} match", { share });
  const low = candidate.roi_accuracy < LOW;
  const doubtful = low || !!candidate.unlikely;
  const about = [t("The model reads {share} of the region as you painted it.", { share })];
  if (low) about.push(t("That is low: look whether it did what you wanted."));
  if (candidate.unlikely) about.push(t("It looks unlike the pictures that the model knows."));
  if (best) about.push(BEST);
  const text = [doubtful ? `⚠ ${match}` : match, ...(best ? [t("best")] : [])].join(" · ");
  return { text, title: about.join(" "), doubtful };
}

/** @param {Store} store @param {number} k */
function card(store, k) {
  return h(
    "button",
    {
      class: "card",
      role: "radio",
      draggable: true,
      ondragstart: (/** @type {DragEvent} */ event) => dragOut(store, k, event),
      "data-roving": true,
      onclick: () => {
        const run = store.version?.run;
        if (!run) return;
        run.chosen = k;
        store.touch(["run"]);
      },
    },
    h("img", { alt: "", draggable: false }),
    h("span", { class: "score" }),
  );
}

/** @param {Store} store */
function comparison(store) {
  const made = COMPARISONS.map(([kind, text]) =>
    h(
      "button",
      {
        role: "radio",
        "data-roving": true,
        "data-compare": kind,
        onclick: () => store.set({ compare: { ...store.state.compare, kind } }),
      },
      text,
    ),
  );
  const group = h(
    "div",
    { class: "choice wide", role: "radiogroup", "aria-label": t("Compare") },
    ...made,
  );
  roving(group);
  const split = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": t("Where the original ends"),
    oninput: () => store.set({ compare: { kind: "slider", at: split.valueAsNumber } }),
  });
  store.watch(["compare"], () => {
    const { kind, at } = store.state.compare;
    for (const button of made) {
      const chosen = button.dataset.compare === kind;
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    split.hidden = kind !== "slider";
    split.value = String(at);
  });
  return [group, split];
}

/** @param {Store} store */
function strengthSlider(store) {
  const value = h("output");
  const slider = h("input", {
    type: "range",
    id: "strength",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": t("Strength"),
    oninput: () => {
      const run = store.version?.run;
      if (!run) return;
      run.strength = slider.valueAsNumber;
      store.touch(["run"]);
    },
  });
  store.watch(["run", "current", "versions"], () => {
    const strength = store.version?.run?.strength ?? 1;
    slider.value = String(strength);
    value.textContent = `${Math.round(100 * strength)} %`;
    slider.setAttribute("aria-valuetext", value.textContent);
  });
  return [h("label", { class: "strength" }, t("Strength"), value, slider)];
}

/** @param {Store} store */
function buttons(store) {
  return [
    h(
      "button",
      {
        class: "primary",
        id: "keep",
        title: t("Go on with this picture"),
        onclick: () => attempt(() => keep(store)),
      },
      t("Keep this one"),
    ),
    h(
      "div",
      { class: "row" },
      h("button", { id: "again", onclick: () => attempt(() => again(store)) }, t("Another seed")),
      h(
        "button",
        { id: "how", title: t("How it was made"), onclick: () => showHow(store) },
        t("Details"),
      ),
    ),
  ];
}
