/** Above the settings: those kept under names. */

import { t } from "../i18n.js";
import { settle } from "../painting.js";
import { keepPreset, presets, removePreset, withPreset } from "../presets.js";
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";

/** @param {import("../store.js").Store} store @returns {HTMLElement} */
export function presetRow(store) {
  const select = h("select", {
    id: "preset",
    "aria-label": t("Preset"),
    onchange: () => {
      const preset = presets()[select.value];
      if (preset) store.set({ settings: withPreset(store.state.settings, preset) });
      settle(store);
      show(select.value);
    },
  });
  const remove = h(
    "button",
    {
      class: "quiet",
      id: "remove-preset",
      onclick: () => {
        removePreset(select.value);
        show("");
        select.focus();
      },
    },
    t("Remove"),
  );
  const keep = h("button", { class: "quiet", id: "keep-preset", onclick: () => ask(store, show) }, t("Keep …"));
  const show = (/** @type {string} */ name) => {
    const names = Object.keys(presets()).sort((a, b) => a.localeCompare(b));
    select.replaceChildren(
      h("option", { value: "" }, t("Preset")),
      ...names.map((each) => h("option", { value: each }, each)),
    );
    select.value = names.includes(name) ? name : "";
    remove.disabled = !select.value;
  };
  show("");
  return h("div", { class: "presets" }, select, keep, remove);
}

/** Ask for a name, and keep the settings under it. @param {import("../store.js").Store} store @param {(name: string) => void} show */
function ask(store, show) {
  const name = h("input", { type: "text", maxLength: 60, required: true, autofocus: true, id: "preset-name" });
  const form = h(
    "form",
    {
      method: "dialog",
      onsubmit: () => {
        const chosen = name.value.trim();
        if (!chosen) return;
        keepPreset(chosen, store.state.settings);
        show(chosen);
      },
    },
    h("label", { class: "named" }, t("Name"), name),
    h("div", { class: "row end" }, h("button", { class: "primary" }, t("Keep settings"))),
  );
  dialog(t("Keep settings"), form);
}
