/** Settings of an edit, folded away; left alone, the category's own values hold. */

import { t } from "../i18n.js";
import { settle } from "../painting.js";
import { h } from "./dom.js";
import { presetRow } from "./presets.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").Settings} Settings */

/**
 * @type {{key: keyof Settings, label: string, min?: number, max?: number, automatic?: "auto" | null,
 *   values?: [string, string][], about: string}[]}
 */
const FIELDS = [
  {
    key: "num_images",
    label: t("Candidates"),
    min: 1,
    max: 16,
    about: t("How many results to choose from"),
  },
  {
    key: "seed",
    label: t("Seed"),
    min: 0,
    max: 2 ** 31,
    about: t("The same seed gives the same results"),
  },
  {
    key: "schedule",
    label: t("Schedule"),
    values: [
      ["auto", t("Automatic")],
      ["fast", t("Fast")],
      ["paper", t("As in the paper")],
    ],
    about: t("The paper's takes several times longer, and keeps the colours of large regions better"),
  },
  {
    key: "num_inference_steps",
    label: t("Steps"),
    min: 2,
    max: 250,
    automatic: "auto",
    about: t("More steps take longer"),
  },
  {
    key: "start_timestep",
    label: t("Start"),
    min: 2,
    max: 1000,
    automatic: "auto",
    about: t("From how much noise the region is made anew: high for large changes"),
  },
  {
    key: "guidance_scale",
    label: t("Guidance"),
    min: 0,
    max: 10000,
    automatic: "auto",
    about: t("How strongly the result is pushed towards the map"),
  },
  {
    key: "dilation",
    label: t("Margin"),
    min: 0,
    max: 64,
    automatic: null,
    about: t("Pixels around the region that may blend in"),
  },
  {
    key: "roi",
    label: t("Region"),
    values: [
      ["auto", t("Automatic")],
      ["parts", t("Parts that were touched")],
      ["changed", t("Changed pixels")],
      ["classes", t("Whole classes")],
    ],
    about: t("What may change: what was painted and the parts that move with it, or less, or more"),
  },
  {
    key: "detail",
    label: t("Fine detail"),
    values: [
      ["auto", t("Automatic")],
      ["off", t("None")],
    ],
    about: t("Detail finer than the model’s pixels in photographs, if the model paints it"),
  },
];

/** @param {Store} store */
export function settingsForm(store) {
  const rows = FIELDS.map((field) => row(store, field));
  return h(
    "details",
    { id: "settings" },
    h("summary", {}, t("Settings")),
    presetRow(store),
    h("div", { class: "fields" }, ...rows),
  );
}

/** @param {Store} store @param {typeof FIELDS[number]} field */
function row(store, { key, label, min, max, automatic, values, about }) {
  const change = (/** @type {string | number | null} */ value) => {
    store.set({ settings: { ...store.state.settings, [key]: value } });
    settle(store);
  };
  const control = values
    ? h(
        "select",
        { name: key, onchange: () => change(control.value) },
        ...values.map(([value, text]) => h("option", { value }, text)),
      )
    : h("input", {
        type: "number",
        name: key,
        min,
        max,
        placeholder: automatic === undefined ? "" : t("auto"),
        onchange: () => {
          const number = /** @type {HTMLInputElement} */ (control).valueAsNumber;
          if (!Number.isNaN(number))
            change(Math.round(Math.min(max ?? number, Math.max(min ?? 0, number))));
          else if (automatic !== undefined) change(automatic);
          else show();
        },
      });
  const show = () => {
    const value = store.state.settings[key];
    const empty = value === null || (value === "auto" && !values);
    control.value = empty ? "" : String(value);
  };
  store.watch(["settings"], show);
  return h("label", { title: about }, label, control);
}
