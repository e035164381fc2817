/** The keyboard. */

import { edit } from "./editing.js";
import { showHelp } from "./ui/help.js";
import { attempt } from "./ui/notices.js";
import { setSize, TOOLS } from "./ui/tools.js";
import { undoStep } from "./ui/top.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./stage/stage.js").Stage} Stage */

/** @param {Store} store @param {Stage} stage */
export function mountKeys(store, stage) {
  addEventListener("keydown", (event) => {
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const used =
      event.ctrlKey || event.metaKey ? chord(store, stage, event) : plain(store, stage, event);
    if (used) event.preventDefault();
  });
  addEventListener("keyup", ({ key }) => {
    if (key === " ") stage.pointers.panning = false;
    if (key === "c" || key === "C") look(store, "after");
    stage.draw();
  });
  addEventListener("blur", () => {
    stage.pointers.panning = false;
  });
}

/** @param {EventTarget | null} target */
function typing(target) {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=range]), select, textarea, pre")
  );
}

/** @param {Store} store @param {Stage} stage @param {KeyboardEvent} event */
function chord(store, stage, { key, shiftKey }) {
  const letter = key.toLowerCase();
  if (letter === "z") undoStep(store, stage, shiftKey ? "redo" : "undo");
  else if (letter === "y") undoStep(store, stage, "redo");
  else if (key === "Enter") attempt(() => edit(store));
  else return false;
  return true;
}

/** @param {Store} store @param {Stage} stage @param {KeyboardEvent} event */
function plain(store, stage, event) {
  const { key, shiftKey, target, repeat } = event;
  const { state } = store;
  const onCanvas = target === stage.canvas || target === document.body;
  if (onCanvas && state.stage === "paint") {
    if (stage.tools[state.tool].key?.(key, shiftKey)) return true;
    if (stage.crosshair(key, shiftKey)) return true;
  }
  if (key === " " && onCanvas) {
    stage.pointers.panning = true;
    stage.draw();
    return true;
  }
  const tool = TOOLS.find((each) => each.key === key.toUpperCase());
  /** @type {Record<string, () => void>} */
  const actions = {
    "[": () =>
      setSize(
        store,
        Math.min(state.options.brushSize - 1, Math.round(state.options.brushSize / 1.2)),
      ),
    "]": () =>
      setSize(
        store,
        Math.max(state.options.brushSize + 1, Math.round(state.options.brushSize * 1.2)),
      ),
    z: () => undoStep(store, stage, "undo"),
    Z: () => undoStep(store, stage, "redo"),
    v: () => store.set({ mapShown: !state.mapShown }),
    o: () => store.set({ outlined: !state.outlined, mapShown: true }),
    c: () => look(store, "before"),
    "+": () => stage.zoom(1.5),
    "=": () => stage.zoom(1.5),
    "-": () => stage.zoom(1 / 1.5),
    0: () => stage.fit(),
    "?": showHelp,
  };
  if (tool && !repeat) store.set({ tool: tool.name, stage: "paint" });
  else if (key in actions) actions[key]();
  else return false;
  return true;
}

/** Show the original while the key is down. @param {Store} store @param {"before" | "after"} kind */
function look(store, kind) {
  const { stage, compare } = store.state;
  if (stage === "result" && compare.kind !== kind) store.set({ compare: { ...compare, kind } });
}
