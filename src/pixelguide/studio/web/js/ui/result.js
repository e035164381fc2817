/** The candidates of an edit: watched while they form, compared, kept. */

import { again, busy, keep } from "../editing.js";
import { byId, h, roving } from "./dom.js";
import { showHow } from "./how.js";
import { attempt } from "./notices.js";
import { mountTabs } from "./stages.js";
import { failed, Waiting } from "./waiting.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../store.js").State} State */
/** @typedef {import("../types.js").Run} Run */

/** @type {[State["compare"]["kind"], string][]} */
const COMPARISONS = [
  ["after", "Edit"],
  ["before", "Original"],
  ["slider", "Slider"],
  ["flicker", "Flicker"],
];

/** Why another may have the higher share. */
const BEST = "Best: it is surest of this one, which the share does not count.";

/** @param {Store} store */
export function mountResult(store) {
  const side = byId("result");
  const cards = h("div", { class: "cards", role: "radiogroup", "aria-label": "Candidates" });
  roving(cards);
  const under = h("div", { class: "under" });
  side.append(cards, under);
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
    const share = candidate ? `${Math.round(100 * candidate.roi_accuracy)} %` : "";
    const best = k === run.outcome?.best;
    score.textContent = share && (best ? `${share} · best` : share);
    score.title = `The model reads ${share} of the region as you painted it.${best ? ` ${BEST}` : ""}`;
    element.setAttribute("aria-label", `Candidate ${k + 1} ${score.textContent}`.trim());
  });
}

/** @param {Store} store @param {number} k */
function card(store, k) {
  return h(
    "button",
    {
      class: "card",
      role: "radio",
      "data-roving": true,
      onclick: () => {
        const run = store.version?.run;
        if (!run) return;
        run.chosen = k;
        store.touch(["run"]);
      },
    },
    h("img", { alt: "" }),
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
    { class: "choice wide", role: "radiogroup", "aria-label": "Compare" },
    ...made,
  );
  roving(group);
  const split = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": "Where the original ends",
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
    "aria-label": "Strength",
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
  return [h("label", { class: "strength" }, "Strength", value, slider)];
}

/** @param {Store} store */
function buttons(store) {
  return [
    h(
      "button",
      {
        class: "primary",
        id: "keep",
        title: "Go on with this picture",
        onclick: () => attempt(() => keep(store)),
      },
      "Keep this one",
    ),
    h(
      "div",
      { class: "row" },
      h("button", { id: "again", onclick: () => attempt(() => again(store)) }, "Another seed"),
      h(
        "button",
        { id: "how", title: "How it was made", onclick: () => showHow(store) },
        "Details",
      ),
    ),
  ];
}
