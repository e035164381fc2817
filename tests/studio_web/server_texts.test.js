import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { fromServer, SERVER_TEXTS } from "../../src/pixelguide/studio/web/js/server_texts.js";

const SOURCES = new URL("../../src/pixelguide/", import.meta.url);

/** All the server's sources, without line breaks and the quotes at them. */
function sources() {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py"))
    .map((name) => readFileSync(new URL(name, SOURCES), "utf8"))
    .join("\n")
    .replace(/"\s*\n\s*f?"/g, "");
}

test("the server still says each sentence that is translated", () => {
  const all = sources();
  for (const text of SERVER_TEXTS) {
    const form = text
      .split(/\{\w+\}/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("\\{[^{}]+\\}");
    assert.match(all, new RegExp(`["']${form}["']|f?["]${form}["]`), text);
  }
});

test("in English the server is heard as it speaks", () => {
  for (const said of ["no such picture", "picture: strange", "", "3 jobs are waiting already"])
    assert.equal(fromServer(said, "bad_input"), said);
  assert.equal(fromServer("picture: not a readable picture"), "Picture: not a readable picture");
});
