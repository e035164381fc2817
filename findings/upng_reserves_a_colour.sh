#!/usr/bin/env bash
# UPNG.js 2.1.0: a picture of four opaque colours, encoded with four colours, comes back with three.
#
# The third number of UPNG.encode is, by its README, the number of colours in the result, 0 for all
# of them (lossless). Every palette it writes begins with a transparent black entry, also that of a
# picture without any transparency, and the entry counts: with cnum = 4 two of the four colours are
# averaged into a fifth that the picture never had. With 0 and 5 the colours are all there, but
# every index is one higher than the order of first occurrence would have it.
#
# Guess before running: as many colours as are asked for are kept as they are when the picture has no
# more; a transparent entry is written only where a pixel is transparent.
#
# For users: a label map that a web tool saves with UPNG.js and cnum = number of classes has lost a
# class; and ids that are read from the palette's index are off by one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock upng-js@2.1.0 pngjs@7.0.0 >/dev/null
node -e '
const UPNG = require("upng-js"), { PNG } = require("pngjs");
const version = require("upng-js/package.json").version;
const colours = [[200, 30, 30], [0, 128, 0], [0, 0, 255], [255, 255, 255]];
const rgba = new Uint8Array(4 * 64);
for (let p = 0; p < 64; p++) rgba.set([...colours[p >> 4], 255], 4 * p);
const wanted = new Set(colours.map(String));
const left = {};
for (const cnum of [0, 4, 5]) {
  const file = Buffer.from(UPNG.encode([rgba.buffer], 8, 8, cnum));
  const own = UPNG.decode(file), read = PNG.sync.read(file).data;
  const found = new Set();
  for (let p = 0; p < 64; p++) found.add(String([...read.subarray(4 * p, 4 * p + 3)]));
  left[cnum] = [...found].filter((colour) => wanted.has(colour)).length;
  const entries = [];
  for (let k = 0; k < own.tabs.PLTE.length; k += 3) entries.push(own.tabs.PLTE.slice(k, k + 3));
  console.log(`upng-js ${version}, cnum ${cnum}: ${left[cnum]} of 4 colours kept;`,
    `palette ${JSON.stringify(entries)}, tRNS ${JSON.stringify(own.tabs.tRNS)}`);
  if (String(entries[0]) !== "0,0,0" || own.tabs.tRNS[0] !== 0) process.exit(1);
}
if (left[0] !== 4 || left[4] !== 2 || left[5] !== 4) process.exit(1);
console.log("as found: the transparent entry takes the place of a colour");
'
