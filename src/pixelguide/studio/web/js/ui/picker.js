/** Choosing a picture: a built-in portrait, a file, or a saved project. */

import { getJson } from "../api.js";
import { openProject } from "../files.js";
import { openPicture, openPortrait } from "../reading.js";
import { choosePart } from "./crop.js";
import { confirmed, dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { attempt } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store */
export async function showPicker(store) {
  const { portraits } = await getJson("/api/portraits");
  const input = fileInput("image/*,.zip", (file) =>
    openFile(store, file, true).then((done) => done && element.close()),
  );
  const faces = portraits.map((/** @type {{index: number, url: string}} */ { index, url }) =>
    h(
      "button",
      {
        class: "face",
        autofocus: index === 0,
        "aria-label": `Portrait ${index + 1}`,
        onclick: () => {
          element.close();
          attempt(() => openPortrait(store, index));
        },
      },
      h("img", { src: url, alt: "", width: 96, height: 96 }),
    ),
  );
  const started = store.state.versions.length > 0;
  const element = dialog(
    "Choose a picture",
    h("div", { class: "faces" }, ...faces),
    h(
      "div",
      { class: "drop" },
      h("span", {}, "Or drop a picture here. "),
      h("button", { onclick: () => input.click() }, "Open a file …"),
      input,
    ),
    started
      ? h("p", { class: "hint" }, "This starts over. Save the project first to keep what you have.")
      : "",
  );
}

/**
 * Open a picture or a project.
 * @param {Store} store @param {File} file @param {boolean} [sure] not to ask before starting over
 * @returns {Promise<boolean>} whether it was opened
 */
export async function openFile(store, file, sure = false) {
  if (!sure && store.state.versions.length > 0) {
    const question = "This replaces what is open. Save the project first to keep it.";
    if (!(await confirmed("Start over?", question, "Start over"))) return false;
  }
  let opened = false;
  await attempt(async () => {
    if (file.name.endsWith(".zip")) {
      await openProject(store, file);
      opened = true;
    } else opened = await openPicture(store, file, choosePart);
  });
  return opened;
}

/** Files dropped anywhere on the page. @param {Store} store */
export function mountDrop(store) {
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", event.type !== "dragleave");
  };
  addEventListener("dragover", over);
  addEventListener("dragleave", over);
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    const picker = document.querySelector("dialog");
    openFile(store, file, picker !== null).then((done) => done && picker?.close());
  });
}

/** @param {string} accept @param {(file: File) => void} use */
export function fileInput(accept, use) {
  const input = h("input", {
    type: "file",
    accept,
    hidden: true,
    onchange: () => {
      const file = input.files?.[0];
      input.value = "";
      if (file) use(file);
    },
  });
  return input;
}
