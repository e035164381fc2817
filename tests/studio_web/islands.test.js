import assert from "node:assert/strict";
import { test } from "node:test";

import {
  automaticMode,
  chooseIslands,
  components,
  paintedParts,
  toggled,
  withoutSpecks,
} from "../../src/pixelguide/studio/web/js/core/islands.js";
import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import { partAt } from "../../src/pixelguide/studio/web/js/core/regions.js";
import { regionOfInterest } from "../../src/pixelguide/studio/web/js/core/roi.js";

const SIDE = 32,
  FACE = 1,
  EYE = 2,
  HAIR = 3;
const NOTHING = { out: [], in: [] };

/** @param {number} x @param {number} y @param {number} width @param {number} height */
function* box(x, y, width, height) {
  for (let py = y; py < y + height; py++) for (let px = x; px < x + width; px++) yield py * SIDE + px;
}

/** A face with two eyes of 5×3 and hair at the top. */
function face() {
  const map = new LabelMap(SIDE, SIDE);
  map.ids.fill(FACE);
  for (const k of box(0, 0, SIDE, 8)) map.ids[k] = HAIR;
  for (const k of [...box(6, 14, 5, 3), ...box(20, 14, 5, 3)]) map.ids[k] = EYE;
  return map;
}

/** One eye is opened wider. */
function opened() {
  const map = face();
  for (const k of box(6, 12, 5, 2)) map.ids[k] = EYE;
  return map;
}

const count = (/** @type {Uint8Array} */ mask) => mask.reduce((sum, each) => sum + each, 0);

test("an eye that was painted moves with its other pixels, the other eye does not", () => {
  const region = paintedParts(face(), opened(), [EYE]);
  assert.equal(count(region), 25);
  assert.equal(count(regionOfInterest(face(), opened(), [EYE], "classes", 0)), 40);
});

test("a strand that was cut does not take all the hair along", () => {
  const cut = face();
  for (const k of box(0, 6, 4, 2)) cut.ids[k] = FACE;
  assert.equal(count(paintedParts(face(), cut, [HAIR])), 8);
});

test("slipped pixels are no paint, a thin line drawn on purpose is", () => {
  const slipped = opened();
  slipped.ids[25 * SIDE + 3] = EYE;
  assert.equal(withoutSpecks(face(), slipped).ids[25 * SIDE + 3], FACE);
  const lined = opened();
  for (const k of box(2, 25, 12, 1)) lined.ids[k] = HAIR;
  assert.equal(withoutSpecks(face(), lined).ids[25 * SIDE + 5], HAIR);
  const alone = face();
  alone.ids[25 * SIDE + 3] = EYE;
  assert.equal(withoutSpecks(face(), alone).ids[25 * SIDE + 3], EYE, "nothing else was painted");
});

test("by itself a part of a photograph keeps to parts, other pictures where classes reach far", () => {
  assert.equal(automaticMode(face(), opened(), [EYE], true), "parts");
  assert.equal(automaticMode(face(), opened(), [EYE], false), "classes");
  const dot = face();
  for (const k of box(6, 13, 2, 1)) dot.ids[k] = EYE;
  assert.equal(automaticMode(face(), dot, [EYE], false), "parts");
});

test("islands are taken out and in, and back", () => {
  const whole = regionOfInterest(face(), opened(), [EYE], "classes", 0);
  const region = paintedParts(face(), opened(), [EYE]);
  const first = chooseIslands(region, whole, SIDE, NOTHING);
  assert.deepEqual(
    first.islands.map(({ area, taken }) => [area.length, taken]),
    [
      [25, true],
      [15, false],
    ],
  );
  assert.deepEqual(first.chosen, region);
  let choice = toggled(NOTHING, first.islands[1]);
  assert.deepEqual(chooseIslands(region, whole, SIDE, choice).chosen, whole);
  choice = toggled(choice, chooseIslands(region, whole, SIDE, choice).islands[0]);
  const other = chooseIslands(region, whole, SIDE, choice);
  assert.equal(count(other.chosen), 15);
  for (const island of other.islands) choice = toggled(choice, island);
  assert.deepEqual(chooseIslands(region, whole, SIDE, choice).chosen, region);
});

test("pixels that meet at a corner are one island", () => {
  const mask = new Uint8Array(16);
  for (const k of [0, 5, 15]) mask[k] = 1;
  assert.deepEqual(components(mask, 4), [[0, 5], [15]]);
});

test("a part of a class that was not edited is taken in by a click, and out again", () => {
  const source = face();
  const region = new Uint8Array(SIDE * SIDE);
  const whole = region.slice();
  const hair = components(source.ids.map((id) => Number(id === HAIR)), SIDE)[0];
  const choice = toggled(NOTHING, { area: hair, taken: false });
  const taken = chooseIslands(region, whole, SIDE, choice, (pixel) => partAt(source, pixel));
  assert.equal(taken.islands.length, 1);
  assert.deepEqual([...taken.chosen.keys()].filter((k) => taken.chosen[k]), hair.toSorted((a, b) => a - b));
  const out = toggled(choice, taken.islands[0]);
  const left = chooseIslands(region, whole, SIDE, out, (pixel) => partAt(source, pixel));
  assert.ok(!left.chosen.some((inside) => inside));
});
