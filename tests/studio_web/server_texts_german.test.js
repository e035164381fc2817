import assert from "node:assert/strict";
import { test } from "node:test";

// Before the catalogue is chosen, which happens once.
Object.defineProperty(globalThis, "localStorage", { value: { getItem: () => "de" } });
Object.defineProperty(globalThis, "navigator", { value: { languages: ["de"] } });
const { fromServer } = await import(
  "../../src/pixelguide/studio/web/js/server_texts.js"
);
const { explain, ServerError } = await import("../../src/pixelguide/studio/web/js/api.js");

test("known sentences are of the reader's language, with their values", () => {
  assert.equal(fromServer("no such picture"), "nicht (mehr) da: Bild");
  assert.equal(fromServer("no such toad"), "nicht (mehr) da: toad");
  assert.equal(fromServer("3 jobs are waiting already"), "3 Aufträge warten schon");
  assert.equal(fromServer("picture: not a readable picture"), "Bild: kein lesbares Bild");
});

test("others are named at least by their kind", () => {
  const said = "picture: twelve legs";
  assert.equal(fromServer(said, "bad_input"), `Damit kann der Server nichts anfangen (${said})`);
  assert.equal(fromServer(said, "unknown"), said);
});

test("an error is explained with what to do", () => {
  const error = new ServerError(503, "16 jobs are waiting already", "Try again in 5 seconds.");
  assert.equal(explain(error), "16 Aufträge warten schon. In 5 Sekunden noch einmal versuchen.");
});
