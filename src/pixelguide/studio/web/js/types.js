/** The data of the page: what the server says, and what the user makes of it.
 *
 * @typedef {import("./core/label_map.js").LabelMap} LabelMap
 * @typedef {import("./core/label_map.js").Rect} Rect
 * @typedef {import("./core/history.js").History} History
 * @typedef {import("./core/viewport.js").Viewport} Viewport
 *
 * @typedef {{id: number, name: string, color: string}} LabelClass
 * @typedef {{name: string, title: string, description: string}} StarterInfo
 * @typedef {{
 *   model: {name: string, hash: string},
 *   size: number,
 *   labels: LabelClass[],
 *   palette: string[],
 *   groups: Record<string, number[]>,
 *   defaults: {dilation: number, roi: "auto" | "parts" | "classes" | "changed"},
 *   starters: StarterInfo[],
 * }} Category
 *
 * @typedef {{stage: string, done: number, total: number, t?: number, previews?: string[],
 *   position?: number}} Progress
 * @typedef {{code: string, message: string, hint: string}} Problem
 * @typedef {{picture: string, url: string, roi_accuracy: number, roi_loss: number,
 *   changed_pixels_outside: number, unlikely?: boolean | null}} Candidate
 * @typedef {{candidates: Candidate[], best: number, roi: string, report: Record<string, unknown>}
 *   } EditOutcome
 * @typedef {{map: string, uncertainty: number, seconds: number,
 *   familiarity?: {degree: string} | null}} Reading
 * @typedef {{job: string, kind: "segment" | "edit",
 *   state: "queued" | "running" | "done" | "failed" | "cancelled", position: number,
 *   progress: Progress | null, result: unknown, error: Problem | null}} Job
 *
 * @typedef {{num_images: number, seed: number, schedule: "auto" | "fast" | "paper",
 *   num_inference_steps: number | "auto", start_timestep: number | "auto",
 *   guidance_scale: number | "auto", roi: "auto" | "parts" | "classes" | "changed", dilation: number | null,
 *   detail: "auto" | "off"}} Settings
 *
 * One request to edit and what came of it. problem: why it failed; passing: whether the same might
 * work later. request: what the server was asked. edits: the candidates' pixels, loaded when done. back: what is shown again if nothing
 * comes of it.
 * @typedef {{
 *   job: string | null,
 *   state: "sending" | "queued" | "running" | "done" | "failed" | "cancelled",
 *   progress: Progress | null,
 *   problem: string | null,
 *   passing: boolean,
 *   settings: Settings,
 *   classes: string[],
 *   colours: Record<string, string>,
 *   request: Record<string, unknown> | null,
 *   target: LabelMap,
 *   roi: Uint8Array,
 *   outcome: EditOutcome | null,
 *   edits: ImageData[],
 *   chosen: number,
 *   strength: number,
 *   back: {run: Run | null, stage: "paint" | "result", seed: number} | null,
 * }} Run
 *
 * How a version came to be: from which candidate of which job, at which strength (0 … 1).
 * @typedef {{job: string, candidate: number, strength: number, report: Record<string, unknown>}} Made
 *
 * Where a picture lies in its photograph, of width × height pixels, and the pictures, the oldest
 * first, whose patches lie on that.
 * @typedef {{photograph: string, width: number, height: number, x: number, y: number, size: number,
 *   edits: string[]}} PhotographPart
 *
 * A picture with the map it was read (source) and the map being painted. wanted: edited classes
 * that the user put into Q or took out of it; colours: "#rrggbb" that classes are to have, by name; islands: pixels of islands that they took in or out. inPhotograph: whether the picture is a part of a
 * photograph that the server keeps. attempts: the runs that gave candidates, the first first; run is
 * one of them unless it is on its way or came to nothing. queue: those that wait behind it. unfamiliar: whether it is unlike those the model was made for.
 * @typedef {{
 *   id: string,
 *   picture: string,
 *   pixels: ImageData,
 *   note: string,
 *   inPhotograph: boolean,
 *   part: PhotographPart | null,
 *   unfamiliar: boolean,
 *   source: LabelMap | null,
 *   map: LabelMap | null,
 *   history: History,
 *   wanted: Record<number, boolean>,
 *   colours: Record<string, string>,
 *   islands: {out: number[], in: number[]},
 *   reading: {job: string | null, progress: Progress | null, problem: string | null} | null,
 *   run: Run | null,
 *   attempts: Run[],
 *   queue: Run[],
 *   made: Made | null,
 * }} Version
 *
 * What the next edit would do. edited: classes that lost or gained pixels; classes: Q of eq. 7,
 * those of them that decide the region. changed: pixels whose class differs.
 * recoloured: pixels of classes that are to have another colour, all of which may change. mode: how the
 * region was found. islands: what it falls into, and what could be taken in. chosen: the
 * pixels of those that are, before dilation; own: whether that is the user's choice; reached: whether
 * any of them was painted.
 * @typedef {{edited: number[], classes: number[], mode: "parts" | "classes" | "changed",
 *   islands: {area: number[], taken: boolean}[], chosen: Uint8Array, own: boolean, roi: Uint8Array,
 *   pixels: number, changed: number, recoloured: number, reached: boolean}} Plan
 *
 * @typedef {"brush" | "eraser" | "lasso" | "shape" | "fill" | "grab" | "pick" | "region"
 *   | "dropper" | "hand"} ToolName
 * @typedef {{brushSize: number, shape: "rectangle" | "ellipse", fillAll: boolean,
 *   grabWhole: boolean, warp: boolean}} ToolOptions
 */

export {};
