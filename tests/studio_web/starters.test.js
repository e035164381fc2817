import assert from "node:assert/strict";
import { test } from "node:test";

import { LabelMap } from "../../src/pixelguide/studio/web/js/core/label_map.js";
import { areas } from "../../src/pixelguide/studio/web/js/core/regions.js";
import { ellipse } from "../../src/pixelguide/studio/web/js/core/shapes.js";
import { STARTERS } from "../../src/pixelguide/studio/web/js/core/starters.js";

const NAMES = [
  "background",
  "face",
  "hair",
  "eyebrow",
  "eye white",
  "iris",
  "closed eyelid",
  "lips",
  "mouth interior",
  "teeth",
  "glasses",
];
const id = (/** @type {string} */ name) => NAMES.indexOf(name);

/** A face of ellipses. @param {{open?: boolean, awake?: boolean}} [how] */
function face({ open = false, awake = true } = {}) {
  const map = new LabelMap(64, 64);
  const oval = (/** @type {string} */ name, /** @type {number[]} */ [x, y, rx, ry]) => {
    for (const index of ellipse([x - rx, y - ry], [x + rx, y + ry], 64, 64))
      map.ids[index] = id(name);
  };
  oval("hair", [32, 30, 24, 28]);
  oval("face", [32, 34, 17, 22]);
  for (const x of [24, 40]) {
    oval("eyebrow", [x, 22, 5, 1]);
    if (awake) {
      oval("eye white", [x, 28, 5, 3]);
      oval("iris", [x + 1, 28, 2, 2]);
    } else oval("closed eyelid", [x, 28, 5, 2]);
  }
  oval("lips", [32, 46, 7, open ? 5 : 2]);
  if (open) {
    oval("mouth interior", [32, 46, 5, 3]);
    oval("teeth", [32, 44, 3, 1]);
  }
  return map;
}

/** @param {string} name @param {LabelMap} map */
function after(name, map) {
  const ids = STARTERS[name](map, id);
  assert.ok(ids, `${name} applies`);
  return new LabelMap(map.width, map.height, ids);
}

/** @param {LabelMap} map @param {...string} names */
const count = (map, ...names) => names.reduce((sum, name) => sum + map.counts()[id(name)], 0);

test("a closed mouth has lips only, all of them, and the face around them", () => {
  const open = face({ open: true });
  const shut = after("close_mouth", open);
  assert.equal(count(shut, "mouth interior", "teeth"), 0);
  assert.equal(count(shut, "lips"), count(open, "lips"));
  assert.equal(areas(shut, new Set([id("lips")])).length, 1);
  assert.equal(STARTERS.close_mouth(face(), id), null);
});

test("an opened mouth has an inside with teeth on top, framed by as much lip", () => {
  const shut = face();
  const open = after("open_mouth", shut);
  assert.ok(count(open, "mouth interior") > count(open, "teeth"));
  assert.ok(count(open, "teeth") > 0);
  assert.ok(Math.abs(count(open, "lips") - count(shut, "lips")) <= 4);
  const inner = new Set([id("mouth interior"), id("teeth")]);
  for (const index of areas(open, inner)[0]) {
    for (const side of [index - 64, index + 64]) {
      assert.ok([...inner, id("lips")].includes(open.ids[side]), "no face touches the inside");
    }
  }
  assert.equal(STARTERS.open_mouth(face({ open: true }), id), null);
});

test("eyes close and open again at the same place", () => {
  const shut = after("close_eye", face());
  assert.equal(count(shut, "eye white", "iris"), 0);
  assert.equal(areas(shut, new Set([id("closed eyelid")])).length, 2);
  const open = after("open_eye", shut);
  assert.equal(count(open, "closed eyelid"), 0);
  const eyes = areas(open, new Set([id("eye white"), id("iris")]));
  assert.equal(eyes.length, 2);
  for (const eye of eyes) assert.ok(eye.some((index) => open.ids[index] === id("iris")));
  assert.equal(STARTERS.close_eye(face({ awake: false }), id), null);
});

test("bigger eyes are bigger", () => {
  const before = face();
  const ratio =
    count(after("bigger_eyes", before), "eye white", "iris") / count(before, "eye white", "iris");
  assert.ok(ratio > 1.4 && ratio < 2, `${ratio}`);
});

test("irises move to the other side within their eyes", () => {
  const before = face();
  const moved = after("look_aside", before);
  assert.equal(count(moved, "eye white", "iris"), count(before, "eye white", "iris"));
  const middle = (/** @type {LabelMap} */ map) =>
    areas(map, new Set([id("iris")])).map(
      (iris) => iris.reduce((sum, index) => sum + (index % 64), 0) / iris.length,
    );
  assert.ok(Math.min(...middle(moved)) < Math.min(...middle(before)));
});

test("eyebrows rise, hair ends higher, glasses come off", () => {
  const raised = after("raise_eyebrows", face());
  assert.equal(count(raised, "eyebrow"), count(face(), "eyebrow"));
  assert.ok(raised.ids.indexOf(id("eyebrow")) < face().ids.indexOf(id("eyebrow")));
  const short = after("shorter_hair", face());
  assert.ok(count(short, "hair") < count(face(), "hair"));
  assert.ok(short.ids.lastIndexOf(id("hair")) < face().ids.lastIndexOf(id("hair")));
  const worn = face();
  for (let x = 20; x < 44; x++) worn.ids[24 * 64 + x] = id("glasses");
  assert.equal(count(after("remove_glasses", worn), "glasses"), 0);
  assert.equal(STARTERS.remove_glasses(face(), id), null);
});

test("nothing happens where the category lacks the classes", () => {
  for (const starter of Object.values(STARTERS)) {
    assert.equal(
      starter(new LabelMap(16, 16), () => -1),
      null,
    );
  }
});
