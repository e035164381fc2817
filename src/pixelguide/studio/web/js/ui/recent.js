/** Recent work: what was left in this browser, to go on with or to give up. */

import { language, t } from "../i18n.js";
import { canvasOf } from "../pixels.js";
import { resumeAll } from "../resuming.js";
import { h } from "./dom.js";
import { confirmed } from "./dialogs.js";
import { attempt } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../autosave.js").Recent} Recent */

const SHOWN = 24;

/**
 * @param {Store} store @param {() => void} close after something was opened
 * @returns {Promise<HTMLElement[]>} nothing where there is none
 */
export async function recentWork(store, close) {
  const all = ((await store.keeping?.recent()) ?? []).filter(({ own }) => own);
  if (all.length === 0) return [];
  const cards = all.slice(0, SHOWN).map((recent) => card(store, recent, close));
  return [h("h3", {}, t("Recent work")), h("div", { class: "recent" }, ...cards)];
}

/** @param {Store} store @param {Recent} recent @param {() => void} close */
function card(store, { name, saved, title, count, pixels }, close) {
  const when = new Date(saved).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  const versions = count === 1 ? t("1 version") : t("{count} versions", { count });
  const open = async () => {
    await store.keeping?.open(name);
    resumeAll(store);
    close();
  };
  const remove = async () => {
    const question = t("It goes from this browser for good.");
    if (!(await confirmed(t("Remove “{title}”?", { title }), question, t("Remove")))) return;
    await store.keeping?.remove(name);
    element.remove();
  };
  const picture = h("canvas", { width: pixels.width, height: pixels.height, "aria-hidden": "true" });
  picture.getContext("2d")?.drawImage(canvasOf(pixels), 0, 0);
  const about = `${title}, ${versions}, ${when}`;
  const element = h(
    "div",
    { class: "work" },
    h(
      "button",
      { class: "open", title: about, "aria-label": about, onclick: () => attempt(open) },
      picture,
      h("span", {}, title),
      h("small", {}, when),
    ),
    h(
      "button",
      {
        class: "quiet remove",
        "aria-label": t("Remove “{title}”", { title }),
        title: t("Remove"),
        onclick: () => attempt(remove),
      },
      "×",
    ),
  );
  return element;
}
