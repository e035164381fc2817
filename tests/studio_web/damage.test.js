/** What of the canvas is drawn again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Damage } from "../../src/pixelguide/studio/web/js/core/damage.js";

test("at first all is drawn, then what was added", () => {
  const damage = new Damage();
  damage.add({ x: 1, y: 1, width: 1, height: 1 });
  assert.equal(damage.take(1, 0), null);
  damage.add({ x: 10.4, y: 20, width: 5, height: 6 });
  damage.add(null);
  damage.add({ x: 30, y: 22, width: 2.5, height: 2 });
  assert.deepEqual(damage.take(1, 0), { x: 10, y: 20, width: 23, height: 6 });
  assert.deepEqual(damage.take(1, 0), { x: 0, y: 0, width: 0, height: 0 });
  damage.add({ x: 1, y: 1, width: 1, height: 1 });
  damage.addAll();
  assert.equal(damage.take(1, 0), null);
  assert.deepEqual(damage.take(2, 0), { x: 0, y: 0, width: 0, height: 0 }, "nothing is left of it");
});

test("it lies on whole pixels of the screen, with a margin", () => {
  const damage = new Damage();
  damage.take(1, 0);
  damage.add({ x: 10.1, y: 20.1, width: 5, height: 5 });
  assert.deepEqual(damage.take(1.5, 2), { x: 13, y: 28, width: 12, height: 12 });
});
