/** Help: how it works in three sentences, and the keys. */

import { h } from "./dom.js";
import { dialog } from "./dialogs.js";
import { TOOLS } from "./tools.js";

/** @type {[string, string][]} */
const KEYS = [
  ...TOOLS.map(({ key, title }) => /** @type {[string, string]} */ ([key, title])),
  ["[  ]", "Smaller, larger brush"],
  ["Z  Shift+Z", "Undo, redo"],
  ["Space", "Hold to move the view"],
  ["+  −  0", "Zoom in, out, whole picture"],
  ["V  O", "Map on or off, outlines only"],
  ["C", "Hold to see the original"],
  ["Ctrl+Enter", "Edit"],
  ["Alt+click", "Take the class under the brush"],
  ["Right button", "Erase"],
  ["Arrows", "Move what is grabbed, else the crosshair; Enter presses"],
  ["?", "This page"],
];

export function showHelp() {
  const rows = KEYS.flatMap(([keys, what]) => [
    h("dt", {}, ...keys.split("  ").map((key) => h("kbd", {}, key))),
    h("dd", {}, what),
  ]);
  dialog(
    "Help",
    h(
      "p",
      {},
      "Paint on the map what the picture should show, press Edit, and choose among the results. ",
      "Nothing outside the dashed line changes. Your work is kept in this browser.",
    ),
    h("dl", { class: "keys" }, ...rows),
  );
}
