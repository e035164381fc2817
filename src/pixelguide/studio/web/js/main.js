/** Starts the page. */

import { explain, getJson } from "./api.js";
import { Autosave } from "./autosave.js";
import { t } from "./i18n.js";
import { mountKeys } from "./keys.js";
import { Preview } from "./preview.js";
import { resumeAll } from "./resuming.js";
import { Stage } from "./stage/stage.js";
import { initialState, Store } from "./store.js";
import { mountClasses } from "./ui/classes.js";
import { byId } from "./ui/dom.js";
import { mountEdit } from "./ui/edit.js";
import { translateFixed } from "./ui/fixed_texts.js";
import { filesMenu } from "./ui/files.js";
import { showHelp } from "./ui/help.js";
import { notify } from "./ui/notices.js";
import { shelved } from "./ui/models.js";
import { mountDrop, mountEmpty, openFile, showPicker } from "./ui/picker.js";
import { mountResult } from "./ui/result.js";
import { applyTheme } from "./ui/theme.js";
import { mountTools } from "./ui/tools.js";
import { mountTop } from "./ui/top.js";
import { mountVersions } from "./ui/versions.js";

applyTheme();
translateFixed();

/** The parts of the running page, for whoever looks in from outside. */
export const started = start();
started.catch((error) => notify(explain(error), "error"));

async function start() {
  const store = new Store(initialState(await getJson("/api/category")));
  const autosave = await kept(store);
  store.keeping = autosave;
  const preview = new Preview(store);
  const stage = new Stage(
    /** @type {HTMLCanvasElement} */ (byId("canvas")),
    store,
    () => preview.picture,
  );
  mountTop(store, stage, { help: showHelp, files: filesMenu(store) });
  mountTools(store);
  mountClasses(store);
  mountEdit(store);
  mountResult(store);
  mountVersions(store);
  mountEmpty(store);
  mountDrop(store);
  mountKeys(store, stage);
  resumeAll(store);
  const waiting = await shelved();
  if (waiting) await openFile(store, waiting);
  if (store.state.versions.length === 0) {
    // not an attempt of the user's, whose success would take away why the waiting file did not open
    showPicker(store).catch((error) => notify(explain(error), "error"));
  }
  return { store, stage, autosave };
}

/** Keep the work in this browser, or say that it is not kept. @param {Store} store */
async function kept(store) {
  let done = () => {};
  const tell = (/** @type {boolean} */ failed) => {
    done();
    const text = t("This browser could not keep your last change: save the project.");
    if (failed) done = notify(text, "error", true);
  };
  try {
    return await Autosave.start(store, tell);
  } catch {
    notify(t("This browser keeps nothing for later: save your project before you leave."));
    return null;
  }
}
