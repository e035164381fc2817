/** Choosing what to work on: recent work, a built-in portrait, a file, or a saved project. */

import { getJson } from "../api.js";
import { importMap, openProject } from "../files.js";
import { t } from "../i18n.js";
import { isMap, isMapAlone, restoreSettings, told } from "../own_files.js";
import { OWN } from "../sharing.js";
import { openLayers, openPicture, openPortrait } from "../reading.js";
import { askBatch } from "./batch.js";
import { choosePart } from "./crop.js";
import { dialog } from "./dialogs.js";
import { byId, h } from "./dom.js";
import { mayLeave } from "./leaving.js";
import { offerSwitch } from "./models.js";
import { attempt } from "./notices.js";
import { recentWork } from "./recent.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store */
export async function showPicker(store) {
  const [{ portraits }, recent] = await Promise.all([
    getJson("/api/portraits"),
    recentWork(store, () => element.close()),
  ]);
  const input = fileInput("image/*,.heic,.heif,.avif,.jxl,.zip,.ora", (...files) => openAll(store, files, true), true);
  const faces = portraits.map((/** @type {{index: number, url: string}} */ { index, url }) =>
    h(
      "button",
      {
        class: "face",
        "aria-label": t("Portrait {number}", { number: index + 1 }),
        onclick: () =>
          attempt(async () => {
            if (await openPortrait(store, index, () => mayLeave(store))) element.close();
          }),
      },
      h("img", { src: url, alt: "", width: 96, height: 96 }),
    ),
  );
  const own = h(
    "button",
    { class: "primary", autofocus: true, onclick: () => input.click() },
    t("Open a file …"),
  );
  const element = dialog(
    t("Choose a picture"),
    h("div", { class: "drop" }, own, h("span", {}, t("or drop it here")), input),
    faces.length > 0 && h("h3", {}, t("Or begin with one of these")),
    h("div", { class: "faces" }, ...faces),
    ...recent,
  );
  element.id = "picker";
}

/** What to do where no picture is open. @param {Store} store */
export function mountEmpty(store) {
  const empty = byId("empty");
  empty.append(
    h("p", {}, t("Drop a picture here, or begin with one.")),
    h("button", { onclick: () => attempt(() => showPicker(store)) }, t("Choose a picture …")),
  );
  store.watch(["versions"], () => (empty.hidden = store.state.versions.length > 0));
}

/**
 * Open whatever a file is: a picture, a project, a map or an edited picture of ours.
 * @param {Store} store @param {File} file
 * @param {boolean} [anew] whether it is to be begun with: a map is one of the picture that is open else
 * @returns {Promise<boolean>} whether it was opened
 */
export async function openFile(store, file, anew = false) {
  let opened = false;
  await attempt(async () => {
    const leave = () => mayLeave(store);
    try {
      if (/\.zip$/i.test(file.name)) opened = await openProject(store, file, leave);
      else if (!anew && (await isMap(store, file))) {
        await importMap(store, file);
        opened = true;
      } else if (/\.ora$/i.test(file.name)) opened = await openLayers(store, file, leave);
      else if (!store.version?.map && (await isMapAlone(store, file)))
        throw new Error(t("This is a map, not a picture. Open its picture first, then drop the map."));
      else {
        const made = await told(file);
        opened = await openPicture(store, file, choosePart, leave, made);
        if (opened) restoreSettings(store, made);
      }
    } catch (error) {
      if (!(await offerSwitch(store, error, file))) throw error;
    }
  });
  return opened;
}

const picker = () => /** @type {HTMLDialogElement | null} */ (document.querySelector("#picker"));

/**
 * Open a file; several pictures each as work of its own.
 * @param {Store} store @param {File[]} files @param {boolean} [anew] as of `openFile`
 */
async function openAll(store, files, anew = !!picker()) {
  if (files.length === 0) return;
  if (files.length === 1) {
    if (await openFile(store, files[0], anew)) picker()?.close();
    return;
  }
  await attempt(async () => {
    if (files.some(({ name }) => /\.(zip|ora)$/i.test(name)))
      throw new Error(t("Projects and layers open one at a time."));
    askBatch(store, files, () => {
      const open = document.querySelector("dialog[open]");
      if (open && open !== picker()) return;
      picker()?.close();
      attempt(() => showPicker(store));
    });
  });
}

/** Files dropped or pasted anywhere on the page; a dialog but the picker has to be answered first.
 * @param {Store} store */
export function mountDrop(store) {
  const handle = (/** @type {DragEvent} */ event) => {
    const { dataTransfer, type } = event;
    if (!dataTransfer?.types.includes("Files")) return; // selected text
    if (dataTransfer.types.includes(OWN)) return;
    event.preventDefault();
    const taken = !document.querySelector("dialog[open]:not(#picker)");
    if (!taken) dataTransfer.dropEffect = "none";
    document.body.classList.toggle("dropping", taken && type === "dragover");
    if (type === "drop" && taken) openAll(store, [...dataTransfer.files]);
  };
  for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"]))
    addEventListener(type, handle);
  addEventListener("paste", ({ clipboardData }) => {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length && !document.querySelector("dialog[open]:not(#picker)"))
      openAll(store, files, true);
  });
}

/** @param {string} accept @param {(...files: File[]) => void} use @param {boolean} [multiple] */
export function fileInput(accept, use, multiple = false) {
  const input = h("input", {
    type: "file",
    accept,
    multiple,
    hidden: true,
    onchange: () => {
      const files = [...(input.files ?? [])];
      input.value = "";
      if (files.length) use(...files);
    },
  });
  return input;
}
