/** Choosing the part of a photograph to edit. */

import { middle, placed, pulled, resized } from "../core/square.js";
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";

/** @typedef {import("../core/square.js").Square} Square */
/** @typedef {import("../core/square.js").Size} Size */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 1.08;
const CORNERS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
];

/**
 * Ask for the part, by default the middle.
 * @param {string} url of the photograph, maybe made smaller
 * @param {Size} photograph in its own pixels
 * @param {number} smallest side of a part
 * @returns {Promise<Square | null>} null if the user thinks better of it
 */
export function choosePart(url, photograph, smallest) {
  let square = middle(photograph);
  /** @type {Square | null} */
  let answer = null;
  const handles = CORNERS.map(([right, bottom]) =>
    h("i", { class: `handle ${right ? "right" : "left"} ${bottom ? "bottom" : "top"}` }),
  );
  const frame = h("div", { class: "frame" }, ...handles);
  const loading = h("span", { class: "loading", role: "status" }, "Loading …");
  const view = h(
    "div",
    {
      class: "crop",
      tabIndex: 0,
      autofocus: true,
      role: "application",
      "aria-label": "Part to edit: arrow keys move it, plus and minus change its size",
    },
    loading,
    h("img", { src: url, alt: "", draggable: false, onload: () => loading.remove() }),
    frame,
  );
  view.style.setProperty("--ratio", String(photograph.width / photograph.height));
  const slider = h("input", {
    type: "range",
    min: smallest,
    max: Math.min(photograph.width, photograph.height),
    step: 1,
    "aria-label": "Size",
    oninput: () => show(resized(square, slider.valueAsNumber, photograph, smallest)),
  });
  const size = h("output");
  const use = () => {
    answer = square;
    element.close();
  };

  /** @param {Square} next */
  function show(next) {
    square = next;
    const percent = (/** @type {number} */ part, /** @type {number} */ whole) =>
      `${(100 * part) / whole}%`;
    frame.style.left = percent(square.x, photograph.width);
    frame.style.top = percent(square.y, photograph.height);
    frame.style.width = percent(square.size, photograph.width);
    frame.style.height = percent(square.size, photograph.height);
    slider.value = String(square.size);
    size.textContent = `${square.size} px`;
    slider.setAttribute("aria-valuetext", size.textContent);
  }

  /** A place on the screen in the photograph. @param {MouseEvent} event @returns {[number, number]} */
  function at(event) {
    const box = view.getBoundingClientRect();
    const scale = photograph.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  view.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    view.setPointerCapture(event.pointerId);
    const corner = handles.indexOf(/** @type {HTMLElement} */ (event.target));
    const [x, y] = at(event);
    const inside = frame.contains(/** @type {Node} */ (event.target));
    const grip = inside ? [x - square.x, y - square.y] : [square.size / 2, square.size / 2];
    const drag = (/** @type {PointerEvent} */ moved) => {
      const [mx, my] = at(moved);
      if (corner < 0) return show(placed(square, mx - grip[0], my - grip[1], photograph));
      const [right, bottom] = CORNERS[corner];
      return show(pulled(square, right, bottom, mx, my, photograph, smallest));
    };
    if (corner < 0) drag(event);
    view.addEventListener("pointermove", drag);
    const stop = () => view.removeEventListener("pointermove", drag);
    view.addEventListener("lostpointercapture", stop, { once: true });
  });
  view.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const factor = Math.exp(Math.max(-0.2, Math.min(0.2, event.deltaY / 500)));
      show(resized(square, square.size * factor, photograph, smallest));
    },
    { passive: false },
  );
  view.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const growth = { "+": STEP, "=": STEP, "-": 1 / STEP, "−": 1 / STEP }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow) {
      const step = event.shiftKey ? 1 : Math.max(1, square.size / 40);
      show(placed(square, square.x + arrow[0] * step, square.y + arrow[1] * step, photograph));
    } else if (growth) show(resized(square, square.size * growth, photograph, smallest));
    else if (event.key === "Enter") use();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  show(square);
  const element = dialog(
    "Which part?",
    h(
      "p",
      { class: "hint" },
      "Drag the frame over what you want to edit. What you save is the whole photograph again.",
    ),
    view,
    h("label", { class: "strength" }, "Size", size, slider),
    h(
      "div",
      { class: "row end" },
      h("button", { onclick: () => element.close() }, "Cancel"),
      h("button", { class: "primary", id: "use-part", onclick: use }, "Use this part"),
    ),
  );
  return new Promise((resolve) => element.addEventListener("close", () => resolve(answer)));
}
