import assert from "node:assert/strict";
import { test } from "node:test";

import { actual, onScreen, seen, viewOf } from "../../src/pixelguide/studio/web/js/core/placement.js";

const PART = { x: 300, y: 100, size: 640 };

test("a photograph lies where its part does, and back", () => {
  const view = { x: 50, y: 20, zoom: 3 };
  const place = onScreen(PART, 128, view);
  assert.equal(place.scale, (3 * 128) / 640);
  assert.equal(place.x + PART.x * place.scale, 50);
  assert.equal(place.y + PART.y * place.scale, 20);
  const back = viewOf(PART, 128, place);
  for (const key of /** @type {const} */ (["x", "y", "zoom"]))
    assert.ok(Math.abs(back[key] - view[key]) < 1e-9);
});

test("only what is in view is seen, in whole pixels", () => {
  const whole = { width: 1000, height: 800 };
  const view = { width: 200, height: 100 };
  assert.deepEqual(seen(whole, { x: -100, y: -50, scale: 0.5 }, view), {
    x: 200,
    y: 100,
    width: 400,
    height: 200,
  });
  assert.deepEqual(seen(whole, { x: 10, y: 10, scale: 0.1 }, view), {
    x: 0,
    y: 0,
    width: 1000,
    height: 800,
  });
  assert.equal(seen(whole, { x: 300, y: 0, scale: 1 }, view), null);
});

test("at actual size a point lies where it is wanted, and pixels on pixels", () => {
  for (const ratio of [1, 1.5, 2]) {
    const view = actual(PART, 128, [32.3, 64], [500.2, 300], ratio);
    const { x, y, scale } = onScreen(PART, 128, view);
    assert.ok(Math.abs(scale * ratio - 1) < 1e-9);
    for (const corner of [x, y]) {
      const pixel = corner * ratio;
      assert.ok(Math.abs(pixel - Math.round(pixel)) < 1e-6);
    }
    assert.ok(Math.abs(view.x + 32.3 * view.zoom - 500.2) <= 0.5 / ratio + 1e-9);
    assert.ok(Math.abs(view.y + 64 * view.zoom - 300) <= 0.5 / ratio + 1e-9);
  }
});
