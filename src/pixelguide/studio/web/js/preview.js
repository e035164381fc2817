/** The chosen candidate as sampling imagines it now, inside the region; clear around it. */

import { pixelsOf } from "./pixels.js";

/** @typedef {import("./store.js").Store} Store */

export class Preview {
  /** @type {ImageBitmap | null} */
  picture = null;
  #source = "";

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    store.watch(["run", "current", "versions"], () => this.#follow());
  }

  async #follow() {
    const { version } = this.store;
    const run = version?.run;
    const source = run?.progress?.previews?.[run.chosen] ?? "";
    if (source === this.#source) return;
    this.#source = source;
    if (!source || !version || !run) {
      this.picture = null;
      return;
    }
    const image = new Image();
    image.src = source;
    await image.decode().catch(() => null);
    if (source !== this.#source || !image.naturalWidth) return;
    const edit = await pixelsOf(image);
    if (edit.width !== version.pixels.width) return;
    run.roi.forEach((inside, pixel) => (edit.data[4 * pixel + 3] = 255 * inside));
    this.picture = await createImageBitmap(edit);
    this.store.touch(["view"]);
  }
}
