/** The menu of files. */

import {
  importMap,
  saveLayers,
  saveMap,
  savePicture,
  saveProject,
  saveSheet,
} from "../files.js";
import { language, LANGUAGES, setLanguage, t } from "../i18n.js";
import { read } from "../reading.js";
import { copyPicture } from "../sharing.js";
import { byId, h } from "./dom.js";
import { showHow } from "./how.js";
import { icon } from "./icons.js";
import { attempt } from "./notices.js";
import { fileInput, openFile, showPicker } from "./picker.js";
import { removeVersion } from "./versions.js";
import { nextTheme, themeName } from "./theme.js";

/** @typedef {import("../store.js").Store} Store */

/** @param {Store} store @returns {HTMLElement} the button that opens it */
export function filesMenu(store) {
  const project = fileInput(".zip", (file) => openFile(store, file));
  const map = fileInput("image/png,.ora", (file) => attempt(() => importMap(store, file)));
  const item = (
    /** @type {string} */ id,
    /** @type {string} */ text,
    /** @type {() => unknown} */ action,
  ) =>
    h(
      "button",
      {
        id,
        onclick: () => {
          menu.hidePopover();
          attempt(async () => action());
        },
      },
      text,
    );
  const ready = [
    item("save-picture", t("Save picture (PNG)"), () => savePicture(store)),
    item("save-jpeg", t("Save picture (JPEG)"), () => savePicture(store, "jpg")),
    item("copy-picture", t("Copy picture"), () => copyPicture(store)),
    item("save-sheet", t("Save contact sheet (PNG)"), () => saveSheet(store)),
    item("save-map", t("Save map (PNG)"), () => saveMap(store)),
    item("save-layers", t("Save layers (OpenRaster)"), () => saveLayers(store)),
    item("save-project", t("Save project"), () => saveProject(store)),
    item("import-map", t("Import map …"), () => map.click()),
    item("read-again", t("Read the map again"), () => store.version && read(store, store.version)),
    item("how-made", t("How it was made"), () => showHow(store)),
  ];
  const removal = item("remove-version", t("Remove this version …"), () => removeVersion(store));
  const theme = h(
    "button",
    { onclick: () => (theme.textContent = themeName(nextTheme())) },
    themeName(),
  );
  const tongue = h(
    "select",
    {
      "aria-label": t("Language"),
      onchange: () => {
        setLanguage(/** @type {import("../i18n.js").Language} */ (tongue.value));
        location.reload();
      },
    },
    ...Object.entries(LANGUAGES).map(([value, name]) => h("option", { value }, name)),
  );
  tongue.value = language;
  const menu = h(
    "div",
    { id: "files-menu", popover: "auto", class: "menu" },
    item("new-picture", t("New picture …"), () => showPicker(store)),
    item("open-project", t("Open project …"), () => project.click()),
    h("hr"),
    ...ready,
    removal,
    h("hr"),
    theme,
    tongue,
    project,
    map,
  );
  byId("top").append(menu);
  store.watch(["versions", "current", "painted", "run"], () => {
    const { version } = store;
    for (const button of ready) button.disabled = !version?.map;
    removal.disabled = store.state.current < 1;
    const result = version?.run?.outcome ?? version?.made;
    for (const button of ready) {
      if (["save-layers", "how-made"].includes(button.id)) button.disabled = !result;
      if (button.id === "save-sheet") button.disabled = !version?.attempts.length;
    }
  });
  const button = h(
    "button",
    { class: "plain", id: "files", title: t("Files"), "aria-label": t("Files") },
    icon("folder"),
  );
  button.popoverTargetElement = menu;
  return button;
}
