/** The page's state, in one place. Views listen to the keys they show. */

/** @typedef {import("./types.js").Category} Category */
/** @typedef {import("./types.js").Version} Version */
/** @typedef {import("./autosave.js").Autosave} Autosave */

/**
 * versions: oldest first. current: index of the one being worked on. map: not data but the key
 * under which listeners hear of painted pixels (`touch`); painted: the same, once per stroke.
 * dropper: whose colour is being taken from the picture, and the tool before that.
 * stage: whether the canvas shows the map being painted or a result. compare.at: 0 … 1.
 * @typedef {{
 *   category: Category,
 *   versions: Version[],
 *   current: number,
 *   plan: import("./types.js").Plan | null,
 *   tool: import("./types.js").ToolName,
 *   options: import("./types.js").ToolOptions,
 *   classId: number,
 *   hidden: ReadonlySet<number>,
 *   locked: ReadonlySet<number>,
 *   hovered: number | null,
 *   dropper: {name: string, back: import("./types.js").ToolName} | null,
 *   mapShown: boolean,
 *   opacity: number,
 *   outlined: boolean,
 *   view: import("./types.js").Viewport,
 *   stage: "paint" | "result",
 *   coarse: boolean,
 *   compare: {kind: "after" | "before" | "slider" | "flicker", at: number},
 *   settings: import("./types.js").Settings,
 * }} State
 * @typedef {keyof State | "map" | "painted" | "run"} Key
 */

export class Store {
  /** @type {{keys: ReadonlySet<Key>, listener: (rect: import("./types.js").Rect | null) => void}[]} */
  #listeners = [];

  /** @param {State} state */
  constructor(state) {
    this.state = state;
    /** What keeps the work in this browser, where that can be. @type {Autosave | null} */
    this.keeping = null;
  }

  /** The version being worked on, if there is one. @returns {Version | undefined} */
  get version() {
    return this.state.versions[this.state.current];
  }

  /** Replace parts of the state. @param {Partial<State>} changes */
  set(changes) {
    Object.assign(this.state, changes);
    this.touch(/** @type {Key[]} */ (Object.keys(changes)));
  }

  /**
   * Say that something changed in place.
   * @param {Key[]} keys
   * @param {import("./types.js").Rect | null} [rect] of the map; all of it by default
   */
  touch(keys, rect = null) {
    for (const { keys: wanted, listener } of this.#listeners) {
      if (keys.some((key) => wanted.has(key))) listener(rect);
    }
  }

  /**
   * Call a listener whenever one of the keys changes, and once now.
   * @param {Key[]} keys
   * @param {(rect: import("./types.js").Rect | null) => void} listener
   */
  watch(keys, listener) {
    this.#listeners.push({ keys: new Set(keys), listener });
    listener(null);
  }
}

/** Where a new page begins. @param {Category} category @returns {State} */
export function initialState(category) {
  const first = category.labels.find(({ name }) => name === "lips") ?? category.labels[0];
  return {
    category,
    versions: [],
    current: -1,
    plan: null,
    tool: "brush",
    options: {
      brushSize: Math.max(2, Math.round(category.size / 24)),
      shape: "ellipse",
      fillAll: false,
      grabWhole: true,
      warp: false,
    },
    classId: first.id,
    hidden: new Set(),
    locked: new Set(),
    hovered: null,
    dropper: null,
    mapShown: true,
    opacity: 0.4,
    outlined: false,
    view: { x: 0, y: 0, zoom: 1 },
    stage: "paint",
    coarse: false, // the result that is shown has not its photograph's pixels yet
    compare: { kind: "after", at: 0.5 },
    settings: {
      num_images: 4,
      seed: 0,
      schedule: "auto",
      num_inference_steps: "auto",
      start_timestep: "auto",
      guidance_scale: "auto",
      roi: category.defaults.roi,
      dilation: null,
      detail: "auto",
    },
  };
}
