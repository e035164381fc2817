import assert from "node:assert/strict";
import { test } from "node:test";

import { snapped, stroke } from "../../src/pixelguide/studio/web/js/core/brush.js";
import { ellipse, polygon, rectangle } from "../../src/pixelguide/studio/web/js/core/shapes.js";
import { marked, random } from "./maps.js";

/** @typedef {[number, number]} Point */

test("a brush of one pixel paints the pixel it is in", () => {
  const at = snapped(2.9, 1.1, 1);
  assert.deepEqual(stroke(at, at, 1, 5, 5), [7]);
});

test("brushes are the same everywhere", () => {
  for (const diameter of [1, 2, 3, 4, 7, 12]) {
    const counts = [
      [20.1, 20.2],
      [20.6, 20.9],
      [23.4, 27.5],
    ].map(([x, y]) => {
      const at = snapped(x, y, diameter);
      return stroke(at, at, diameter, 64, 64).length;
    });
    assert.equal(new Set(counts).size, 1, `diameter ${diameter}`);
    assert.ok(Math.abs(counts[0] - (Math.PI * diameter ** 2) / 4) <= diameter + 1);
  }
});

test("a brush of five pixels", () => {
  assert.deepEqual(marked(stroke([2.5, 2.5], [2.5, 2.5], 5, 5, 5), 5, 5), [
    "01110",
    "11111",
    "11111",
    "11111",
    "01110",
  ]);
});

test("a thin line has no gaps", () => {
  const draw = random(2);
  for (let k = 0; k < 200; k++) {
    const from = snapped(draw(32), draw(32), 1),
      to = snapped(draw(32), draw(32), 1);
    const pixels = stroke(from, to, 1, 32, 32);
    const length = Math.max(Math.abs(from[0] - to[0]), Math.abs(from[1] - to[1])) + 1;
    const along = Math.abs(from[0] - to[0]) >= Math.abs(from[1] - to[1]);
    const steps = new Set(pixels.map((index) => (along ? index % 32 : Math.floor(index / 32))));
    assert.equal(steps.size, length);
  }
});

test("strokes end at the border", () => {
  assert.deepEqual(stroke([-5, -5], [-4, -4], 3, 8, 8), []);
  assert.equal(stroke([-50.5, 4.5], [80.5, 4.5], 1, 8, 8).length, 8);
});

test("a polygon takes the pixels whose centres it holds", () => {
  const points = /** @type {Point[]} */ ([
    [1, 1],
    [4, 1],
    [4, 3],
    [1, 3],
  ]);
  assert.deepEqual(marked(polygon(points, 5, 4), 5, 4), ["00000", "01110", "01110", "00000"]);
  const small = /** @type {Point[]} */ ([
    [1.1, 1.1],
    [1.4, 1.1],
    [1.2, 1.4],
  ]);
  assert.deepEqual(polygon(small, 5, 4), []);
});

test("polygons that share an edge share no pixel and leave none out", () => {
  const draw = random(3);
  for (let k = 0; k < 100; k++) {
    const [a, b] = Array.from(
      { length: 2 },
      () => /** @type {Point} */ ([draw(33) / 2, draw(33) / 2]),
    );
    const corners = /** @type {Point[]} */ ([
      [0, 0],
      [16, 0],
      [16, 16],
      [0, 16],
    ]);
    const all = corners.flatMap((corner, n) => polygon([corner, corners[(n + 1) % 4], a], 16, 16));
    assert.deepEqual(
      all.sort((p, q) => p - q),
      [...Array(256).keys()],
      `around ${a}`,
    );
    assert.deepEqual(polygon([a, b], 16, 16), []);
  }
});

test("a lasso that crosses itself fills both turns", () => {
  const turns = /** @type {Point[]} */ ([
    [0, 0],
    [6, 0],
    [6, 6],
    [0, 6],
    [0, 0],
    [6, 0],
    [6, 6],
    [0, 6],
  ]);
  assert.equal(polygon(turns, 6, 6).length, 36);
});

test("rectangle and ellipse take both corners' pixels, in any order", () => {
  assert.deepEqual(marked(rectangle([3.2, 2.9], [1.5, 1.1], 5, 4), 5, 4), [
    "00000",
    "01110",
    "01110",
    "00000",
  ]);
  assert.deepEqual(marked(ellipse([0, 0], [4.9, 4.9], 5, 5), 5, 5), [
    "01110",
    "11111",
    "11111",
    "11111",
    "01110",
  ]);
  assert.equal(ellipse([2, 2], [2, 2], 5, 5).length, 1);
  assert.equal(rectangle([-9, -9], [9, 9], 4, 4).length, 16);
});
