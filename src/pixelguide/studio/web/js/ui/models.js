/** Which model is used, named at the top; another begins a page of its own, with its own work. */

import { getJson, postJson, ServerError } from "../api.js";
import { t } from "../i18n.js";
import { opened } from "../opening.js";
import { asked } from "./dialogs.js";
import { h } from "./dom.js";
import { attempt, during } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */

/** Where a file waits for the page of its model. */
const SHELF = "pixelguide-shelf",
  PLACE = "/file";

/** @param {Store} store @returns {HTMLSelectElement} */
export function modelChoice(store) {
  const { name } = store.state.category.model;
  const select = h("select", {
    id: "model",
    title: t("Model"),
    "aria-label": t("Model"),
    onchange: () =>
      attempt(async () => {
        try {
          await use(store, select.value);
        } catch (error) {
          select.value = name;
          throw error;
        }
      }),
  });
  const show = (/** @type {string[]} */ names) => {
    select.replaceChildren(...names.map((each) => h("option", { value: each }, each)));
    select.value = name;
  };
  show([name]);
  getJson("/api/models").then(
    (/** @type {{models: {name: string}[]}} */ { models }) => show(models.map((each) => each.name)),
    () => {}, // the one there is stays
  );
  return select;
}

/** Edit with another model from now on. @param {Store} store @param {string} name */
async function use(store, name) {
  await during(t("Opening the model {model} …", { model: name }), async (tell) => {
    await store.keeping?.leave();
    await postJson("/api/models", { name });
    await opened(tell);
  });
  location.reload();
}

/**
 * Offer to switch to the model that a project was made with; its file is opened there.
 * @param {Store} store @param {unknown} error of opening it @param {File} file
 * @returns {Promise<boolean>} false where that is not what is wrong
 */
export async function offerSwitch(store, error, file) {
  const name = error instanceof ServerError && /made with '(.+?)'/.exec(error.hint)?.[1];
  if (!name) return false;
  const { models } = await getJson("/api/models");
  if (!models.some((/** @type {{name: string}} */ each) => each.name === name)) return false;
  const question = t("This project was made with the model {name}.", { name });
  const answer = await asked(t("Switch the model?"), question, [
    ["stay", t("Keep working")],
    ["switch", t("Switch to {name}", { name })],
  ]);
  if (answer === "switch") {
    const shelf = await globalThis.caches?.open(SHELF);
    await shelf?.put(PLACE, new Response(file, { headers: { "File-Name": encodeURI(file.name) } }));
    await use(store, name);
  }
  return true;
}

/** The file that waited for this page. @returns {Promise<File | null>} */
export async function shelved() {
  const shelf = await globalThis.caches?.open(SHELF).catch(() => null);
  const found = await shelf?.match(PLACE);
  if (!found) return null;
  await shelf?.delete(PLACE);
  return new File([await found.blob()], decodeURI(found.headers.get("File-Name") ?? "file.zip"));
}
