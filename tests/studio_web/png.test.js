import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

import {
  decodeLabels,
  encodeLabels,
  encodePicture,
  withSettings,
} from "../../src/pixelguide/studio/web/js/core/png.js";
import { random } from "./maps.js";

test("ids survive the file, whatever their colours", async () => {
  const draw = random(6);
  for (const [width, height] of [
    [1, 1],
    [7, 3],
    [64, 64],
  ]) {
    const ids = Uint8Array.from({ length: width * height }, () => draw(256));
    const png = await encodeLabels(ids, width, height, [
      [0, 0, 0],
      [0, 0, 0],
    ]);
    assert.deepEqual(await decodeLabels(png), { width, height, ids });
  }
});

test("what is no label map is refused", async () => {
  await assert.rejects(decodeLabels(new TextEncoder().encode("GIF89a")), /no PNG/);
  const rgb = await encodePicture(new Uint8ClampedArray(16), 2, 2, "{}");
  await assert.rejects(decodeLabels(rgb), /palette or grey/);
  const cut = (await encodeLabels(new Uint8Array(64), 8, 8, [])).slice(0, 30);
  await assert.rejects(decodeLabels(cut));
});

test("a picture keeps its colours and says how it was made", async () => {
  const rgba = Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255]);
  const png = Buffer.from(await encodePicture(rgba, 2, 1, '{"seed": "ü"}'));
  assert.ok(png.includes(Buffer.from('pixelguide\0\0\0\0\0{"seed": "ü"}')));
  const at = png.indexOf("IDAT");
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  assert.deepEqual([...lines], [0, 1, 2, 3, 4, 5, 6]);
});

// Written by Pillow 13: an 'L' image of 16 columns, value = 3·x + y, whose lines it filtered with
// several types, and a palette image of 4 classes with 2 bits a pixel.
test("files of other programs, filtered and packed, are read", async () => {
  const { FILES } = await import("./pillow_files.js");
  for (const { base64, width, height, value } of FILES) {
    const read = await decodeLabels(Uint8Array.from(Buffer.from(base64, "base64")));
    assert.deepEqual([read.width, read.height], [width, height]);
    read.ids.forEach((id, k) => assert.equal(id, value(k % width, Math.floor(k / width))));
  }
});

test("a finished file can be told how it was made", async () => {
  const rgba = Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255]);
  const told = await encodePicture(rgba, 2, 1, '{"seed": "ü"}');
  const text = Buffer.from("iTXt");
  const at = Buffer.from(told).indexOf(text) - 4;
  const length = Buffer.from(told).readUInt32BE(at) + 12;
  const untold = Buffer.concat([told.subarray(0, at), told.subarray(at + length)]);
  assert.deepEqual(Buffer.from(withSettings(untold, '{"seed": "ü"}')), Buffer.from(told));
});
