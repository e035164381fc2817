/** What tools may do to the map of the current version. */

import {
  automaticMode,
  chooseIslands,
  paintedParts,
  toggled,
  withoutSpecks,
} from "./core/islands.js";
import { partAt } from "./core/regions.js";
import { dilate, editedClasses, namedClasses, regionOfInterest } from "./core/roi.js";
import { withVanishedEdges } from "./core/vanished_edges.js";
import { STARTERS } from "./core/starters.js";
import { Patch } from "./core/patch.js";

/** @typedef {import("./store.js").Store} Store */

let strokes = 0;

/** A name for the next stroke: patches that carry it are one step of the history. */
export const newStroke = () => `stroke ${++strokes}`;

/** @param {Store} store @param {Patch | null} patch */
export function run(store, patch) {
  const version = store.version;
  if (!patch || !version?.map) return;
  version.history.run(version.map, patch);
  store.touch(["map"], patch.rect);
}

/**
 * Give a class to pixels. @param {Store} store @param {Iterable<number>} indices
 * @param {string} title @param {string} stroke
 */
export function paint(store, indices, title, stroke) {
  const { classId, locked } = store.state;
  const map = store.version?.map;
  if (map)
    run(
      store,
      Patch.of(map, indices, () => classId, { title, stroke, locked }),
    );
}

/**
 * Give pixels the class they had before painting.
 * @param {Store} store @param {Iterable<number>} indices @param {string} stroke
 */
export function erase(store, indices, stroke) {
  const version = store.version;
  if (!version?.map || !version.source) return;
  const { ids } = version.source;
  const how = { title: "eraser", stroke, locked: store.state.locked };
  run(
    store,
    Patch.of(version.map, indices, (index) => ids[index], how),
  );
}

/**
 * Replace the whole map, locked classes excepted.
 * @param {Store} store @param {Uint8Array} ids @param {string} title @param {string} [stroke]
 */
export function repaint(store, ids, title, stroke = newStroke()) {
  const map = store.version?.map;
  if (map) run(store, Patch.between(map, ids, { title, stroke, locked: store.state.locked }));
}

/** The stroke is over: bring everything that follows from the map up to date. @param {Store} store */
export function settle(store) {
  store.state.plan = planned(store);
  store.touch(["plan", "painted"]);
}

/** @param {Store} store @param {"undo" | "redo"} way */
export function step(store, way) {
  const version = store.version;
  if (!version?.map) return;
  const patch = version.history[way](version.map);
  if (!patch) return;
  store.touch(["map"], patch.rect);
  settle(store);
}

/** Undo or do again until so many steps are done. @param {Store} store @param {number} count */
export function goTo(store, count) {
  const version = store.version;
  if (!version?.map) return;
  const { history, map } = version;
  while (history.done.length > count && history.undo(map));
  while (history.done.length < count && history.redo(map));
  store.touch(["map"]);
  settle(store);
}

/** What the next edit would do. @param {Store} store @returns {import("./types.js").Plan | null} */
function planned(store) {
  const version = store.version;
  if (!version?.source || !version.map) return null;
  const { source, map } = version;
  const { category, settings } = store.state;
  const edited = editedClasses(source, map);
  const wanted = (/** @type {number[]} */ named) =>
    edited.filter((id) => version.wanted[id] ?? named.includes(id));
  let classes = wanted(namedClasses(source, map));
  const automatic = automaticMode(source, map, classes, version.inPhotograph);
  const mode = settings.roi === "auto" ? automatic : settings.roi;
  if (mode === "parts") classes = wanted(namedClasses(source, withoutSpecks(source, map)));
  const whole = regionOfInterest(source, map, classes, "classes", 0);
  const found =
    mode === "parts"
      ? withVanishedEdges(source, map, paintedParts(source, map, classes))
      : mode === "classes"
        ? whole
        : regionOfInterest(source, map, classes, "changed", 0);
  const part = (/** @type {number} */ pixel) => partAt(map, pixel);
  const { islands, chosen } = chooseIslands(found, whole, map.width, version.islands, part);
  const dyed = recoloured(category, map, version.colours);
  const touched = chosen.map((inside, k) => inside | dyed[k]);
  const roi = dilate(touched, map.width, map.height, settings.dilation ?? category.defaults.dilation);
  return {
    edited,
    classes,
    mode,
    islands,
    chosen,
    own: chosen.some((inside, k) => inside !== found[k]),
    roi,
    pixels: roi.reduce((sum, inside) => sum + inside, 0),
    recoloured: dyed.reduce((sum, inside) => sum + inside, 0),
    changed: source.ids.reduce((sum, id, k) => sum + Number(id !== map.ids[k]), 0),
    reached: chosen.some((inside, k) => inside && source.ids[k] !== map.ids[k]),
  };
}

/**
 * The pixels of classes that are to have another colour.
 * @param {import("./types.js").Category} category @param {import("./types.js").LabelMap} map
 * @param {Record<string, string>} colours by name of the class
 */
function recoloured({ labels }, map, colours) {
  const asked = new Set(labels.filter(({ name }) => name in colours).map(({ id }) => id));
  return map.ids.map((id) => Number(asked.has(id)));
}

/**
 * Whether there is something to edit: what was painted and may change, or colours alone.
 * @param {import("./types.js").Plan | null} plan
 */
export const isReady = (plan) =>
  !!plan && (plan.changed ? plan.classes.length > 0 && plan.reached : plan.recoloured > 0);

/**
 * Ask for a colour of a class, or let it keep its own.
 * @param {Store} store @param {string} name @param {string | null} colour "#rrggbb"
 */
export function setColour(store, name, colour) {
  const { version } = store;
  if (!version) return;
  const { [name]: _, ...others } = version.colours;
  version.colours = colour ? { ...others, [name]: colour } : others;
  settle(store);
}

/** Take an island in or out. @param {Store} store @param {{area: number[], taken: boolean}} island */
export function toggleIsland(store, island) {
  const { version } = store;
  if (!version) return;
  version.islands = toggled(version.islands, island);
  settle(store);
}

/** The starters that change the current map, with the maps they make. @param {Store} store */
export function applicableStarters(store) {
  const { category } = store.state;
  const map = store.version?.map;
  if (!map) return [];
  const classes = (/** @type {string} */ name) =>
    category.labels.find((label) => label.name === name)?.id ?? -1;
  return category.starters.flatMap((info) => {
    const ids = STARTERS[info.name]?.(map, classes);
    return ids?.some((id, index) => id !== map.ids[index]) ? [{ info, ids }] : [];
  });
}
