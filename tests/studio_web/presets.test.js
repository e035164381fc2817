import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {Map<string, string>} */
const kept = new Map();
Object.assign(globalThis, {
  localStorage: {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
  },
});
const { keepPreset, presets, removePreset, withPreset } = await import(
  "../../src/pixelguide/studio/web/js/presets.js"
);

const settings = /** @type {import("../../src/pixelguide/studio/web/js/types.js").Settings} */ ({
  num_images: 4,
  seed: 9,
  schedule: "auto",
  num_inference_steps: "auto",
  start_timestep: "auto",
  guidance_scale: "auto",
  roi: "auto",
  dilation: null,
  detail: "auto",
});

test("settings are kept under names, all but the seed, and removed", () => {
  assert.deepEqual(presets(), {});
  keepPreset("many", { ...settings, num_images: 12 });
  keepPreset("fine", { ...settings, schedule: "paper", dilation: 1 });
  assert.deepEqual(Object.keys(presets()).sort(), ["fine", "many"]);
  assert.ok(!("seed" in presets().many));
  const taken = withPreset({ ...settings, seed: 3 }, presets().fine);
  assert.deepEqual(taken, { ...settings, seed: 3, schedule: "paper", dilation: 1 });
  removePreset("many");
  assert.deepEqual(Object.keys(presets()), ["fine"]);
});

test("what is damaged, or of another build, does no harm", () => {
  kept.set("pixelguide-presets", "{");
  assert.deepEqual(presets(), {});
  kept.set("pixelguide-presets", "[1]");
  assert.deepEqual(presets(), {});
  const odd = /** @type {any} */ ({ num_images: {}, unknown: 3, seed: 5, dilation: null });
  assert.deepEqual(withPreset({ ...settings, dilation: 2 }, odd), settings);
});
