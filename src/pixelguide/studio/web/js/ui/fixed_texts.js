/** The texts that index.html brings, in the reader's language. */

import { language, t } from "../i18n.js";
import { byId } from "./dom.js";

export function translateFixed() {
  document.documentElement.lang = language;
  const names = {
    top: t("Actions"),
    tools: t("Tools"),
    canvas: t("Map over the picture"),
    side: t("Map and edit"),
    tabs: t("What the canvas shows"),
    versions: t("Versions"),
  };
  for (const [id, name] of Object.entries(names)) byId(id).setAttribute("aria-label", name);
  byId("classes-title").textContent = t("Paint with");
}
