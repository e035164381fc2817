/** How a picture was made, for people and, as JSON, for programs. */

import { howMade } from "../editing.js";
import { t } from "../i18n.js";
import { h } from "./dom.js";
import { dialog } from "./dialogs.js";
import { attempt } from "./notices.js";

/** @param {import("../store.js").Store} store */
export function showHow(store) {
  const made = howMade(store);
  if (!made) return;
  /** @type {any} */
  const { settings = {}, candidates = [] } = made.report;
  const facts = [
    [t("Classes"), (settings.edit_classes ?? []).join(", ")],
    [t("Candidate"), made.candidate + 1],
    [t("Strength"), `${Math.round(100 * made.strength)} %`],
    [t("Seed"), settings.seed],
    [t("Steps"), settings.num_inference_steps],
    [t("Start"), settings.start_timestep],
    [t("Guidance"), settings.guidance_scale],
    [t("Sampler"), settings.sampler],
    [t("Model"), settings.model?.name],
    [t("Changed outside the region"), candidates[made.candidate]?.changed_pixels_outside],
  ].filter(([, value]) => value !== undefined);
  const everything = JSON.stringify(made, null, 2);
  const copy = h(
    "button",
    {
      onclick: () =>
        attempt(async () => {
          await navigator.clipboard.writeText(everything);
          copy.textContent = t("Copied");
        }),
    },
    t("Copy"),
  );
  dialog(
    t("How it was made"),
    h(
      "dl",
      { class: "facts" },
      ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]),
    ),
    h(
      "details",
      {},
      h("summary", {}, t("Everything")),
      h("pre", { tabIndex: 0 }, everything),
      navigator.clipboard && copy, // only where the page is trusted
    ),
  );
}
