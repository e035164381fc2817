/** All attempts at an edit, in a row: none is thrown away for another. */

import { busy, showAttempt } from "../editing.js";
import { t } from "../i18n.js";
import { h, roving } from "./dom.js";
import { attempt } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store @returns {HTMLElement} hidden until there are two */
export function attemptRow(store) {
  const row = h("div", { class: "attempts", role: "radiogroup", "aria-label": t("Attempts") });
  roving(row);
  store.watch(["run", "versions", "current"], () => {
    const { attempts = [], run } = store.version ?? {};
    row.hidden = attempts.length < 2 && !(attempts.length === 1 && run !== attempts[0]);
    const focused = row.contains(document.activeElement);
    row.replaceChildren(...attempts.map((_, k) => button(store, k)));
    const chosen = /** @type {HTMLElement | null} */ (row.querySelector("[aria-checked=true]"));
    if (focused) chosen?.focus();
  });
  return row;
}

/** @param {Store} store @param {number} k */
function button(store, k) {
  const { attempts = [], run } = store.version ?? {};
  const each = attempts[k];
  const chosen = each === run;
  const name = t("Attempt {number}: seed {seed}", { number: k + 1, seed: each.settings.seed });
  return h(
    "button",
    {
      class: "attempt",
      role: "radio",
      title: name,
      "aria-label": name,
      "aria-checked": String(chosen),
      "data-roving": true,
      tabIndex: chosen ? 0 : -1,
      disabled: busy(run),
      onclick: () => attempt(() => showAttempt(store, each)),
    },
    h("img", { src: each.outcome?.candidates[each.outcome.best].url ?? "", alt: "" }),
  );
}
