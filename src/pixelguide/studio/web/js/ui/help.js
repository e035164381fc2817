/** Help: how it works in three sentences, and the keys. */

import { t } from "../i18n.js";
import { h } from "./dom.js";
import { dialog } from "./dialogs.js";
import { TOOLS } from "./tools.js";

/** @type {[string, string][]} */
const KEYS = [
  ...TOOLS.map(({ key, title }) => /** @type {[string, string]} */ ([key, title])),
  ["[  ]", t("Smaller, larger brush")],
  ["Z  Shift+Z", t("Undo, redo")],
  [t("Space"), t("Hold to move the view")],
  ["+  −", t("Zoom in, out")],
  ["9  0  1", t("Whole photograph, its part, 1:1")],
  ["V  O", t("Map on or off, outlines only")],
  ["C", t("Hold to see the original")],
  [t("Ctrl+Enter"), t("Edit")],
  [t("Ctrl+C  Ctrl+V"), t("Copy the picture, open one that was copied")],
  [t("Alt+click"), t("Take the class under the brush")],
  [t("Right button"), t("Erase")],
  [t("Arrows"), t("Move what is grabbed, else the crosshair; Enter presses")],
  ["?", t("This page")],
];

export function showHelp() {
  const rows = KEYS.flatMap(([keys, what]) => [
    h("dt", {}, ...keys.split("  ").map((key) => h("kbd", {}, key))),
    h("dd", {}, what),
  ]);
  dialog(
    t("Help"),
    h(
      "p",
      {},
      t(
        "Paint on the map what the picture should show, press Edit, and choose among the results. Nothing outside the dashed line changes. Your work is kept in this browser.",
      ),
    ),
    h("dl", { class: "keys" }, ...rows),
  );
}
