/** PNG files with exact values: label maps as palette images (value = class id), pictures with our
 * metadata. A canvas would turn ids into colours. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0,
  RGB = 2,
  PALETTE = 3;

/** @typedef {{type: string, data: Uint8Array}} Chunk */

/**
 * @param {Uint8Array} ids one a pixel
 * @param {number} width @param {number} height
 * @param {readonly (readonly number[])[]} palette RGB of each id; those beyond it are shown white
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the file
 */
export function encodeLabels(ids, width, height, palette) {
  const colours = new Uint8Array(3 * 256).fill(255);
  palette.forEach((colour, id) => colours.set(colour, 3 * id));
  return file(ids, width, height, PALETTE, 1, [{ type: "PLTE", data: colours }]);
}

/**
 * @param {Uint8Array} values one a pixel, 255 = white
 * @param {number} width @param {number} height
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the file
 */
export const encodeGrey = (values, width, height) => file(values, width, height, GREY, 1, []);

/**
 * @param {Uint8ClampedArray} rgba opaque; alpha is left out
 * @param {number} width @param {number} height
 * @param {string} settings JSON, kept as the text "pixelguide"
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the file
 */
export function encodePicture(rgba, width, height, settings) {
  const rgb = new Uint8Array(3 * width * height);
  for (let p = 0; p < width * height; p++) rgb.set(rgba.subarray(4 * p, 4 * p + 3), 3 * p);
  return file(rgb, width, height, RGB, 3, [said(settings)]);
}

/**
 * A PNG that says how it was made.
 * @param {Uint8Array} png the file
 * @param {string} settings as of `encodePicture`
 */
export function withSettings(png, settings) {
  const header = SIGNATURE.length + 25;
  return concatenated([png.subarray(0, header), written(said(settings)), png.subarray(header)]);
}

/** @param {string} settings @returns {Chunk} */
function said(settings) {
  return { type: "iTXt", data: new TextEncoder().encode(`pixelguide\0\0\0\0\0${settings}`) };
}

/**
 * The values of a palette or grey PNG of 1, 2, 4 or 8 bits without interlacing, which is what a
 * label map is.
 * @param {Uint8Array} bytes the file
 * @returns {Promise<{width: number, height: number, ids: Uint8Array}>}
 * @throws {Error} for anything else
 */
export async function decodeLabels(bytes) {
  if (!SIGNATURE.every((value, k) => bytes[k] === value)) throw new Error("This is no PNG file.");
  const chunks = [...chunksOf(bytes)];
  const header = chunks.find(({ type }) => type === "IHDR");
  if (!header || header.data.length !== 13) throw new Error("This PNG file is damaged.");
  const view = new DataView(header.data.buffer, header.data.byteOffset, 13);
  const width = view.getUint32(0),
    height = view.getUint32(4);
  const bits = view.getUint8(8),
    kind = view.getUint8(9);
  if (![GREY, PALETTE].includes(kind) || bits > 8 || view.getUint8(12)) {
    throw new Error("A label map is an 8-bit palette or grey PNG.");
  }
  const packed = concatenated(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const lines = await through(new DecompressionStream("deflate"), packed);
  const stride = Math.ceil((width * bits) / 8);
  if (lines.length < height * (stride + 1)) throw new Error("This PNG file is cut short.");
  return { width, height, ids: unpacked(unfiltered(lines, stride, height), width, height, bits) };
}

/**
 * Whether a file begins as a label map of size² pixels does: palette or grey, 8 bits at most.
 * @param {Uint8Array} start its first bytes, 26 at least @param {number} size
 */
export function looksLikeLabels(start, size) {
  return sizeOf(start) === size && [GREY, PALETTE].includes(start[25]) && start[24] <= 8;
}

/** The side of a square PNG file, NaN for another. @param {Uint8Array} start its first bytes */
export function sizeOf(start) {
  if (start.length < 26 || !SIGNATURE.every((value, k) => start[k] === value)) return NaN;
  const view = new DataView(start.buffer, start.byteOffset);
  return view.getUint32(16) === view.getUint32(20) ? view.getUint32(16) : NaN;
}

/**
 * The uncompressed text (iTXt) of a keyword in a PNG file, null where there is none.
 * @param {Uint8Array} bytes the file @param {string} keyword
 */
export function textOf(bytes, keyword) {
  if (!SIGNATURE.every((value, k) => bytes[k] === value)) return null;
  for (const { type, data } of chunksOf(bytes)) {
    if (type !== "iTXt") continue;
    const end = data.indexOf(0);
    if (new TextDecoder().decode(data.subarray(0, end)) !== keyword || data[end + 1]) continue;
    const language = data.indexOf(0, end + 3);
    return new TextDecoder().decode(data.subarray(data.indexOf(0, language + 1) + 1));
  }
  return null;
}

/** @param {Uint8Array} bytes @returns {Generator<Chunk>} */
function* chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { type, data: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/**
 * Undo the filters of PNG, sec. 9, for pixels of at most one byte.
 * @param {Uint8Array} lines filter type and bytes of each line
 * @param {number} stride bytes of a line @param {number} height
 */
function unfiltered(lines, stride, height) {
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const a = x ? out[at - 1] : 0;
      const b = y ? out[at - stride] : 0;
      const c = x && y ? out[at - stride - 1] : 0;
      const guess = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
      if (guess === undefined) throw new Error("This PNG file is damaged.");
      out[at] = lines[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return out;
}

/** @param {number} a @param {number} b @param {number} c */
function paeth(a, b, c) {
  const p = a + b - c;
  const [da, db, dc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (da <= db && da <= dc) return a;
  return db <= dc ? b : c;
}

/** @param {Uint8Array} packed @param {number} width @param {number} height @param {number} bits */
function unpacked(packed, width, height, bits) {
  if (bits === 8) return packed;
  const stride = Math.ceil((width * bits) / 8);
  return Uint8Array.from({ length: width * height }, (_, k) => {
    const x = k % width,
      y = (k - x) / width;
    const byte = packed[y * stride + ((x * bits) >> 3)];
    return (byte >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1);
  });
}

/**
 * @param {Uint8Array} pixels @param {number} width @param {number} height
 * @param {number} kind colour type @param {number} bytesPerPixel @param {Chunk[]} more
 */
async function file(pixels, width, height, kind, bytesPerPixel, more) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, kind, 0, 0, 0], 8);
  const stride = width * bytesPerPixel;
  const lines = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  const chunks = [
    { type: "IHDR", data: header },
    ...more,
    { type: "IDAT", data: await through(new CompressionStream("deflate"), lines) },
    { type: "IEND", data: new Uint8Array() },
  ];
  return concatenated([Uint8Array.from(SIGNATURE), ...chunks.map(written)]);
}

/** @param {Chunk} chunk */
function written({ type, data }) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** PNG, annex D. @param {Uint8Array} bytes */
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {GenericTransformStream} transform @param {Uint8Array<ArrayBuffer>} bytes */
async function through(transform, bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array[]} parts */
function concatenated(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
