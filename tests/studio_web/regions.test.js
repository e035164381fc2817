import assert from "node:assert/strict";
import { test } from "node:test";

import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import { Edges, edges } from "../../src/pixelguide/studio/web/js/core/outline.js";
import { areas, closed, connected } from "../../src/pixelguide/studio/web/js/core/regions.js";
import {
  dilate,
  editedClasses,
  namedClasses,
  regionOfInterest,
} from "../../src/pixelguide/studio/web/js/core/roi.js";
import { drawn, marked, random, rowsOf } from "./maps.js";

test("an area ends at other classes; corners connect only on request", () => {
  const map = drawn("1100", "0010", "1001");
  assert.deepEqual(marked(connected(map, 0, 0), 4, 3), ["1100", "0000", "0000"]);
  assert.deepEqual(marked(connected(map, 0, 0, new Set([1]), true), 4, 3), [
    "1100",
    "0010",
    "0001",
  ]);
  assert.deepEqual(connected(map, 2, 0, new Set([1])), []);
  assert.deepEqual(connected(map, 9, 0), []);
});

test("areas come from the largest to the smallest", () => {
  const found = areas(drawn("120", "020", "001"), new Set([1, 2]));
  assert.deepEqual(
    found.map((area) => area.length),
    [4],
  );
  assert.deepEqual(
    areas(drawn("1011"), new Set([1])).map((area) => area.length),
    [2, 1],
  );
});

test("a hole closes with what is nearest, and with the most frequent of those", () => {
  const map = drawn("44444", "49994", "49994", "55555");
  assert.deepEqual(rowsOf({ ids: closed(map, connected(map, 1, 1)), width: 5 }), [
    "44444",
    "44444",
    "44544",
    "55555",
  ]);
});

test("unwanted classes close a hole only when there is no other", () => {
  const hole = drawn("191");
  assert.deepEqual([...closed(hole, [1], new Set([1]))], [1, 1, 1]);
  const other = drawn("19992");
  assert.deepEqual([...closed(other, [1, 2, 3], new Set([1]))], [1, 2, 2, 2, 2]);
  assert.deepEqual([...closed(drawn("77"), [0, 1])], [7, 7]);
});

test("edited classes are those that lost or gained pixels", () => {
  assert.deepEqual(editedClasses(drawn("0123"), drawn("0133")), [2, 3]);
  assert.deepEqual(editedClasses(drawn("01"), drawn("01")), []);
});

test("the region is eq. 7, or the changed pixels, grown to all sides", () => {
  const source = drawn("00000", "02200", "00000", "00002");
  const target = drawn("00000", "02000", "00000", "00002");
  assert.deepEqual(marked(on(regionOfInterest(source, target, [2], "classes", 0)), 5, 4), [
    "00000",
    "01100",
    "00000",
    "00001",
  ]);
  assert.deepEqual(marked(on(regionOfInterest(source, target, [0, 2], "changed", 1)), 5, 4), [
    "01110",
    "01110",
    "01110",
    "00000",
  ]);
});

test("growing twice by one is growing once by two", () => {
  const draw = random(4);
  for (let k = 0; k < 50; k++) {
    const mask = Uint8Array.from({ length: 12 * 9 }, () => Number(draw(12) === 0));
    const twice = dilate(dilate(mask, 12, 9, 1), 12, 9, 1);
    assert.deepEqual(dilate(mask, 12, 9, 2), twice);
    assert.deepEqual(dilate(mask, 12, 9, 0), mask);
  }
});

test("outlines lie between pixels, neighbours joined", () => {
  const map = drawn("000", "011", "011");
  const lines = edges(3, 3, (index) => map.ids[index]);
  assert.deepEqual(lines, [1, 1, 3, 1, 1, 1, 1, 3]);
  assert.deepEqual(
    edges(1, 1, () => 1, 0),
    [0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1],
  );
});

test("edges looked at again where something was painted are those of the whole map", () => {
  const draw = random(5);
  for (const border of [undefined, 0]) {
    const ids = Uint8Array.from({ length: 12 * 9 }, () => draw(3));
    const kind = (/** @type {number} */ index) => ids[index];
    const kept = new Edges(12, 9, kind, border);
    for (let k = 0; k < 50; k++) {
      const [x, y, id] = [draw(12), draw(9), draw(3)];
      const rect = { x, y, width: 1 + draw(12 - x), height: 1 + draw(9 - y) };
      for (let row = y; row < y + rect.height; row++)
        ids.fill(id, row * 12 + x, row * 12 + x + rect.width);
      kept.update(rect);
      assert.deepEqual(kept.lines(), edges(12, 9, kind, border));
    }
  }
});

/** @param {Uint8Array} mask */
const on = (mask) => [...mask.keys()].filter((index) => mask[index]);

test("the classes named are those that were painted, not the ground under them", () => {
  const face = drawn("44444", "44444", "45544");
  const mouth = drawn("44444", "45554", "44444");
  assert.deepEqual(namedClasses(face, mouth), [5]);
  assert.deepEqual(namedClasses(mouth, face), [5]);
  assert.deepEqual(namedClasses(drawn("4444", "1224"), drawn("4444", "1334")), [3]);
  assert.deepEqual(namedClasses(drawn("1122"), drawn("1212")), [2]);
  assert.deepEqual(namedClasses(face, face), []);
});

test("every changed pixel of random maps lies in the region of the classes named", () => {
  const draw = random(7);
  for (let k = 0; k < 100; k++) {
    const [source, target] = [0, 1].map(
      () =>
        new LabelMap(
          8,
          8,
          Uint8Array.from({ length: 64 }, () => draw(4)),
        ),
    );
    const roi = regionOfInterest(source, target, namedClasses(source, target), "classes", 0);
    source.ids.forEach((id, index) => assert.ok(id === target.ids[index] || roi[index]));
  }
});
