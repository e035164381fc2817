/** What files are called that are saved. */

/**
 * The photograph's name, and from the second version on which it is.
 * @param {import("./store.js").Store} store @param {string} end @param {number} [index] of the version
 */
export function fileName({ state }, end, index = state.current) {
  const note = state.versions[0]?.note ?? "";
  const name = note.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-") || "picture";
  return `${name}${index > 0 ? `-v${index + 1}` : ""}${end}`;
}
