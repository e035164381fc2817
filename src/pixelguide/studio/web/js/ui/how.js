/** How a picture was made, for people and, as JSON, for programs. */

import { howMade } from "../editing.js";
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
    ["Classes", (settings.edit_classes ?? []).join(", ")],
    ["Candidate", made.candidate + 1],
    ["Strength", `${Math.round(100 * made.strength)} %`],
    ["Seed", settings.seed],
    ["Steps", settings.num_inference_steps],
    ["Start", settings.start_timestep],
    ["Guidance", settings.guidance_scale],
    ["Sampler", settings.sampler],
    ["Model", settings.model?.name],
    ["Changed outside the region", candidates[made.candidate]?.changed_pixels_outside],
  ].filter(([, value]) => value !== undefined);
  const everything = JSON.stringify(made, null, 2);
  const copy = h(
    "button",
    {
      onclick: () =>
        attempt(async () => {
          await navigator.clipboard.writeText(everything);
          copy.textContent = "Copied";
        }),
    },
    "Copy",
  );
  dialog(
    "How it was made",
    h(
      "dl",
      { class: "facts" },
      ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Everything"),
      h("pre", { tabIndex: 0 }, everything),
      navigator.clipboard && copy, // only where the page is trusted
    ),
  );
}
