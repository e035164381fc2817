/** Before other work is opened: nothing is lost, or one is asked. */

import { saveProject } from "../files.js";
import { t } from "../i18n.js";
import { asked } from "./dialogs.js";

/** @typedef {import("../store.js").Store} Store */

/**
 * Where this browser keeps the work it stays among the recent, and there is nothing to ask.
 * @param {Store} store @returns {Promise<boolean>} whether what is open may be replaced
 */
export async function mayLeave(store) {
  const { versions } = store.state;
  const worked = versions.some(
    ({ history, run }) => history.done.length > 0 || history.undone.length > 0 || run,
  );
  if ((store.keeping && !store.keeping.failed) || (!worked && versions.length < 2)) return true;
  const answer = await asked(
    t("Start over?"),
    t("This browser does not keep what is open. Save the project to come back to it."),
    [
      ["stay", t("Keep working")],
      ["leave", t("Start over")],
      ["save", t("Save the project, then start over")],
    ],
  );
  if (answer === "save") await saveProject(store);
  return answer === "save" || answer === "leave";
}
