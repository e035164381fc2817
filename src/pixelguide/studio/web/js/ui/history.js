/** The history of strokes: all steps by name, the one the map is at, and a way to each. */

import { t } from "../i18n.js";
import { goTo } from "../painting.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../stage/stage.js").Stage} Stage */

/** What strokes are called here; those of starters have names already. @type {Record<string, string>} */
const NAMES = {
  brush: t("Brush"),
  eraser: t("Erase"),
  grab: t("Grab"),
  remove: t("Remove"),
  lasso: t("Lasso"),
  fill: t("Fill"),
  ellipse: t("Ellipse"),
  rectangle: t("Rectangle"),
};

/** @param {Store} store @param {Stage} stage @returns {HTMLButtonElement} opens the list */
export function historyMenu(store, stage) {
  const list = h("div", { class: "steps", role: "group", "aria-label": t("History") });
  const menu = h("div", { id: "history-menu", popover: "auto", class: "menu" }, list);
  byId("top").append(menu);
  const show = () => list.replaceChildren(...steps(store, stage));
  menu.addEventListener("beforetoggle", show);
  const button = h(
    "button",
    { class: "plain", id: "history", title: t("History"), "aria-label": t("History") },
    icon("history"),
  );
  button.popoverTargetElement = menu;
  store.watch(["painted", "versions", "current"], () => {
    const { done = [], undone = [] } = store.version?.history ?? {};
    button.disabled = done.length + undone.length === 0;
    if (!menu.matches(":popover-open")) return;
    const focused = list.contains(document.activeElement);
    show();
    const now = /** @type {HTMLElement | null} */ (list.querySelector("[aria-current]"));
    if (focused) now?.focus();
  });
  return button;
}

/** @param {Store} store @param {Stage} stage @returns {HTMLElement[]} the first first */
function steps(store, stage) {
  const { done = [], undone = [] } = store.version?.history ?? {};
  const all = [...done, ...undone.toReversed()];
  const names = [t("As it was read"), ...all.map(({ title }) => NAMES[title] ?? title)];
  return names.map((name, k) =>
    h(
      "button",
      {
        class: k > done.length ? "undone" : "",
        "aria-current": k === done.length ? "step" : false,
        onclick: () => {
          stage.letGo();
          store.set({ stage: "paint" });
          goTo(store, k);
        },
      },
      `${k}. ${name}`,
    ),
  );
}
