import assert from "node:assert/strict";
import { test } from "node:test";

import { blend } from "../../src/pixelguide/studio/web/js/core/blend.js";
import {
  fitted,
  toPicture,
  toScreen,
  zoomed,
} from "../../src/pixelguide/studio/web/js/core/viewport.js";

test("what is under the pointer stays there when zooming", () => {
  const view = { x: 13, y: 7, zoom: 2 };
  const before = toPicture(view, 100, 50);
  const closer = zoomed(view, 3, 100, 50);
  assert.equal(closer.zoom, 6);
  toPicture(closer, 100, 50).forEach((value, k) => assert.ok(Math.abs(value - before[k]) < 1e-9));
  assert.deepEqual(toScreen(view, ...before), [100, 50]);
});

test("single pixels can be reached, and the picture not lost", () => {
  let view = fitted(1024, 700, 500, { top: 60, bottom: 20, side: 20 });
  for (let k = 0; k < 100; k++) view = zoomed(view, 1.5, 300, 300);
  assert.equal(view.zoom, 96);
  for (let k = 0; k < 100; k++) view = zoomed(view, 0.5, 300, 300);
  assert.equal(view.zoom, 0.05);
});

test("the whole picture fits, centred below the bar", () => {
  assert.deepEqual(fitted(64, 700, 500, { top: 60, bottom: 40, side: 20 }), {
    x: 150,
    y: 60,
    zoom: 6.25,
  });
});

test("strength mixes inside the region and copies outside", () => {
  const original = Uint8ClampedArray.from([10, 20, 30, 255, 1, 2, 3, 255]);
  const edit = Uint8ClampedArray.from([30, 20, 10, 255, 200, 200, 200, 255]);
  const roi = Uint8Array.from([1, 0]);
  assert.deepEqual([...blend(original, edit, roi, 0.5)], [20, 20, 20, 255, 1, 2, 3, 255]);
  assert.deepEqual([...blend(original, edit, roi, 0)], [...original]);
  assert.deepEqual([...blend(original, edit, roi, 1).slice(0, 4)], [...edit.slice(0, 4)]);
});
