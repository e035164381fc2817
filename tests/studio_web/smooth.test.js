import assert from "node:assert/strict";
import { test } from "node:test";

import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import { finenessOf, SmoothMap } from "../../src/pixelguide/studio/web/js/core/smooth.js";

/** @param {number} side @param {(x: number, y: number) => number} id */
function mapOf(side, id) {
  const ids = Uint8Array.from({ length: side * side }, (_, k) => id(k % side, Math.floor(k / side)));
  return new LabelMap(side, side, ids);
}

/** @param {LabelMap} map @param {number} fineness */
function smoothed(map, fineness) {
  const fine = new SmoothMap(map.width, map.height, fineness);
  fine.update(map, { x: 0, y: 0, width: map.width, height: map.height });
  return fine;
}

test("ids stay those of the map, also at borders of three classes", () => {
  const map = mapOf(16, (x, y) => (x * 7 + y * 3) % 11);
  const known = new Set(map.ids);
  assert.ok(smoothed(map, 4).ids.every((id) => known.has(id)));
});

test("one class stays so, and the middle of every pixel of a straight line is kept", () => {
  assert.ok(smoothed(mapOf(8, () => 5), 8).ids.every((id) => id === 5));
  const line = smoothed(mapOf(9, (x) => Number(x === 4)), 8);
  for (let y = 0; y < 72; y++) assert.equal(line.ids[y * 72 + 4 * 8 + 4], 1);
});

test("the outline of a disc is nearer to a circle than the map's squares", () => {
  const side = 32,
    radius = 10.3;
  const inside = (/** @type {number} */ x, /** @type {number} */ y) =>
    Number(Math.hypot(x - side / 2, y - side / 2) < radius);
  const map = mapOf(side, (x, y) => inside(x + 0.5, y + 0.5));
  const fine = smoothed(map, 8);
  let smooth = 0,
    squares = 0;
  fine.ids.forEach((id, k) => {
    const x = k % fine.width,
      y = (k - x) / fine.width;
    const true_ = inside((x + 0.5) / 8, (y + 0.5) / 8);
    smooth += Number(id !== true_);
    squares += Number(map.at(Math.floor(x / 8), Math.floor(y / 8)) !== true_);
  });
  assert.ok(smooth < 0.75 * squares, `${smooth} of ${squares}`);
});

test("after a change of a few pixels it is the same as made anew", () => {
  const map = mapOf(24, (x, y) => Number(x + y > 20));
  const fine = smoothed(map, 4);
  for (const index of [3, 40, 41, 300]) map.ids[index] = 7;
  for (const index of [3, 40, 41, 300]) {
    const x = index % 24;
    fine.update(map, { x, y: (index - x) / 24, width: 1, height: 1 });
  }
  assert.deepEqual(fine.ids, smoothed(map, 4).ids);
});

test("large maps are not made finer than the screen", () => {
  assert.deepEqual([64, 128, 256, 512, 1024, 2048].map(finenessOf), [8, 8, 4, 2, 1, 1]);
});
