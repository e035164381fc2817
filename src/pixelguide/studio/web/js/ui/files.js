/** The menu of files. */

import { importMap, saveLayers, saveMap, savePicture, saveProject } from "../files.js";
import { read } from "../reading.js";
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
    item("save-picture", "Save picture (PNG)", () => savePicture(store)),
    item("save-map", "Save map (PNG)", () => saveMap(store)),
    item("save-layers", "Save layers (OpenRaster)", () => saveLayers(store)),
    item("save-project", "Save project", () => saveProject(store)),
    item("import-map", "Import map …", () => map.click()),
    item("read-again", "Read the map again", () => store.version && read(store, store.version)),
    item("how-made", "How it was made", () => showHow(store)),
  ];
  const removal = item("remove-version", "Remove this version …", () => removeVersion(store));
  const theme = h(
    "button",
    { onclick: () => (theme.textContent = themeName(nextTheme())) },
    themeName(),
  );
  const menu = h(
    "div",
    { id: "files-menu", popover: "auto", class: "menu" },
    item("new-picture", "New picture …", () => showPicker(store)),
    item("open-project", "Open project …", () => project.click()),
    h("hr"),
    ...ready,
    removal,
    h("hr"),
    theme,
    project,
    map,
  );
  byId("dialogs").append(menu);
  store.watch(["versions", "current", "painted", "run"], () => {
    const { version } = store;
    for (const button of ready) button.disabled = !version?.map;
    removal.disabled = store.state.current < 1;
    const result = version?.run?.outcome ?? version?.made;
    for (const button of ready) {
      if (["save-layers", "how-made"].includes(button.id)) button.disabled = !result;
    }
  });
  const button = h(
    "button",
    { class: "plain", id: "files", title: "Files", "aria-label": "Files" },
    icon("folder"),
  );
  button.popoverTargetElement = menu;
  return button;
}
