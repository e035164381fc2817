import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { inUse, record } from "../../src/pixelguide/studio/web/js/tabs.js";

/** Locks of one browser: whoever asks for one that is held gets none. */
class Locks {
  /** @type {{name: string}[]} */
  held = [];

  /** @param {string} name @param {object} how @param {(lock: object | null) => unknown} then */
  async request(name, how, then) {
    if (this.held.some((each) => each.name === name)) {
      if ("ifAvailable" in how) return then(null);
      throw new DOMException("waited too long", "TimeoutError");
    }
    this.held.push({ name });
    return then({ name });
  }

  async query() {
    return { held: this.held };
  }
}

/** @param {string} name @param {unknown} value */
const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** A tab with nothing stored. */
function openTab() {
  const stored = new Map();
  define("sessionStorage", {
    getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => stored.set(key, value),
  });
}

beforeEach(() => {
  define("navigator", { locks: new Locks() });
  openTab();
});

test("the first tab goes on with the last record, the next with one that is free", async () => {
  assert.deepEqual(await record(["last", "older"]), { name: "last", from: "last" });
  openTab();
  assert.deepEqual(await record(["last", "older"]), { name: "older", from: "older" });
  openTab();
  const { name, from } = await record(["last", "older"]);
  assert.equal(from, null);
  assert.ok(!["last", "older"].includes(name));
  assert.deepEqual(await inUse(), new Set(["last", "older", name]));
});

test("a tab that is loaded again goes on with its own record, a copy of the tab does not", async () => {
  const { name } = await record([]);
  define("navigator", { locks: new Locks() });
  assert.deepEqual(await record(["newer", name]), { name, from: name });
  const copy = await record([name]);
  assert.equal(copy.from, null);
  assert.notEqual(copy.name, name);
});

test("without locks a fresh tab takes a copy, for the other may be at work", async () => {
  define("navigator", {});
  const fresh = await record(["last"]);
  assert.equal(fresh.from, "last");
  assert.notEqual(fresh.name, "last");
  assert.deepEqual(await record(["last", fresh.name]), { name: fresh.name, from: fresh.name });
  assert.deepEqual(await inUse(), new Set());
});
