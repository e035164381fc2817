/** The bar at the top: undo, how the map is shown, files, help. */

import { step } from "../painting.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../stage/stage.js").Stage} Stage */

/**
 * @param {Store} store @param {Stage} stage
 * @param {{help: () => void, files: HTMLElement}} open
 */
export function mountTop(store, stage, { help, files }) {
  const undo = button("undo", "Undo", "Z", () => undoStep(store, stage, "undo"));
  const redo = button("redo", "Redo", "Shift+Z", () => undoStep(store, stage, "redo"));
  const map = button("map", "Show the map", "V", () =>
    store.set({ mapShown: !store.state.mapShown }),
  );
  const outline = button("outline", "Outlines only", "O", () =>
    store.set({ outlined: !store.state.outlined, mapShown: true }),
  );
  const opacity = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": "Opacity of the map",
    title: "Opacity of the map",
    oninput: () => store.set({ opacity: opacity.valueAsNumber, mapShown: true, outlined: false }),
  });
  const zoom = h("button", {
    class: "quiet zoom",
    title: "Whole picture (0)",
    onclick: () => stage.fit(),
  });
  byId("top").append(
    h("h1", {}, h("img", { src: "/web/icon.svg", alt: "", width: 22, height: 22 }), "studio"),
    h("div", { class: "group" }, undo, redo),
    h("div", { class: "group" }, map, opacity, outline),
    h("div", { class: "group" }, zoom),
    h("span", { class: "space" }),
    h("div", { class: "group" }, files, button("help", "Help", "?", help)),
  );
  store.watch(["painted", "versions", "current"], () => {
    const history = store.version?.history;
    undo.disabled = !history?.done.length;
    redo.disabled = !history?.undone.length;
  });
  store.watch(["mapShown", "outlined", "opacity", "stage"], () => {
    const { mapShown, outlined, stage } = store.state;
    for (const control of [map, opacity, outline]) control.disabled = stage === "result";
    map.setAttribute("aria-pressed", String(mapShown));
    outline.setAttribute("aria-pressed", String(mapShown && outlined));
    opacity.value = String(store.state.opacity);
  });
  store.watch(["view"], () => {
    zoom.replaceChildren(icon("fit"), `${Math.round(100 * store.state.view.zoom)} %`);
  });
}

/** Undo or redo, where one sees it. @param {Store} store @param {Stage} stage @param {"undo" | "redo"} way */
export function undoStep(store, stage, way) {
  const history = store.version?.history;
  if (!history?.[way === "undo" ? "done" : "undone"].length) return;
  stage.letGo();
  if (store.state.stage === "result") store.set({ stage: "paint" });
  step(store, way);
}

/**
 * @param {import("./icons.js").IconName} name @param {string} title @param {string} key
 * @param {() => void} onclick
 */
function button(name, title, key, onclick) {
  const label = { title: `${title} (${key})`, "aria-label": title, "aria-keyshortcuts": key };
  return h("button", { class: "plain", "data-action": name, ...label, onclick }, icon(name));
}
