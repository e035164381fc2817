/** How far the server is with opening the model that it was switched to. */

import { getJson, passing } from "./api.js";

/** @typedef {{name: string, current: boolean, opening: {done: number, total: number} | null}} Model */

/** Milliseconds between two questions. */
const PAUSE = 200;

/**
 * Wait until the model in use is open, or cannot be opened: of that the first job tells.
 * @param {(share: {done: number, total: number}) => void} tell @param {number} [pause] milliseconds
 */
export async function opened(tell, pause = PAUSE) {
  for (;;) {
    const opening = await asked();
    if (!opening) return;
    tell(opening);
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** @returns {Promise<Model["opening"] | undefined>} */
async function asked() {
  try {
    /** @type {{models: Model[]}} */
    const { models } = await getJson("/api/models");
    return models.find(({ current }) => current)?.opening;
  } catch (error) {
    if (passing(error)) return { done: 0, total: 1 };
    throw error;
  }
}
