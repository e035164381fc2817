/** Choosing the part of a photograph to edit: by the faces in it, or by hand. */

import { getJson } from "../api.js";
import { inside, largest, placed, pulled, resized } from "../core/square.js";
import { t } from "../i18n.js";
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";

/** @typedef {import("../core/square.js").Square} Square */
/** @typedef {import("../core/square.js").Size} Size */
/** @typedef {{part: Square, warnings: string[]}} Face */

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
 * Ask for the part: the largest face, where faces are found, until the user chooses otherwise.
 * @param {string} url of the photograph at the server, without its ending
 * @param {Size} photograph in its own pixels
 * @param {number} smallest side of a part
 * @param {Square} [before] the part there was
 * @returns {Promise<Square | null>} null if the user thinks better of it
 */
export function choosePart(url, photograph, smallest, before) {
  let square = before ? { ...before } : largest(photograph);
  let touched = !!before;
  /** @type {Square | null} */
  let answer = null;
  const handles = CORNERS.map(([right, bottom]) =>
    h("i", { class: `handle ${right ? "right" : "left"} ${bottom ? "bottom" : "top"}` }),
  );
  const frame = h("div", { class: "frame" }, ...handles);
  const loading = h("span", { class: "loading", role: "status" }, t("Loading …"));
  const view = h(
    "div",
    {
      class: "crop",
      tabIndex: 0,
      autofocus: true,
      role: "application",
      "aria-label": t("Part to edit: arrow keys move it, plus and minus change its size"),
    },
    loading,
    h("img", { src: `${url}.jpg`, alt: "", draggable: false, onload: () => loading.remove() }),
    frame,
  );
  view.style.setProperty("--ratio", String(photograph.width / photograph.height));
  const slider = h("input", {
    type: "range",
    min: smallest,
    max: Math.min(photograph.width, photograph.height),
    step: 1,
    "aria-label": t("Size"),
    oninput: () => choose(resized(square, slider.valueAsNumber, photograph, smallest)),
  });
  const size = h("output");
  const looking = h("span", { class: "hint", role: "status" }, t("Looking for faces …"));
  const faces = h("div", { class: "chips", role: "group", "aria-label": t("Faces") }, looking);
  const warning = h("p", { class: "hint", role: "status" });
  const how = h(
    "p",
    { class: "hint" },
    t("Drag the frame and pull its corners. What you save is the whole photograph again."),
  );
  const use = () => {
    answer = square;
    element.close();
  };

  /** @param {Square} next */
  function choose(next) {
    touched = true;
    warning.textContent = "";
    show(next);
  }

  /** @param {Square} next */
  function show(next) {
    square = next;
    lay(frame, square, photograph);
    slider.value = String(square.size);
    size.textContent = `${Math.round(square.size)} px`;
    slider.setAttribute("aria-valuetext", size.textContent);
  }

  new Gestures(view, frame, handles, photograph, smallest, () => square, choose);
  view.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const growth = { "+": STEP, "=": STEP, "-": 1 / STEP, "−": 1 / STEP }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow) {
      const step = event.shiftKey ? 1 : Math.max(1, square.size / 40);
      choose(placed(square, square.x + arrow[0] * step, square.y + arrow[1] * step, photograph));
    } else if (growth) choose(resized(square, square.size * growth, photograph, smallest));
    else if (event.key === "Enter") use();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  getJson(`${url}/faces`).then(
    (/** @type {{faces: Face[] | null}} */ found) => {
      const all = found.faces ?? [];
      faces.replaceChildren(
        ...all.map(({ part, warnings }, k) => {
          const take = () => {
            choose(inside(part, photograph, smallest));
            warning.textContent = warnings.join("; ");
          };
          const box = h("button", {
            class: "proposal",
            "aria-label": t("Face {number}", { number: k + 1 }),
            title: t("Face {number}", { number: k + 1 }),
            tabIndex: -1,
            onpointerdown: (/** @type {Event} */ event) => event.stopPropagation(),
            onclick: take,
          });
          lay(box, inside(part, photograph, smallest), photograph);
          view.insertBefore(box, frame);
          return h("button", { class: "chip", onclick: take }, t("Face {number}", { number: k + 1 }));
        }),
      );
      if (all.length)
        how.textContent = t(
          "Choose a face, or drag the frame. What you save is the whole photograph again.",
        );
      if (all.length && !touched) show(inside(all[0].part, photograph, smallest));
    },
    () => looking.remove(), // none is proposed
  );

  show(square);
  const element = dialog(
    t("Which part?"),
    how,
    view,
    faces,
    warning,
    h("label", { class: "strength" }, t("Size"), size, slider),
    h(
      "div",
      { class: "row end" },
      h("button", { onclick: () => element.close() }, t("Cancel")),
      h("button", { class: "primary", id: "use-part", onclick: use }, t("Use this part")),
    ),
  );
  return new Promise((resolve) => element.addEventListener("close", () => resolve(answer)));
}

/** @param {HTMLElement} element @param {Square} square @param {Size} photograph */
function lay(element, square, photograph) {
  const percent = (/** @type {number} */ part, /** @type {number} */ whole) =>
    `${(100 * part) / whole}%`;
  element.style.left = percent(square.x, photograph.width);
  element.style.top = percent(square.y, photograph.height);
  element.style.width = percent(square.size, photograph.width);
  element.style.height = percent(square.size, photograph.height);
}

/** Mouse, pen and fingers: one moves the frame or a corner of it, two pinch it. */
class Gestures {
  /** Where what is pressed lies, in the photograph. @type {Map<number, [number, number]>} */
  #down = new Map();
  /** @type {(x: number, y: number) => void} */
  #drag = () => {};

  /**
   * @param {HTMLElement} view @param {HTMLElement} frame @param {HTMLElement[]} handles
   * @param {Size} photograph @param {number} smallest
   * @param {() => Square} square as it is @param {(next: Square) => void} choose
   */
  constructor(view, frame, handles, photograph, smallest, square, choose) {
    const at = (/** @type {MouseEvent} */ event) => {
      const box = view.getBoundingClientRect();
      const scale = photograph.width / box.width;
      return /** @type {[number, number]} */ ([
        (event.clientX - box.left) * scale,
        (event.clientY - box.top) * scale,
      ]);
    };
    view.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (event.isTrusted) view.setPointerCapture(event.pointerId);
      this.#down.set(event.pointerId, at(event));
      if (this.#down.size > 1) return;
      const [x, y] = at(event);
      const start = square();
      const corner = handles.indexOf(/** @type {HTMLElement} */ (event.target));
      const inside = frame.contains(/** @type {Node} */ (event.target));
      if (corner >= 0) {
        const [right, bottom] = CORNERS[corner];
        // How far from the corner itself it was taken.
        const gx = x - start.x - (right ? start.size : 0),
          gy = y - start.y - (bottom ? start.size : 0);
        this.#drag = (mx, my) =>
          choose(pulled(start, right, bottom, mx - gx, my - gy, photograph, smallest));
        return;
      }
      const grip = inside ? [x - start.x, y - start.y] : [start.size / 2, start.size / 2];
      this.#drag = (mx, my) => choose(placed(square(), mx - grip[0], my - grip[1], photograph));
      if (!inside) this.#drag(x, y);
    });
    view.addEventListener("pointermove", (event) => {
      const known = this.#down.get(event.pointerId);
      if (!known) return;
      const now = at(event);
      const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) this.#drag(...now);
      else {
        const before = Math.hypot(known[0] - other[0], known[1] - other[1]) || 1;
        const after = Math.hypot(now[0] - other[0], now[1] - other[1]);
        choose(resized(square(), (square().size * after) / before, photograph, smallest));
      }
      this.#down.set(event.pointerId, now);
    });
    const up = (/** @type {PointerEvent} */ event) => {
      this.#down.delete(event.pointerId);
      this.#drag = () => {};
    };
    view.addEventListener("pointerup", up);
    view.addEventListener("pointercancel", up);
    view.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const factor = Math.exp(Math.max(-0.2, Math.min(0.2, event.deltaY / 500)));
        choose(resized(square(), square().size * factor, photograph, smallest));
      },
      { passive: false },
    );
  }
}
