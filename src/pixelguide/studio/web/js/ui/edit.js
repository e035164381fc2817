/** Below the classes: what the next edit would change, and the button that runs it. */

import { busy, edit } from "../editing.js";
import { applicableStarters, repaint, settle } from "../painting.js";
import { byId, h } from "./dom.js";
import { attempt } from "./notices.js";
import { settingsForm } from "./settings.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store */
export function mountEdit(store) {
  const plan = h("div", { id: "plan", role: "status" });
  const chips = h("div", { class: "chips" });
  const starters = h("details", { id: "starters" }, h("summary", {}, "Start with"), chips);
  const run = h(
    "button",
    {
      class: "primary",
      id: "run",
      title: "Make the picture follow the map (Ctrl+Enter)",
      onclick: () => attempt(() => edit(store)),
    },
    "Edit",
  );
  byId("edit").append(plan, starters, run, settingsForm(store));
  store.watch(["painted", "versions", "current", "run"], () => {
    const ready = !!store.version?.map;
    plan.replaceChildren(...(ready ? [...warned(store), ...planned(store)] : []));
    run.disabled =
      !store.state.plan?.changed || !store.state.plan.classes.length || busy(store.version?.run);
    run.textContent = busy(store.version?.run) ? "Editing …" : "Edit";
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
    repaint(store, ids, info.title);
    store.set({ stage: "paint" });
    settle(store);
  };
  const about = { title: info.description, "data-starter": info.name };
  return h("button", { class: "chip", ...about, onclick: perform }, info.title);
}

/** @param {Store} store */
function warned({ version }) {
  if (!version?.unfamiliar) return [];
  const text =
    "This picture is unlike those the model was made for: expect poor edits. " +
    "Look whether the map is right.";
  return [h("p", { class: "hint unfamiliar" }, text)];
}

/** @param {Store} store @returns {(Node | string)[]} */
function planned(store) {
  const { plan } = store.state;
  if (!plan?.changed)
    return [h("p", { class: "hint" }, "Paint the map where the picture should change.")];
  const share = Math.max(1, Math.round((100 * plan.pixels) / plan.roi.length));
  return [
    h("h2", {}, "Will change"),
    h("div", { class: "chips" }, ...plan.edited.map((id) => classChip(store, id))),
    plan.classes.length > 0
      ? h("p", { class: "hint" }, `Only inside the dashed line: ${plan.pixels} pixels, ${share} %.`)
      : h("p", { class: "hint" }, "Choose at least one class."),
  ];
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
        ? "Leave this class as it is where it was not painted"
        : "Let all of this class change",
      onclick: change,
    },
    swatch,
    label?.name ?? String(id),
  );
}
