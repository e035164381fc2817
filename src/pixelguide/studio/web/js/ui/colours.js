/** Colour wells: what colour a class is to have, by hand or from the picture; left alone it keeps its
 * own. */

import { meanColour } from "../core/colours.js";
import { t } from "../i18n.js";
import { setColour } from "../painting.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").LabelClass} LabelClass */

/**
 * A well for each class that is edited or has another colour already, and for the one that is
 * painted with, where the map shows them.
 * @param {Store} store @returns {HTMLElement[]}
 */
export function colourWells(store) {
  const { version, state } = store;
  if (!version?.map) return [];
  const counts = version.map.counts();
  const wanted = state.category.labels.filter(
    ({ id, name }) =>
      counts[id] &&
      (id === state.classId || state.plan?.classes.includes(id) || name in version.colours),
  );
  if (wanted.length === 0) return [];
  const rows = wanted.map((label) => well(store, label));
  return [h("div", { class: "wells", role: "group", "aria-label": t("Colours") }, ...rows)];
}

/** @param {Store} store @param {LabelClass} label */
function well(store, { id, name }) {
  const { version, state } = store;
  const asked = version?.colours[name];
  const own = version?.source ? meanColour(version.pixels, version.source, id) : null;
  const input = h("input", {
    type: "color",
    value: asked ?? own ?? "#808080",
    "data-colour": name,
    "aria-label": t("Colour of {name}", { name }),
    title: t("Colour of {name}", { name }),
    onchange: () => change(store, name, input.value),
  });
  const take = t("Take the colour of {name} from the picture", { name });
  const taking = state.dropper?.name === name;
  return h(
    "div",
    { class: `well${asked ? " asked" : ""}` },
    input,
    h("span", {}, asked ? t("New colour: {name}", { name }) : t("Keeps its colour: {name}", { name })),
    h(
      "button",
      {
        class: "quiet",
        title: take,
        "aria-label": take,
        "aria-pressed": String(taking),
        "data-dropper": name,
        onclick: () => toggleDropper(store, name),
      },
      icon("pick"),
    ),
    asked !== undefined &&
      h(
        "button",
        {
          class: "quiet",
          title: t("Let {name} keep its colour", { name }),
          "aria-label": t("Let {name} keep its colour", { name }),
          "data-keep-colour": name,
          onclick: () => change(store, name, null),
        },
        icon("close"),
      ),
  );
}

/** @param {Store} store @param {string} name @param {string | null} colour */
function change(store, name, colour) {
  setColour(store, name, colour);
  /** @type {HTMLElement | null} */ (document.querySelector(`[data-colour="${name}"]`))?.focus();
}

/** Take the colour with the next press on the picture, or not. @param {Store} store @param {string} name */
function toggleDropper(store, name) {
  const { dropper, tool } = store.state;
  if (dropper?.name === name) store.set({ tool: dropper.back });
  else store.set({ dropper: { name, back: dropper?.back ?? tool }, tool: "dropper", stage: "paint" });
  byId("canvas").focus(); // the crosshair takes it too
}
