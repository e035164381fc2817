/** The keyboard. */

import { edit } from "./editing.js";
import { copyPicture } from "./sharing.js";
import { showHelp } from "./ui/help.js";
import { attempt } from "./ui/notices.js";
import { setSize, TOOLS } from "./ui/tools.js";
import { undoStep } from "./ui/top.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./stage/stage.js").Stage} Stage */

/** @param {Store} store @param {Stage} stage */
export function mountKeys(store, stage) {
  const original = new Original(store);
  addEventListener("keydown", (event) => {
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const used =
      event.ctrlKey || event.metaKey
        ? chord(store, stage, event)
        : plain(store, stage, event, original);
    if (used) event.preventDefault();
  });
  addEventListener("keyup", ({ key }) => {
    if (key === " ") stage.pointers.panning = false;
    if (key.toLowerCase() === "c") original.hide();
    stage.draw();
  });
  addEventListener("blur", () => {
    stage.pointers.panning = false;
    original.hide();
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
  else if (letter === "c" && store.version && !String(getSelection())) attempt(() => copyPicture(store));
  else return false;
  return true;
}

/**
 * Letters are the same with Caps Lock.
 * @param {Store} store @param {Stage} stage @param {KeyboardEvent} event @param {Original} original
 */
function plain(store, stage, event, original) {
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
  const letter = key.toLowerCase();
  /** @type {Record<string, () => void>} */
  const actions = {
    ...(state.stage === "paint" ? mapActions(store) : { c: () => original.show() }),
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
    z: () => undoStep(store, stage, shiftKey ? "redo" : "undo"),
    "+": () => stage.zoom(1.5),
    "=": () => stage.zoom(1.5),
    "-": () => stage.zoom(1 / 1.5),
    0: () => stage.fit(),
    1: () => stage.actualSize(),
    9: () => stage.fitWhole(),
    "?": showHelp,
  };
  if (tool && !repeat) store.set({ tool: tool.name, stage: "paint" });
  else if (letter in actions) actions[letter]();
  else return false;
  return true;
}

/** How the map is shown, where it is. @param {Store} store @returns {Record<string, () => void>} */
const mapActions = (store) => ({
  v: () => store.set({ mapShown: !store.state.mapShown }),
  o: () => store.set({ outlined: !store.state.outlined, mapShown: true }),
});

/** The original, shown while a key is down instead of the comparison one was in. */
class Original {
  /** @type {import("./store.js").State["compare"]["kind"] | null} */
  #before = null;

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  show() {
    this.#before ??= this.store.state.compare.kind;
    this.#compare("before");
  }

  hide() {
    if (this.#before) this.#compare(this.#before);
    this.#before = null;
  }

  /** @param {import("./store.js").State["compare"]["kind"]} kind */
  #compare(kind) {
    const { compare } = this.store.state;
    if (compare.kind !== kind) this.store.set({ compare: { ...compare, kind } });
  }
}
