/** Map or result beside the canvas: tabs, where the keyboard's focus goes, and what is said aloud. */

import { busy } from "../editing.js";
import { t } from "../i18n.js";
import { byId, h, roving } from "./dom.js";

/** @typedef {import("../store.js").Store} Store */

const STAGES = /** @type {const} */ ([
  ["paint", t("Map")],
  ["result", t("Result")],
]);

/** Once there is a result. After the views of both are mounted: it moves the focus into them.
 * @param {Store} store */
export function mountTabs(store) {
  const list = byId("tabs");
  const tabs = STAGES.map(([stage, text]) => {
    const panel = byId(stage);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${stage}`);
    return h(
      "button",
      {
        id: `tab-${stage}`,
        role: "tab",
        "aria-controls": stage,
        "data-roving": true,
        "data-stage": stage,
        onclick: () => store.set({ stage }),
      },
      text,
    );
  });
  list.append(...tabs);
  roving(list);
  store.watch(["run", "versions", "current", "stage"], () => {
    const run = store.version?.run;
    list.hidden = !run || run.state === "cancelled";
    byId("paint").hidden = store.state.stage === "result" && !!run;
    for (const tab of tabs) {
      const chosen = tab.dataset.stage === store.state.stage;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    say(store);
  });
  followFocus(store);
}

/** What a screen reader tells of an edit, once each. @param {Store} store */
function say({ version }) {
  const run = version?.run;
  const count = run?.outcome?.candidates.length;
  let text = "";
  if (busy(run)) text = t("Editing");
  else if (run?.state === "failed") text = run.problem ?? "";
  else if (count) text = count === 1 ? t("1 candidate ready") : t("{count} candidates ready", { count });
  const status = byId("status");
  if (status.textContent !== text) status.textContent = text;
}

/**
 * Where the keyboard is used, its focus goes on from what is taken away under it: to Cancel, to the
 * chosen candidate, to the canvas.
 * @param {Store} store
 */
function followFocus(store) {
  const side = byId("side");
  /** @type {HTMLElement | null} */
  let focused = null;
  let byKey = false;
  const note = () => {
    const active = /** @type {HTMLElement} */ (document.activeElement);
    focused = byKey && side.contains(active) ? active : null;
  };
  addEventListener("focusin", note);
  for (const type of ["keydown", "pointerdown"]) {
    addEventListener(
      type,
      () => {
        byKey = type === "keydown";
        note();
      },
      true,
    );
  }
  store.watch(["run", "versions", "current", "stage"], () => {
    if (!focused || focused.checkVisibility()) return;
    const run = store.version?.run;
    let next = ".card[aria-checked=true]";
    if (busy(run)) next = "#cancel";
    else if (run?.state === "failed") next = ".under .primary";
    const shown = run && store.state.stage === "result";
    const place = shown && /** @type {HTMLElement | null} */ (side.querySelector(next));
    (place || byId("canvas")).focus();
  });
}
