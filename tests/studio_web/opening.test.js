import assert from "node:assert/strict";
import { test } from "node:test";

import { opened } from "../../src/pixelguide/studio/web/js/opening.js";

/** Let the server say one thing after another of the model in use. @param {...unknown} openings */
function server(...openings) {
  globalThis.fetch = /** @type {any} */ (
    async () => {
      const opening = openings.shift();
      if (opening === "away") throw new TypeError("no connection");
      const other = { name: "other", current: false, opening: null };
      return Response.json({ models: [other, { name: "own", current: true, opening }] });
    }
  );
  return openings;
}

test("each share is told until the model is open", async () => {
  const left = server({ done: 0, total: 5 }, { done: 3, total: 5 }, null, "asked too often");
  /** @type {number[]} */
  const told = [];
  await opened(({ done, total }) => told.push(done / total), 0);
  assert.deepEqual(told, [0, 0.6]);
  assert.equal(left.length, 1);
});

test("a server that is away for a moment is asked again", async () => {
  server("away", { done: 4, total: 5 }, null);
  /** @type {number[]} */
  const told = [];
  await opened(({ done, total }) => told.push(done / total), 0);
  assert.deepEqual(told, [0, 0.8]);
});
