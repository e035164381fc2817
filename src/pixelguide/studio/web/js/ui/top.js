/** The bar at the top: undo, how the map is shown, files, help. */

import { savePicture } from "../files.js";
import { t } from "../i18n.js";
import { step } from "../painting.js";
import { changePart } from "../parts.js";
import { choosePart } from "./crop.js";
import { byId, h } from "./dom.js";
import { historyMenu } from "./history.js";
import { icon } from "./icons.js";
import { modelChoice } from "./models.js";
import { attempt } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../stage/stage.js").Stage} Stage */

/**
 * @param {Store} store @param {Stage} stage
 * @param {{help: () => void, files: HTMLElement}} open
 */
export function mountTop(store, stage, { help, files }) {
  const undo = button("undo", t("Undo"), "Z", () => undoStep(store, stage, "undo"));
  const redo = button("redo", t("Redo"), "Shift+Z", () => undoStep(store, stage, "redo"));
  const map = button("map", t("Show the map"), "V", () =>
    store.set({ mapShown: !store.state.mapShown }),
  );
  const outline = button("outline", t("Outlines only"), "O", () =>
    store.set({ outlined: !store.state.outlined, mapShown: true }),
  );
  const opacity = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": t("Opacity of the map"),
    title: t("Opacity of the map"),
    oninput: () => store.set({ opacity: opacity.valueAsNumber, mapShown: true, outlined: false }),
  });
  const zoom = h("output", { class: "zoom", title: t("Zoom"), "aria-label": t("Zoom") });
  const text = (
    /** @type {string} */ id,
    /** @type {string} */ label,
    /** @type {string} */ about,
    /** @type {() => unknown} */ onclick,
  ) => h("button", { class: "quiet", id, title: about, onclick }, label);
  const whole = text("view-whole", t("Whole"), t("The whole photograph (9)"), () => stage.fitWhole());
  const fit = text("view-part", t("Fit"), t("What is edited fills the view (0)"), () => stage.fit());
  const actual = text("view-actual", "1:1", t("A pixel of the picture for each of the screen (1)"), () =>
    stage.actualSize(),
  );
  const part = text("change-part", t("Change part …"), t("Another part of this photograph"), () =>
    attempt(() => changePart(store, choosePart)),
  );
  const save = h(
    "button",
    {
      id: "save",
      title: t("Save the picture (PNG)"),
      onclick: () => attempt(() => savePicture(store)),
    },
    t("Save"),
  );
  byId("top").append(
    h("h1", {}, h("img", { src: "/web/icon.svg", alt: "", width: 22, height: 22 }), "studio"),
    modelChoice(store),
    h("div", { class: "group" }, undo, redo, historyMenu(store, stage)),
    h("div", { class: "group" }, map, opacity, outline),
    h("div", { class: "group" }, whole, fit, actual, zoom),
    h("div", { class: "group" }, part),
    h("span", { class: "space" }),
    h("div", { class: "group" }, save, files, button("help", t("Help"), "?", help)),
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
  store.watch(["view", "versions", "current"], () => {
    const { version, state } = store;
    const own = version?.part ? state.category.size / version.part.size : 1;
    zoom.textContent = version ? `${Math.round(100 * state.view.zoom * own * devicePixelRatio)} %` : "";
  });
  store.watch(["versions", "current"], () => {
    const { version } = store;
    whole.hidden = part.hidden = !version?.part;
    save.disabled = !version;
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
