/** The tools on the left, and the options of the one in use above the canvas. */

import { t } from "../i18n.js";
import { byId, h, roving } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").ToolName} ToolName */
/** @typedef {import("../types.js").ToolOptions} ToolOptions */

/** @type {{name: Exclude<ToolName, "dropper">, title: string, key: string}[]} */
export const TOOLS = [
  { name: "brush", title: t("Brush"), key: "B" },
  { name: "eraser", title: t("Eraser: back to the original label"), key: "E" },
  { name: "grab", title: t("Grab a part: move, stretch, turn, warp"), key: "G" },
  { name: "lasso", title: t("Lasso or polygon"), key: "L" },
  { name: "shape", title: t("Rectangle or ellipse"), key: "M" },
  { name: "fill", title: t("Fill an area"), key: "F" },
  { name: "pick", title: t("Eyedropper: take a class"), key: "I" },
  { name: "region", title: t("Region: take a part in or out"), key: "R" },
  { name: "hand", title: t("Move the view"), key: "H" },
];

/** @param {Store} store */
export function mountTools(store) {
  const rail = byId("tools");
  const buttons = TOOLS.map(({ name, title, key }) =>
    h(
      "button",
      {
        class: "tool",
        role: "radio",
        title: `${title} (${key})`,
        "aria-label": title,
        "aria-keyshortcuts": key,
        "data-tool": name,
        "data-roving": true,
        onclick: () => store.set({ tool: name, stage: "paint" }),
      },
      icon(name),
    ),
  );
  rail.append(...buttons);
  roving(rail);
  store.watch(["tool", "dropper"], () => {
    const { tool, dropper } = store.state;
    for (const button of buttons) {
      const chosen = button.dataset.tool === (dropper?.back ?? tool);
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  });
  mountOptions(store);
}

/** @param {Store} store */
function mountOptions(store) {
  const bar = byId("options");
  /** @type {Map<string, HTMLElement[]>} */
  const made = new Map();
  let shown = "";
  store.watch(["tool", "options", "stage", "versions", "current", "map"], () => {
    const { tool, stage } = store.state;
    const options = stage === "paint" && store.version?.map ? tool : "";
    if (!made.has(options)) made.set(options, optionsOf(store, /** @type {ToolName} */ (options)));
    if (options !== shown) bar.replaceChildren(...(made.get(options) ?? []));
    shown = options;
    bar.hidden = bar.childElementCount === 0;
  });
}

/** @param {Store} store @param {ToolName} tool @returns {HTMLElement[]} */
function optionsOf(store, tool) {
  if (tool === "brush" || tool === "eraser") return [sizeSlider(store)];
  if (tool === "shape") {
    return [
      choice(store, t("Shape"), "shape", [
        ["ellipse", t("Ellipse")],
        ["rectangle", t("Rectangle")],
      ]),
    ];
  }
  if (tool === "fill") {
    return [
      choice(store, t("Reach"), "fillAll", [
        [false, t("This area")],
        [true, t("Everywhere")],
      ]),
    ];
  }
  if (tool === "grab") {
    return [
      choice(store, t("Take"), "grabWhole", [
        [true, t("Whole part")],
        [false, t("One class")],
      ]),
      choice(store, t("Handles"), "warp", [
        [false, t("Shape")],
        [true, t("Warp")],
      ]),
    ];
  }
  if (tool === "dropper")
    return [h("span", { class: "hint" }, t("Click where the picture has the colour"))];
  if (tool === "lasso")
    return [h("span", { class: "hint" }, t("Drag around it, or click corners and press Enter"))];
  return [];
}

/** @param {Store} store */
function sizeSlider(store) {
  const largest = Math.round(store.state.category.size / 2);
  const value = h("output");
  // Squared: small sizes, where every pixel counts, get most of the way.
  const slider = h("input", {
    type: "range",
    min: 1,
    max: Math.sqrt(largest),
    step: "any",
    "aria-label": t("Brush size in pixels"),
    oninput: () => setSize(store, Math.round(slider.valueAsNumber ** 2)),
  });
  const show = () => {
    const { brushSize } = store.state.options;
    if (document.activeElement !== slider) slider.value = String(Math.sqrt(brushSize));
    value.textContent = `${brushSize} px`;
    slider.setAttribute("aria-valuetext", value.textContent);
  };
  store.watch(["options"], show);
  return h("label", { class: "size" }, t("Size"), slider, value);
}

/** @param {Store} store @param {number} brushSize */
export function setSize(store, brushSize) {
  const largest = store.state.category.size;
  const size = Math.min(largest, Math.max(1, brushSize));
  store.set({ options: { ...store.state.options, brushSize: size } });
}

/**
 * @param {Store} store @param {string} label @param {keyof ToolOptions} key
 * @param {[unknown, string][]} values
 */
function choice(store, label, key, values) {
  const buttons = values.map(([value, text]) =>
    h(
      "button",
      {
        role: "radio",
        "data-roving": true,
        onclick: () => store.set({ options: { ...store.state.options, [key]: value } }),
      },
      text,
    ),
  );
  const group = h("div", { class: "choice", role: "radiogroup", "aria-label": label }, ...buttons);
  roving(group);
  store.watch(["options"], () => {
    buttons.forEach((button, k) => {
      const chosen = store.state.options[key] === values[k][0];
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    });
  });
  return group;
}
