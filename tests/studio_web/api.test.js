import assert from "node:assert/strict";
import { test } from "node:test";

import { explain, failure, passing, ServerError, worthRepeating } from "../../src/pixelguide/studio/web/js/api.js";

test("what is wrong and what to do are sentences of their own", () => {
  const refused = new ServerError(400, "the request is too large", "At most 32 MiB are taken.");
  assert.equal(explain(refused), "The request is too large. At most 32 MiB are taken.");
  assert.equal(explain(new Error("is it still running?")), "Is it still running?");
  assert.equal(explain(new ServerError(404, "no such picture")), "No such picture.");
});

test("a job that failed says why, a cancelled one that it was", () => {
  /** @type {any} */
  const job = { error: { code: "bad_input", message: "map: nothing to edit", hint: "Repaint it." } };
  assert.equal(explain(failure(job)), "Map: nothing to edit. Repaint it.");
  assert.equal(explain(failure({ ...job, error: null })), "The job was cancelled.");
});

test("only what may pass by itself is worth trying again", () => {
  assert.ok(passing(new ServerError(0, "The server does not answer.")));
  assert.ok(!passing(new ServerError(400, "bad")) && !passing(new Error("bad")));
  const died = new ServerError(200, "the job was broken off twice", "", "worker_died");
  assert.ok(worthRepeating(died) && worthRepeating(new ServerError(503, "busy")));
  assert.ok(!worthRepeating(new ServerError(200, "out of memory", "", "out_of_memory")));
  assert.ok(!passing(died)); // the page does not repeat it by itself
});
