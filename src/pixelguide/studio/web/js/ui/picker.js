/** Choosing a picture: a built-in portrait, a file, or a saved project. */

import { getJson } from "../api.js";
import { openProject } from "../files.js";
import { openPicture, openPortrait } from "../reading.js";
import { choosePart } from "./crop.js";
import { confirmed, dialog } from "./dialogs.js";
import { byId, h } from "./dom.js";
import { attempt, clearErrors } from "./notices.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store */
export async function showPicker(store) {
  const { portraits } = await getJson("/api/portraits");
  const input = fileInput("image/*,.zip", (file) =>
    openFile(store, file).then((done) => done && element.close()),
  );
  const faces = portraits.map((/** @type {{index: number, url: string}} */ { index, url }) =>
    h(
      "button",
      {
        class: "face",
        autofocus: index === 0,
        "aria-label": `Portrait ${index + 1}`,
        onclick: async () => {
          if (!(await mayStartOver(store))) return;
          element.close();
          clearErrors();
          attempt(() => openPortrait(store, index));
        },
      },
      h("img", { src: url, alt: "", width: 96, height: 96 }),
    ),
  );
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
  );
  element.id = "picker";
}

/** What to do where no picture is open. @param {Store} store */
export function mountEmpty(store) {
  const empty = byId("empty");
  empty.append(
    h("p", {}, "Drop a picture here, or begin with one."),
    h("button", { onclick: () => attempt(() => showPicker(store)) }, "Choose a picture …"),
  );
  store.watch(["versions"], () => (empty.hidden = store.state.versions.length > 0));
}

/** Ask, where something painted or made would be lost. @param {Store} store */
async function mayStartOver({ state: { versions } }) {
  const worked = versions.some(
    ({ history, run }) => history.done.length > 0 || history.undone.length > 0 || run,
  );
  if (!worked && versions.length < 2) return true;
  const question = "This replaces what is open. Save the project first to keep it.";
  return confirmed("Start over?", question, "Start over");
}

/**
 * Open a picture or a project.
 * @param {Store} store @param {File} file
 * @returns {Promise<boolean>} whether it was opened
 */
export async function openFile(store, file) {
  if (!(await mayStartOver(store))) return false;
  let opened = false;
  await attempt(async () => {
    if (/\.zip$/i.test(file.name)) {
      await openProject(store, file);
      opened = true;
    } else opened = await openPicture(store, file, choosePart);
  });
  if (opened) clearErrors();
  return opened;
}

/** Files dropped anywhere on the page; a dialog but the picker has to be answered first.
 * @param {Store} store */
export function mountDrop(store) {
  const picker = () => /** @type {HTMLDialogElement | null} */ (document.querySelector("#picker"));
  const handle = (/** @type {DragEvent} */ event) => {
    const { dataTransfer, type } = event;
    if (!dataTransfer?.types.includes("Files")) return; // selected text
    event.preventDefault();
    const taken = !document.querySelector("dialog[open]:not(#picker)");
    if (!taken) dataTransfer.dropEffect = "none";
    document.body.classList.toggle("dropping", taken && type === "dragover");
    const file = type === "drop" && taken && dataTransfer.files[0];
    if (file) openFile(store, file).then((done) => done && picker()?.close());
  };
  for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"]))
    addEventListener(type, handle);
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
