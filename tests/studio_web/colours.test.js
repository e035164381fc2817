import assert from "node:assert/strict";
import { test } from "node:test";

import { colourAround, hex, meanColour } from "../../src/pixelguide/studio/web/js/core/colours.js";
import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";

const pixels = {
  width: 4,
  height: 1,
  data: new Uint8ClampedArray([10, 0, 0, 255, 20, 0, 0, 255, 90, 90, 90, 255, 0, 0, 255, 255]),
};

test("a colour is written as CSS and the server read it", () => {
  assert.equal(hex([138, 75.4, 9]), "#8a4b09");
});

test("the mean of a class is over its pixels alone, and there is none where it is not shown", () => {
  const map = new LabelMap(4, 1, Uint8Array.of(1, 1, 2, 3));
  assert.equal(meanColour(pixels, map, 1), "#0f0000");
  assert.equal(meanColour(pixels, map, 3), "#0000ff");
  assert.equal(meanColour(pixels, map, 4), null);
});

test("around a place 3×3 pixels count, fewer at an edge, none outside", () => {
  assert.equal(colourAround(pixels, 0, 0), "#0f0000");
  assert.equal(colourAround(pixels, 1, 0), hex([40, 30, 30]));
  assert.equal(colourAround(pixels, 4, 0), null);
  assert.equal(colourAround(pixels, 0, -1), null);
});
