/** Below the classes: what the next edit would change, and the button that runs it. */

import { busy, edit } from "../editing.js";
import { t } from "../i18n.js";
import { applicableStarters, isReady, repaint, settle, toggleIsland } from "../painting.js";
import { colourWells } from "./colours.js";
import { byId, h, roving } from "./dom.js";
import { attempt } from "./notices.js";
import { settingsForm } from "./settings.js";

/** @typedef {import("../store.js").Store} Store */

/** Pixels of a part that is named beside the picture, at least. */
const SMALLEST = 4;
/** How many are named. */
const NAMED = 4;

/** @param {Store} store */
export function mountEdit(store) {
  const plan = h("div", { id: "plan", role: "status" });
  const chips = h("div", { class: "chips" });
  const starters = h("details", { id: "starters" }, h("summary", {}, t("Start with")), chips);
  const run = h(
    "button",
    {
      class: "primary",
      id: "run",
      title: t("Make the picture follow the map (Ctrl+Enter)"),
      onclick: () => attempt(() => edit(store)),
    },
    t("Edit"),
  );
  byId("edit").append(plan, starters, run, settingsForm(store));
  store.watch(["painted", "versions", "current", "run", "classId", "dropper"], () => {
    const ready = !!store.version?.map;
    plan.replaceChildren(...(ready ? [...warned(store), ...planned(store)] : []));
    run.disabled = !isReady(store.state.plan) || busy(store.version?.run);
    run.textContent = busy(store.version?.run) ? t("Editing …") : t("Edit");
  });
  store.watch(["painted", "versions", "current"], () => {
    const offered = applicableStarters(store);
    starters.hidden = offered.length === 0;
    starters.open = !store.state.plan?.changed;
    chips.replaceChildren(...offered.map((starter) => starterButton(store, starter)));
  });
}

/** @param {Store} store @param {ReturnType<typeof applicableStarters>[number]} starter */
function starterButton(store, { info, ids }) {
  const perform = () => {
    repaint(store, ids, t(info.title));
    store.set({ stage: "paint" });
    settle(store);
  };
  const about = { title: t(info.description), "data-starter": info.name };
  return h("button", { class: "chip", ...about, onclick: perform }, t(info.title));
}

/** @param {Store} store */
function warned({ version }) {
  if (!version?.unfamiliar) return [];
  const text = t(
    "This picture is unlike those the model was made for: expect poor edits. Look whether the map is right.",
  );
  return [h("p", { class: "hint unfamiliar" }, text)];
}

/** @param {Store} store @returns {(Node | string)[]} */
function planned(store) {
  const { plan } = store.state;
  if (!plan?.changed)
    return [
      h("p", { class: "hint" }, t("Paint the map where the picture should change.")),
      ...colourWells(store),
    ];
  const share = Math.max(1, Math.round((100 * plan.pixels) / plan.roi.length));
  const said =
    plan.classes.length === 0
      ? t("Choose at least one class.")
      : plan.reached
        ? t("Only inside the dashed line: {pixels} pixels, {share} %.", { pixels: plan.pixels, share })
        : t("Take in what you painted.");
  return [
    h("h2", {}, t("Will change")),
    reachChoice(store),
    h("div", { class: "chips" }, ...plan.edited.map((id) => classChip(store, id))),
    plan.islands.length > 1 &&
      h("div", { class: "chips islands" }, ...named(plan).map((k) => islandChip(store, k))),
    ...colourWells(store),
    h("p", { class: "hint" }, said),
  ].filter((each) => each !== false);
}

/** Parts that have a button of their own, the largest first; all can be pressed on the picture.
 * @param {import("../types.js").Plan} plan @returns {number[]} indices */
function named({ islands }) {
  return [...islands.keys()]
    .filter((k) => islands[k].area.length >= SMALLEST)
    .sort((a, b) => islands[b].area.length - islands[a].area.length)
    .slice(0, NAMED)
    .sort((a, b) => a - b);
}

/** How far the region reaches; what it does by itself is pressed. @param {Store} store */
function reachChoice(store) {
  const { plan } = store.state;
  /** @type {["parts" | "changed" | "classes", string, string][]} */
  const modes = [
    ["parts", t("Parts"), t("What was painted, and the parts that move with it")],
    ["changed", t("Changed pixels"), t("Only the pixels that were painted")],
    ["classes", t("Whole classes"), t("The edited classes, wherever they are")],
  ];
  const group = h(
    "div",
    { class: "choice wide", id: "reach", role: "radiogroup", "aria-label": t("What may change") },
    ...modes.map(([mode, text, about]) =>
      h(
        "button",
        {
          role: "radio",
          title: about,
          "data-roving": true,
          "data-reach": mode,
          "aria-checked": String(plan?.mode === mode),
          tabIndex: plan?.mode === mode ? 0 : -1,
          onclick: () => {
            store.set({ settings: { ...store.state.settings, roi: mode } });
            settle(store);
            /** @type {HTMLElement | null} */ (
              document.querySelector(`[data-reach=${mode}]`)
            )?.focus();
          },
        },
        text,
      ),
    ),
  );
  roving(group);
  return group;
}

/** A connected part; pressed when it may change. @param {Store} store @param {number} k */
function islandChip(store, k) {
  const island = store.state.plan?.islands[k];
  const { area = [], taken = false } = island ?? {};
  const name = t("Part {number}: {pixels} px", { number: k + 1, pixels: area.length });
  return h(
    "button",
    {
      class: "chip",
      "data-island": k,
      "aria-pressed": String(taken),
      title: taken ? t("Leave this part as it is") : t("Let this part change too"),
      onclick: () => {
        if (island) toggleIsland(store, island);
        /** @type {HTMLElement | null} */ (document.querySelector(`[data-island="${k}"]`))?.focus();
      },
    },
    name,
  );
}

/** A class that was edited; pressed when it decides the region. @param {Store} store @param {number} id */
function classChip(store, id) {
  const label = store.state.category.labels.find((each) => each.id === id);
  const swatch = h("span", { class: "swatch" });
  swatch.style.backgroundColor = label?.color ?? "";
  const pressed = !!store.state.plan?.classes.includes(id);
  const change = () => {
    const { version } = store;
    if (!version) return;
    version.wanted = { ...version.wanted, [id]: !pressed };
    settle(store);
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-chip="${id}"]`))?.focus();
  };
  return h(
    "button",
    {
      class: "chip",
      "data-chip": id,
      "aria-pressed": String(pressed),
      title: pressed
        ? t("Leave this class as it is where it was not painted")
        : t("Let all of this class change"),
      onclick: change,
    },
    swatch,
    label?.name ?? String(id),
  );
}
