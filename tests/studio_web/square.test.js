import assert from "node:assert/strict";
import { test } from "node:test";

import { largest, placed, pulled, resized } from "../../src/pixelguide/studio/web/js/core/square.js";

const PHOTOGRAPH = { width: 400, height: 300 };

/** @param {import("../../src/pixelguide/studio/web/js/core/square.js").Square} square */
function assertInside({ x, y, size }, smallest = 32) {
  assert.ok([x, y, size].every(Number.isInteger), `${x}, ${y}, ${size}`);
  assert.ok(x >= 0 && y >= 0 && size >= smallest);
  assert.ok(x + size <= PHOTOGRAPH.width && y + size <= PHOTOGRAPH.height);
}

test("the largest square: in the middle of a wide photograph, at the top of a high one", () => {
  assert.deepEqual(largest(PHOTOGRAPH), { x: 50, y: 0, size: 300 });
  assert.deepEqual(largest({ width: 3, height: 10 }), { x: 0, y: 0, size: 3 });
});

test("a square goes where it is put, but not out of the photograph", () => {
  const square = { x: 0, y: 0, size: 100 };
  assert.deepEqual(placed(square, 20.4, 30.6, PHOTOGRAPH), { x: 20, y: 31, size: 100 });
  assert.deepEqual(placed(square, -5, 1e6, PHOTOGRAPH), { x: 0, y: 200, size: 100 });
});

test("another size keeps the centre, and the limits", () => {
  const square = { x: 100, y: 100, size: 100 };
  assert.deepEqual(resized(square, 50, PHOTOGRAPH, 32), { x: 125, y: 125, size: 50 });
  assert.equal(resized(square, 1, PHOTOGRAPH, 32).size, 32);
  assert.deepEqual(resized(square, 1e9, PHOTOGRAPH, 32), { x: 0, y: 0, size: 300 });
});

test("a corner is pulled while the opposite one stays", () => {
  const square = { x: 100, y: 100, size: 100 };
  assert.deepEqual(pulled(square, true, true, 250, 180, PHOTOGRAPH, 32), {
    x: 100,
    y: 100,
    size: 150,
  });
  assert.deepEqual(pulled(square, false, false, 90, 95, PHOTOGRAPH, 32), {
    x: 90,
    y: 90,
    size: 110,
  });
  for (const [right, bottom] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ]) {
    for (const [x, y] of [
      [-500, 700],
      [150, 150],
      [399.5, 0.2],
    ]) {
      const made = pulled(square, right, bottom, x, y, PHOTOGRAPH, 32);
      assertInside(made);
      if (right) assert.equal(made.x, 100);
      else assert.equal(made.x + made.size, 200);
      if (bottom) assert.equal(made.y, 100);
      else assert.equal(made.y + made.size, 200);
    }
  }
});
