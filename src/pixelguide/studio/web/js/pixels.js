/** Pictures between files, pixels and canvases. */

import { getBytes } from "./api.js";

/** @param {Blob | HTMLImageElement} image @returns {Promise<ImageData>} */
export async function pixelsOf(image) {
  const bitmap = await createImageBitmap(image, { colorSpaceConversion: "none" });
  const context = contextOf(document.createElement("canvas"), bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}

/** @param {string} path of the server @returns {Promise<ImageData>} */
export async function pixelsAt(path) {
  return pixelsOf(new Blob([await getBytes(path)], { type: "image/png" }));
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
export function contextOf(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser has no 2D canvas.");
  return context;
}

/** @type {WeakMap<ImageData, HTMLCanvasElement>} */
const canvases = new WeakMap();

/** A canvas that shows some pixels, made once. @param {ImageData} pixels */
export function canvasOf(pixels) {
  let canvas = canvases.get(pixels);
  if (!canvas) {
    canvas = document.createElement("canvas");
    contextOf(canvas, pixels.width, pixels.height).putImageData(pixels, 0, 0);
    canvases.set(pixels, canvas);
  }
  return canvas;
}

/** A JPEG of some pixels. @param {ImageData} pixels @returns {Promise<Blob>} */
export function jpegOf(pixels) {
  return new Promise((resolve, reject) =>
    canvasOf(pixels).toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("This browser writes no JPEG."))),
      "image/jpeg",
      0.95,
    ),
  );
}

/** "#rrggbb" as numbers. @param {string} color @returns {[number, number, number]} */
export function rgb(color) {
  const value = parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Offer a file to save. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
