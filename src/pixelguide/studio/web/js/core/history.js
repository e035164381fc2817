/** Undo and redo without limit. */

/** @typedef {import("./label_map.js").LabelMap} LabelMap */
/** @typedef {import("./patch.js").Patch} Patch */

export class History {
  /** @type {Patch[]} */
  done = [];
  /** @type {Patch[]} the next to redo is last */
  undone = [];

  /**
   * Execute a command. One of the same stroke as the last becomes part of that step.
   * @param {LabelMap} map
   * @param {Patch} patch
   */
  run(map, patch) {
    patch.execute(map);
    const last = this.done.at(-1);
    if (last && last.stroke === patch.stroke && this.undone.length === 0) last.absorb(patch);
    else this.done.push(patch);
    this.undone = [];
  }

  /** @param {LabelMap} map @returns {Patch | null} what was undone */
  undo(map) {
    const patch = this.done.pop();
    if (!patch) return null;
    patch.undo(map);
    this.undone.push(patch);
    return patch;
  }

  /** @param {LabelMap} map @returns {Patch | null} what was done again */
  redo(map) {
    const patch = this.undone.pop();
    if (!patch) return null;
    patch.execute(map);
    this.done.push(patch);
    return patch;
  }
}
