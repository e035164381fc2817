/** Common edits of faces in one click: each repaints the map as a person would.
 *
 * A starter is (map, classes) → the new ids, or null where it does not apply. Proportions are of
 * the part's own width, so they hold at any size. */

import { bounds } from "./label_map.js";
import { centre, meshOver, moved, scaled } from "./mesh.js";
import { lift, placed } from "./part.js";
import { areas, closed } from "./regions.js";
import { ellipse } from "./shapes.js";

/** @typedef {import("./label_map.js").LabelMap} LabelMap */
/** @typedef {(name: string) => number} Classes id of a class, −1 where the category has none */
/** @typedef {(map: LabelMap, classes: Classes) => Uint8Array | null} Starter */

/** Where the mouth opens: this share of the opening lies above the line of the closed lips. */
const ABOVE = 0.15;

/** @type {Starter} The lips meet; what was between them is gone. */
function closeMouth(map, classes) {
  const lips = classes("lips");
  const inner = new Set([classes("mouth interior"), classes("teeth")]);
  const mouth = areas(map, new Set([lips, ...inner]))[0];
  if (!mouth?.some((index) => inner.has(map.ids[index]))) return null;
  const ids = closed(map, mouth, new Set([lips, ...inner]));
  forColumns(map, mouth, (x, column) => {
    const first = column.findIndex((y) => inner.has(map.at(x, y)));
    const last = column.findLastIndex((y) => inner.has(map.at(x, y)));
    const gap = first < 0 ? 0 : last - first + 1;
    const drop = Math.round(ABOVE * gap);
    column.forEach((y, k) => {
      if (first >= 0 && k >= first && k <= last) return;
      const shift = first < 0 ? 0 : k < first ? drop : drop - gap;
      ids[(y + shift) * map.width + x] = lips;
    });
  });
  return ids;
}

/** @type {Starter} The lips part, with teeth at the top where the category has them. */
function openMouth(map, classes) {
  const [lips, interior, teeth] = ["lips", "mouth interior", "teeth"].map(classes);
  const mouth = areas(map, new Set([lips]))[0];
  if (!mouth || interior < 0) return null;
  if (map.ids.some((id) => id === interior || (id === teeth && teeth >= 0))) return null;
  const rect = bounds(mouth, map.width);
  if (!rect) return null;
  const ids = map.ids.slice();
  const middle = rect.x + rect.width / 2,
    half = rect.width / 2;
  const set = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ id) => {
    if (map.inside(x, y)) ids[y * map.width + x] = id;
  };
  forColumns(map, mouth, (x, column) => {
    const u = (x + 0.5 - middle) / half;
    const gap = Math.round(
      0.34 * rect.width * Math.max(0, 1 - u * u) ** 0.55 * Number(Math.abs(u) < 0.92),
    );
    const lift = Math.round(ABOVE * gap);
    const seam = column[0] + Math.round(0.45 * column.length);
    for (const y of column) set(x, y < seam ? y - lift : y + gap - lift, lips);
    const bite = teeth >= 0 && Math.abs(u) < 0.8 ? Math.round(0.4 * gap) : 0;
    for (let k = 0; k < gap; k++) set(x, seam - lift + k, k < bite ? teeth : interior);
  });
  return ids;
}

/** @type {Starter} Each open eye becomes a lid. */
function closeEyes(map, classes) {
  const [white, iris, lid] = ["eye white", "iris", "closed eyelid"].map(classes);
  const open = new Set([white, iris]);
  const eyes = areas(map, open).slice(0, 2);
  if (eyes.length === 0 || lid < 0) return null;
  const result = map.clone();
  for (const eye of eyes) {
    const { x, y, width, height } = boundsOf(eye, map);
    result.ids.set(closed(result, eye, open));
    const low = y + 0.6 * height,
      half = 0.26 * width;
    for (const index of oval(map, x, low - half, width, 2 * half)) result.ids[index] = lid;
  }
  return result.ids;
}

/** @type {Starter} Each lid becomes an eye that looks ahead. */
function openEyes(map, classes) {
  const [white, iris, lid] = ["eye white", "iris", "closed eyelid"].map(classes);
  const lids = areas(map, new Set([lid])).slice(0, 2);
  if (lids.length === 0 || white < 0 || iris < 0) return null;
  const result = map.clone();
  for (const shut of lids) {
    const { x, y, width, height } = boundsOf(shut, map);
    result.ids.set(closed(result, shut, new Set([lid])));
    const middle = y + height / 2 - 0.12 * width;
    const eye = oval(map, x, middle - 0.33 * width, width, 0.66 * width);
    for (const index of eye) result.ids[index] = white;
    const round = new Set(
      oval(map, x + 0.22 * width, middle - 0.28 * width, 0.56 * width, 0.56 * width),
    );
    for (const index of eye) if (round.has(index)) result.ids[index] = iris;
  }
  return result.ids;
}

/** @type {Starter} */
function biggerEyes(map, classes) {
  const open = new Set([classes("eye white"), classes("iris")]);
  return each(map, areas(map, open).slice(0, 2), (mesh) => scaled(mesh, centre(mesh), 1.3, 1.3));
}

/** @type {Starter} Both irises move to the other side of their eyes. */
function lookAside(map, classes) {
  const [white, iris] = ["eye white", "iris"].map(classes);
  const eyes = areas(map, new Set([white, iris])).slice(0, 2);
  const result = map.ids.slice();
  let side = 0,
    moves = false;
  for (const eye of eyes) {
    const round = eye.filter((index) => map.ids[index] === iris);
    if (round.length === 0 || white < 0) continue;
    const box = boundsOf(eye, map),
      disc = boundsOf(round, map);
    const offset = disc.x + disc.width / 2 - box.x - box.width / 2;
    side ||= offset >= 0 ? -1 : 1; // both eyes the same way
    const step = Math.round(side * Math.max(1, 0.2 * box.width) - offset);
    for (const index of round) result[index] = white;
    const inside = new Set(eye);
    for (const index of round) {
      if (!inside.has(index + step)) continue;
      result[index + step] = iris;
      moves ||= step !== 0;
    }
  }
  return moves ? result : null;
}

/** @type {Starter} */
function raiseEyebrows(map, classes) {
  const brows = areas(map, new Set([classes("eyebrow")])).slice(0, 2);
  return each(map, brows, (mesh, rect) =>
    moved(mesh, 0, -Math.max(1, Math.round(0.14 * rect.width))),
  );
}

/** @type {Starter} Hair below the middle of the face goes. */
function shorterHair(map, classes) {
  const hair = classes("hair"),
    face = classes("face");
  const head = areas(map, new Set([face]))[0];
  if (!head) return null;
  const { y, height } = boundsOf(head, map);
  const end = Math.round(y + 0.45 * height) * map.width;
  const gone = [...map.ids.keys()].filter((index) => index >= end && map.ids[index] === hair);
  return gone.length > 0 ? closed(map, gone, new Set([hair])) : null;
}

/** @type {Starter} */
function removeGlasses(map, classes) {
  const glasses = classes("glasses");
  const gone = [...map.ids.keys()].filter((index) => map.ids[index] === glasses);
  return gone.length > 0 ? closed(map, gone, new Set([glasses])) : null;
}

/** Every starter by the name the server gives it. @type {Readonly<Record<string, Starter>>} */
export const STARTERS = Object.freeze({
  open_mouth: openMouth,
  close_mouth: closeMouth,
  close_eye: closeEyes,
  open_eye: openEyes,
  bigger_eyes: biggerEyes,
  look_aside: lookAside,
  raise_eyebrows: raiseEyebrows,
  shorter_hair: shorterHair,
  remove_glasses: removeGlasses,
});

/**
 * Several parts, each set down where `shape` moves its mesh; null for no part.
 * @param {LabelMap} map @param {number[][]} parts
 * @param {(mesh: import("./mesh.js").Point[], rect: import("./label_map.js").Rect)
 *   => import("./mesh.js").Point[]} shape
 */
function each(map, parts, shape) {
  if (parts.length === 0) return null;
  const result = map.clone();
  for (const indices of parts) {
    const part = lift(result, indices);
    result.ids.set(placed(part, shape(meshOver(part.rect), part.rect)));
  }
  return result.ids;
}

/**
 * @param {LabelMap} map @param {number[]} indices
 * @param {(x: number, column: number[]) => void} use gets the rows of each column, from the top
 */
function forColumns(map, indices, use) {
  /** @type {Map<number, number[]>} */
  const columns = new Map();
  for (const index of [...indices].sort((a, b) => a - b)) {
    const x = index % map.width;
    columns.set(x, [...(columns.get(x) ?? []), (index - x) / map.width]);
  }
  columns.forEach((column, x) => use(x, column));
}

/** @param {number[]} indices not empty @param {LabelMap} map */
function boundsOf(indices, map) {
  return /** @type {import("./label_map.js").Rect} */ (bounds(indices, map.width));
}

/**
 * @param {LabelMap} map @param {number} x @param {number} y @param {number} width
 * @param {number} height
 */
function oval(map, x, y, width, height) {
  const to = /** @type {[number, number]} */ ([x + width - 1, y + Math.max(1, height) - 1]);
  return ellipse([x, y], to, map.width, map.height);
}
