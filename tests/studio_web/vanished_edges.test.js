import assert from "node:assert/strict";
import { test } from "node:test";

import { IGNORE, LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import {
  squaredDistances,
  withVanishedEdges,
} from "../../src/pixelguide/studio/web/js/core/vanished_edges.js";
import { random } from "./maps.js";

// The same head as in tests/guidance/test_class_cores.py: a doubtful edge is 4 pixels wide.
const SIDE = 64,
  HAIRLINE = 24,
  FACE = 0,
  HAIR = 1,
  BROW = 2;

/** Hair above, face below, in it a brow of two rows. */
function head() {
  const map = new LabelMap(SIDE, SIDE);
  map.ids.fill(FACE);
  map.ids.fill(HAIR, 0, HAIRLINE * SIDE);
  for (const y of [40, 41]) map.ids.fill(BROW, y * SIDE + 10, y * SIDE + 30);
  return map;
}

/** @param {number} id @param {number} top @param {number} bottom @param {number} left @param {number} right */
function painted(id, top, bottom, left = 0, right = SIDE) {
  const map = head();
  for (let y = top; y < bottom; y++) map.ids.fill(id, y * SIDE + left, y * SIDE + right);
  return map;
}

/** What the edges add to what was painted. @param {LabelMap} target */
function edges(target) {
  const changed = head().ids.map((id, k) => Number(id !== target.ids[k]));
  const region = withVanishedEdges(head(), target, changed);
  return region.map((inside, k) => Number(inside && !changed[k]));
}

const rows = (/** @type {number} */ top, /** @type {number} */ bottom) =>
  new Uint8Array(SIDE * SIDE).fill(1, top * SIDE, bottom * SIDE);

test("hair that grows down takes its old edge along, and so does a forehead that grows up", () => {
  assert.deepEqual(edges(painted(HAIR, HAIRLINE, HAIRLINE + 5)), rows(HAIRLINE - 4, HAIRLINE));
  assert.deepEqual(edges(painted(FACE, HAIRLINE - 5, HAIRLINE)), rows(HAIRLINE, HAIRLINE + 4));
});

test("only along what was painted, and no nearer to anything else", () => {
  const found = edges(painted(HAIR, HAIRLINE, HAIRLINE + 5, 0, 20));
  const at = (/** @type {number} */ y, /** @type {number} */ x) => found[y * SIDE + x];
  for (let y = HAIRLINE - 4; y < HAIRLINE; y++) for (let x = 0; x < 19; x++) assert.ok(at(y, x));
  for (let y = 0; y < SIDE; y++) for (let x = 23; x < SIDE; x++) assert.ok(!at(y, x));
  for (let x = 20; x < SIDE; x++) assert.ok(!at(HAIRLINE - 1, x));
});

test("edges of thin parts are read well, and what has no label moves none", () => {
  for (const target of [
    painted(FACE, 40, 42, 10, 30),
    painted(HAIR, 40, 42, 10, 30),
    painted(BROW, 36, 40, 10, 30),
    painted(IGNORE, HAIRLINE, HAIRLINE + 5),
    head(),
  ])
    assert.ok(!edges(target).includes(1));
});

test("squared distances are those to the nearest pixel", () => {
  const next = random(3);
  const width = 9,
    mask = Uint8Array.from({ length: 63 }, () => Number(next(10) === 0));
  const found = squaredDistances(mask, width);
  const places = [...mask.keys()].filter((k) => mask[k]);
  assert.ok(places.length > 1);
  found.forEach((squared, k) => {
    const all = places.map(
      (p) => ((p % width) - (k % width)) ** 2 + (Math.floor(p / width) - Math.floor(k / width)) ** 2,
    );
    assert.equal(squared, Math.min(...all));
  });
  assert.ok(squaredDistances(new Uint8Array(9), 3).every((squared) => squared === Infinity));
});
