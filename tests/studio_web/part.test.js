import assert from "node:assert/strict";
import { test } from "node:test";

import { meshOver, moved, rotated, scaled } from "../../src/pixelguide/studio/web/js/core/mesh.js";
import { lift, placed } from "../../src/pixelguide/studio/web/js/core/part.js";
import { connected } from "../../src/pixelguide/studio/web/js/core/regions.js";
import { drawn, random, rowsOf } from "./maps.js";

const MAP = drawn("4444444", "4413444", "4411444", "4444444", "5555555");

/** The part of classes 1 and 3 in MAP. */
const held = () => lift(MAP, connected(MAP, 2, 1, new Set([1, 3])));

test("a part taken out leaves what surrounds it", () => {
  const part = held();
  assert.deepEqual(rowsOf(part.ground), ["4444444", "4444444", "4444444", "4444444", "5555555"]);
  assert.deepEqual(part.rect, { x: 2, y: 1, width: 2, height: 2 });
});

test("set down where it was, nothing changes", () => {
  const part = held();
  assert.deepEqual(rowsOf({ ids: placed(part, meshOver(part.rect)), width: 7 }), rowsOf(MAP));
  const draw = random(5);
  for (let k = 0; k < 30; k++) {
    const ids = Uint8Array.from({ length: 144 }, () => draw(3));
    const map = drawn(...rowsOf({ ids, width: 12 }));
    const any = lift(map, connected(map, draw(12), draw(12), undefined, true));
    assert.deepEqual(placed(any, meshOver(any.rect)), ids);
  }
});

test("moved by whole pixels it keeps its shape, also half outside", () => {
  const part = held();
  const right = placed(part, moved(meshOver(part.rect), 3, 1));
  assert.deepEqual(rowsOf({ ids: right, width: 7 }), [
    "4444444",
    "4444444",
    "4444413",
    "4444411",
    "5555555",
  ]);
  const out = placed(part, moved(meshOver(part.rect), -3, 0));
  assert.deepEqual(rowsOf({ ids: out, width: 7 }), [
    "4444444",
    "3444444",
    "1444444",
    "4444444",
    "5555555",
  ]);
});

test("stretched to twice its size every pixel becomes four", () => {
  const part = held();
  const mesh = scaled(meshOver(part.rect), [2, 1], 2, 2);
  assert.deepEqual(rowsOf({ ids: placed(part, mesh), width: 7 }), [
    "4444444",
    "4411334",
    "4411334",
    "4411114",
    "5511115",
  ]);
});

test("turned by a quarter, and mirrored", () => {
  const part = held();
  const turned = placed(part, rotated(meshOver(part.rect), [3, 2], Math.PI / 2));
  assert.deepEqual(rowsOf({ ids: turned, width: 7 }).slice(1, 3), ["4411444", "4413444"]);
  const mirrored = placed(part, scaled(meshOver(part.rect), [3, 2], -1, 1));
  assert.deepEqual(rowsOf({ ids: mirrored, width: 7 }).slice(1, 3), ["4431444", "4411444"]);
});

test("four quarter turns and scaling there and back are exact", () => {
  const mesh = meshOver({ x: 1, y: 2, width: 9, height: 5 });
  let turned = mesh;
  for (let k = 0; k < 4; k++) turned = rotated(turned, [4, 4], Math.PI / 2);
  const back = scaled(scaled(turned, [1, 2], 2, 3, 0.3), [1, 2], 1 / 2, 1 / 3, 0.3);
  back.flat().forEach((value, k) => assert.ok(Math.abs(value - mesh.flat()[k]) < 1e-9));
});

test("warping one point leaves the far side alone and stays within the part's classes", () => {
  const map = drawn(
    ...Array.from({ length: 12 }, (_, y) => (y > 2 && y < 9 ? "444111111444" : "444444444444")),
  );
  const part = lift(map, connected(map, 5, 5));
  const mesh = meshOver(part.rect);
  mesh[0] = [mesh[0][0] - 2, mesh[0][1] - 2];
  const ids = placed(part, mesh);
  assert.equal(ids[2 * 12 + 2], 1);
  assert.deepEqual(ids.slice(8 * 12), map.ids.slice(8 * 12));
  assert.deepEqual(new Set(ids), new Set([1, 4]));
});

test("a part pressed flat disappears", () => {
  const part = held();
  assert.deepEqual(placed(part, scaled(meshOver(part.rect), [2, 1], 0, 1)), part.ground.ids);
});
