/** Several pictures that were dropped: what to do with each, and how far that is. */

import { explain } from "../api.js";
import { MOST, work } from "../batch.js";
import { t } from "../i18n.js";
import { dialog } from "./dialogs.js";
import { byId, h } from "./dom.js";
import { notify } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */

/**
 * Ask what to do with several pictures, and do it.
 * @param {Store} store @param {File[]} files @param {() => void} done shows the recent work
 */
export function askBatch(store, files, done) {
  if (!store.keeping) throw new Error(t("This browser keeps no work: open one picture at a time."));
  if (files.length > MOST)
    throw new Error(t("At most {most} pictures at a time; for more there is “pixelguide batch”.", { most: MOST }));
  const { starters } = store.state.category;
  const choice = h(
    "select",
    { id: "batch-edit", autofocus: true },
    h("option", { value: "" }, t("Only read their maps")),
    ...starters.map(({ name, title }) => h("option", { value: name }, t(title))),
  );
  const begin = () => {
    element.close();
    run(store, files, choice.value, done);
  };
  const element = dialog(
    t("{count} pictures", { count: files.length }),
    h("p", { class: "hint" }, t("Each becomes work of its own, among the recent. Of a photograph its largest face is taken, else its middle; the part can be changed there.")),
    h("label", { class: "named" }, t("Do with each"), choice),
    h(
      "div",
      { class: "row end" },
      h("button", { onclick: () => element.close() }, t("Cancel")),
      h("button", { class: "primary", id: "batch-begin", onclick: begin }, t("Begin")),
    ),
  );
}

/** @param {Store} store @param {File[]} files @param {string} starter @param {() => void} done */
async function run(store, files, starter, done) {
  let stopped = false;
  const text = h("span", {});
  const bar = h("progress", { max: files.length, "aria-label": t("Progress") });
  const stop = h("button", { class: "quiet", id: "batch-stop", onclick: () => ((stopped = true), notice.remove()) }, t("Cancel"));
  const notice = h("div", { class: "notice work", role: "status" }, text, bar, stop);
  byId("notices").append(notice);
  const failed = [];
  let kept = 0;
  for (const [k, file] of files.entries()) {
    if (stopped) break;
    const { name } = file;
    text.textContent = t("Picture {number} of {count}: {name}", { number: k + 1, count: files.length, name });
    bar.value = k;
    try {
      await work(store, file, starter, () => stopped);
      if (!stopped) kept++;
    } catch (error) {
      failed.push(`${name}: ${explain(error)}`);
    }
  }
  notice.remove();
  if (failed.length) notify(failed.join(" "), "error", true); // also once the recent work is shown
  if (kept) notify(t("{count} pictures are among the recent work.", { count: kept }));
  if (kept) done();
}
