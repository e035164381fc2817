import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES } from "../../src/pixelguide/studio/web/js/i18n.js";
import { SERVER_TEXTS } from "../../src/pixelguide/studio/web/js/server_texts.js";

const WEB = new URL("../../src/pixelguide/studio/web/js/", import.meta.url);
const STARTERS = new URL("../../src/pixelguide/studio/starters.py", import.meta.url);

/** All texts of the page: what `t` is called with, the titles of starters, the server's sentences. */
function texts() {
  /** @type {Set<string>} */
  const found = new Set(SERVER_TEXTS);
  for (const name of readdirSync(WEB, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js") || name.startsWith("languages")) continue;
    const source = readFileSync(new URL(name, WEB), "utf8");
    for (const [, text] of source.matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g))
      found.add(JSON.parse(`"${text}"`));
  }
  const starters = readFileSync(STARTERS, "utf8");
  for (const [, title, about] of starters.matchAll(/Starter\(\s*"\w+",\s*"([^"]+)",\s*"([^"]+)"/g))
    found.add(title).add(about);
  return found;
}

/** @param {string} text */
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test("every language has every text, no other, and the same places for values", async () => {
  const wanted = texts();
  assert.ok(wanted.size > 200);
  for (const code of Object.keys(LANGUAGES)) {
    if (code === "en") continue;
    const { MESSAGES } = await import(`../../src/pixelguide/studio/web/js/languages/${code}.js`);
    assert.deepEqual(new Set(Object.keys(MESSAGES)), wanted, code);
    for (const [english, text] of Object.entries(MESSAGES)) {
      assert.deepEqual(places(text), places(english), english);
      assert.ok(text.trim());
    }
  }
});
