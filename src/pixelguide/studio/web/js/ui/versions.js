/** The strip of versions at the foot of the page, and how far the reading of a map is. */

import { t } from "../i18n.js";
import { cancelQueued } from "../queueing.js";
import { read } from "../reading.js";
import { canvasOf } from "../pixels.js";
import { cancel } from "../editing.js";
import { choose, remove } from "../versions.js";
import { confirmed } from "./dialogs.js";
import { byId, h, roving } from "./dom.js";
import { icon } from "./icons.js";
import { attempt } from "./notices.js";
import { showPicker } from "./picker.js";
import { progressBar, progressText } from "./progress.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store */
export function mountVersions(store) {
  const strip = h("div", { class: "strip", role: "radiogroup", "aria-label": t("Versions") });
  roving(strip);
  const fresh = h(
    "button",
    {
      class: "fresh",
      title: t("New picture"),
      "aria-label": t("New picture"),
      onclick: () => attempt(() => showPicker(store)),
    },
    icon("add"),
  );
  byId("versions").append(fresh, strip);
  store.watch(["versions", "current"], () => {
    const focused = strip.contains(document.activeElement);
    strip.replaceChildren(...store.state.versions.map((_, k) => thumbnail(store, k)));
    const chosen = /** @type {HTMLElement | null} */ (strip.querySelector("[aria-checked=true]"));
    if (focused) chosen?.focus();
    chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  mountReading(store);
}

/** @param {Store} store @param {number} index */
function thumbnail(store, index) {
  const { pixels, note } = store.state.versions[index];
  const chosen = index === store.state.current;
  const picture = h("canvas", { width: pixels.width, height: pixels.height });
  picture.getContext("2d")?.drawImage(canvasOf(pixels), 0, 0);
  return h(
    "button",
    {
      class: "version",
      role: "radio",
      title: note,
      "aria-label": t("Version {number}: {note}", { number: index + 1, note }),
      "aria-checked": String(chosen),
      "data-roving": true,
      tabIndex: chosen ? 0 : -1,
      onclick: () => choose(store, index),
      onkeydown: (/** @type {KeyboardEvent} */ event) =>
        event.key === "Delete" && removeVersion(store),
    },
    picture,
    h("span", {}, index === 0 ? t("Original") : note),
  );
}

/** Remove the current version, which is not the first. @param {Store} store */
export async function removeVersion(store) {
  const index = store.state.current;
  const question = t("Its picture goes, and what was painted on it.");
  if (index < 1 || !(await confirmed(t("Remove this version?"), question, t("Remove")))) return;
  const { version } = store;
  for (const run of version?.queue ?? []) if (version) await cancelQueued(store, version, run);
  await cancel(store);
  remove(store, index);
}

/** @param {Store} store */
function mountReading(store) {
  const pill = byId("busy");
  store.watch(["versions", "current", "stage", "run", "coarse"], () => {
    const { version, state } = store;
    const coarse = state.coarse && state.stage === "result" && version?.run?.state === "done";
    pill.hidden = !version?.reading && !coarse;
    if (coarse && !version?.reading) pill.replaceChildren(t("Drawing it at full size …"), progressBar(null));
    if (!version?.reading) return;
    const { progress, problem } = version.reading;
    if (problem) {
      const retry = h("button", { onclick: () => read(store, version) }, t("Try again"));
      pill.replaceChildren(problem, retry);
      return;
    }
    const text = progress?.stage === "prepare" ? t("Reading the picture …") : progressText(progress, store.state.category.model.name);
    pill.replaceChildren(text, progressBar(progress));
  });
}
