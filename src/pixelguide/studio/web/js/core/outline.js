/** Edges between pixels, to be drawn as thin lines at any zoom. */

/** @typedef {(index: number) => number} Kind what a pixel counts as */

/**
 * Lines between the pixels where `kind` changes. Neighbouring edges on one line come as one, the
 * border of the map is no edge unless `border` is given.
 * @param {number} width @param {number} height of the map
 * @param {Kind} kind
 * @param {number} [border] the kind beyond the map
 * @returns {number[]} x0, y0, x1, y1 of each, in pixels
 */
export function edges(width, height, kind, border) {
  return new Edges(width, height, kind, border).lines();
}

/** The same, kept line by line: after a stroke only the lines it touched are looked at again. */
export class Edges {
  /** Where edges begin and end on each horizontal line, then on each vertical. @type {number[][][]} */
  #found;

  /**
   * @param {number} width @param {number} height of the map
   * @param {Kind} kind
   * @param {number} [border] the kind beyond the map
   */
  constructor(width, height, kind, border) {
    this.width = width;
    this.height = height;
    this.kind = kind;
    this.border = border;
    this.#found = [Array(height + 1).fill([]), Array(width + 1).fill([])];
    this.update({ x: 0, y: 0, width, height });
  }

  /** Look again where pixels have changed. @param {import("../types.js").Rect} rect */
  update({ x, y, width, height }) {
    const [rows, columns] = this.#found;
    for (let k = y; k <= y + height; k++) rows[k] = this.#along(k, this.height, this.width, true);
    for (let k = x; k <= x + width; k++) columns[k] = this.#along(k, this.width, this.height, false);
  }

  /** @returns {number[]} x0, y0, x1, y1 of each, in pixels */
  lines() {
    /** @type {number[]} */
    const lines = [];
    const [rows, columns] = this.#found;
    rows.forEach((ends, y) => {
      for (let k = 0; k < ends.length; k += 2) lines.push(ends[k], y, ends[k + 1], y);
    });
    columns.forEach((ends, x) => {
      for (let k = 0; k < ends.length; k += 2) lines.push(x, ends[k], x, ends[k + 1]);
    });
    return lines;
  }

  /**
   * @param {number} line of `lines` @param {number} lines @param {number} length of a line
   * @param {boolean} across horizontally
   */
  #along(line, lines, length, across) {
    const { kind, border, width } = this;
    /** @type {number[]} */
    const ends = [];
    const outer = line === 0 || line === lines;
    if (outer && border === undefined) return ends;
    const [stride, next] = across ? [width, 1] : [1, width];
    let open = false;
    for (let at = 0, index = line * stride; at < length; at++, index += next) {
      const before = line === 0 ? border : kind(index - stride);
      const edge = before !== (line === lines ? border : kind(index));
      if (edge !== open) ends.push(at);
      open = edge;
    }
    if (open) ends.push(length);
    return ends;
  }
}
