/** Icons, drawn for this page on a grid of 24. */

const PATHS = {
  brush:
    "M20 3.5c-4 1.6-8.4 5.4-10.4 8.8l2.3 2.2C15.3 12.4 18.9 7.7 20 3.5zM8.3 13.7c-2 .3-2.7 1.9-2.9 3.5-.2 1.3-.8 2-1.9 2.6 3.3.9 6.7 0 7-3.4z",
  eraser: "M13.5 5.5l5.5 5.5-7.5 7.5h-4l-3.5-3.5zM9 10l5.5 5.5M12 18.5h8",
  lasso:
    "M12 4.5c4.7 0 8 2.2 8 5s-3.3 5-8 5-8-2.2-8-5 3.3-5 8-5zM7 13.7c-1.6 1-1.7 3 .1 3.3 2 .3 1.6 2.5-.4 3",
  shape: "M4.5 4.5h9v9h-9zM20 14.5a5 5 0 1 1-10 0 5 5 0 0 1 10 0z",
  fill: "M11 4l7.5 7.5-6.5 6.5a1.5 1.5 0 0 1-2 0L4.5 12.5a1.5 1.5 0 0 1 0-2zM5 11.5h13M20 15.5c1 1.6 1.3 2.3 1.3 3a1.4 1.4 0 1 1-2.7 0c0-.7.4-1.4 1.4-3z",
  grab: "M12 3v18M3 12h18M12 3l-2.5 2.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5",
  pick: "M13.5 7.5l3 3M12 6l6 6M14.5 8.5L18 5a2.1 2.1 0 0 1 3 3l-3.5 3.5M14 9.5l-8 8-2 .5.5-2 8-8",
  region: "M4 8V4h4M11 4h3M17 4h3v4M20 11v3M20 17v3h-4M13 20h-3M7 20H4v-4M4 14v-3M9 12h6M12 9v6",
  hand: "M8 12V6.2a1.3 1.3 0 0 1 2.6 0V11 5a1.3 1.3 0 0 1 2.6 0v6-5a1.3 1.3 0 0 1 2.6 0v6-3.5a1.3 1.3 0 0 1 2.6 0V15c0 3.5-2 5.5-5.2 5.5-3 0-4.2-1.2-5.6-3.6l-2.5-4.2c-.8-1.5 1-2.7 2.2-1.4z",
  undo: "M9 5L4.5 9.5 9 14M4.5 9.5H14a5.5 5.5 0 0 1 0 11h-3",
  history: "M4 12a8 8 0 1 1 2.6 5.9M4 12l-2-2.5M4 12l2.7-2M12 7.5V12l3 2",
  redo: "M15 5l4.5 4.5L15 14M19.5 9.5H10a5.5 5.5 0 0 0 0 11h3",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  hidden:
    "M4 4l16 16M9.5 5.9A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.9 3.6M6.2 7.5A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9",
  locked: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  open: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.7-1.4",
  outline: "M4.5 12c0-4 3-7.5 7-7.5 5 0 8 3 8 7s-3 8-7.5 8-7.5-3.5-7.5-7.5z",
  map: "M4 6.5l5-2 6 2 5-2v13l-5 2-6-2-5 2zM9 4.5v13M15 6.5v13",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  folder: "M3.5 6.5h6l2 2.5h9v10h-17z",
  help: "M9 9.3a3 3 0 1 1 4.4 2.6c-1 .6-1.4 1.1-1.4 2.3M12 17.5v.3",
  close: "M6 6l12 12M18 6L6 18",
  add: "M12 5v14M5 12h14",
  dice: "M5 5h14v14H5zM9 9v.1M15 15v.1M15 9v.1M9 15v.1",
  theme: "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z",
};

/** @param {keyof typeof PATHS} name @returns {SVGSVGElement} */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** @typedef {keyof typeof PATHS} IconName */
