import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../src/pixelguide/studio/web/js/core/history.js";
import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import { Patch } from "../../src/pixelguide/studio/web/js/core/patch.js";
import { drawn, random, rowsOf } from "./maps.js";

const how = (/** @type {string} */ stroke) => ({ title: "brush", stroke });

/** @param {LabelMap} map @param {number[]} indices @param {number} id @param {string} stroke */
const painting = (map, indices, id, stroke) => Patch.of(map, indices, () => id, how(stroke));

test("a patch holds only what changes", () => {
  const map = drawn("0120");
  const patch = painting(map, [0, 1, 2], 1, "a");
  assert.deepEqual([...(patch?.chunks[0].indices ?? [])], [0, 2]);
  assert.deepEqual(patch?.rect, { x: 0, y: 0, width: 3, height: 1 });
  assert.equal(painting(map, [1], 1, "a"), null);
});

test("locked classes stay", () => {
  const map = drawn("012");
  const patch = Patch.of(map, [0, 1, 2], () => 3, { ...how("a"), locked: new Set([1]) });
  patch?.execute(map);
  assert.deepEqual(rowsOf(map), ["313"]);
});

test("patches of one stroke are one step, in either direction", () => {
  const map = drawn("0000");
  const history = new History();
  for (const [k, id] of [
    [0, 1],
    [1, 1],
    [0, 2],
  ]) {
    const patch = painting(map, [k], id, "one");
    if (patch) history.run(map, patch);
  }
  assert.equal(history.done.length, 1);
  history.undo(map);
  assert.deepEqual(rowsOf(map), ["0000"]);
  history.redo(map);
  assert.deepEqual(rowsOf(map), ["2100"]);
});

test("a thousand random strokes are undone and redone exactly", () => {
  const draw = random(1);
  const map = new LabelMap(16, 16);
  const history = new History();
  const states = [map.ids.slice()];
  for (let k = 0; k < 1000; k++) {
    const patch = painting(
      map,
      Array.from({ length: 9 }, () => draw(256)),
      draw(15),
      `stroke ${k}`,
    );
    if (!patch) continue;
    history.run(map, patch);
    states.push(map.ids.slice());
  }
  for (let k = states.length - 2; k >= 0; k--) {
    history.undo(map);
    assert.deepEqual(map.ids, states[k]);
  }
  assert.equal(history.undo(map), null);
  for (let k = 1; k < states.length; k++) history.redo(map);
  assert.deepEqual(map.ids, states.at(-1));
  assert.equal(history.redo(map), null);
});

test("a new stroke ends what could be redone", () => {
  const map = drawn("00");
  const history = new History();
  for (const [index, stroke] of /** @type {[number, string][]} */ ([
    [0, "a"],
    [1, "b"],
  ])) {
    const patch = painting(map, [index], 1, stroke);
    if (patch) history.run(map, patch);
    if (stroke === "a") history.undo(map);
  }
  assert.equal(history.redo(map), null);
  assert.deepEqual(rowsOf(map), ["01"]);
});

test("a stored patch does what the patch did", () => {
  const map = drawn("0000");
  const patch = painting(map, [0, 1], 1, "a");
  patch?.execute(map);
  const later = painting(map, [1, 2], 2, "a");
  later?.execute(map);
  if (patch && later) patch.absorb(later);
  const stored = patch?.store("x");
  assert.deepEqual([...(stored?.indices ?? [])], [0, 1, 2]);
  const again = stored && Patch.restore(stored);
  again?.undo(map);
  assert.deepEqual(rowsOf(map), ["0000"]);
  again?.execute(map);
  assert.deepEqual(rowsOf(map), ["1220"]);
});
