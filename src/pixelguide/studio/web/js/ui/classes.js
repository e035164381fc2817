/** The classes of the category: which to paint with, which to hide, which to leave alone. */

import { byId, h, roving } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("../store.js").Store} Store */
/** @typedef {import("../types.js").LabelClass} LabelClass */

/** @param {Store} store */
export function mountClasses(store) {
  const list = byId("classes");
  const rows = store.state.category.labels.map((label) => row(store, label));
  list.append(...rows.map(({ element }) => element));
  roving(list);
  store.watch(["classId", "hidden", "locked"], () => rows.forEach(({ show }) => show()));
  // The eyedropper takes classes that are out of sight, and what comes below pushes the list up.
  const reveal = () =>
    rows.find(({ id }) => id === store.state.classId)?.element.scrollIntoView({ block: "nearest" });
  store.watch(["classId"], reveal);
  new ResizeObserver(reveal).observe(list);
  store.watch(["versions", "current", "painted"], () => {
    const counts = store.version?.map?.counts();
    rows.forEach(({ element, id }) => element.classList.toggle("absent", !!counts && !counts[id]));
  });
}

/** @param {Store} store @param {LabelClass} label */
function row(store, { id, name, color }) {
  const swatch = h("span", { class: "swatch" });
  swatch.style.backgroundColor = color;
  const choose = h(
    "button",
    {
      class: "choose",
      role: "radio",
      "data-roving": true,
      "data-class": name,
      onclick: () => store.set({ classId: id }),
      onfocus: () => store.set({ hovered: choose.matches(":focus-visible") ? id : null }),
      onblur: () => store.set({ hovered: null }),
    },
    swatch,
    h("span", {}, name),
  );
  const hide = toggle(store, "hidden", id, `Hide ${name}`, ["eye", "hidden"]);
  const lock = toggle(store, "locked", id, `Lock ${name}`, ["open", "locked"]);
  const element = h(
    "div",
    {
      class: "class",
      onpointerenter: () => store.set({ hovered: id }),
      onpointerleave: () => store.set({ hovered: null }),
    },
    choose,
    h("div", { class: "toggles" }, lock.button, hide.button),
  );
  const show = () => {
    const chosen = store.state.classId === id;
    choose.setAttribute("aria-checked", String(chosen));
    // Tab reaches one row: the chosen class and its two switches.
    for (const button of [choose, lock.button, hide.button]) button.tabIndex = chosen ? 0 : -1;
    hide.show();
    lock.show();
  };
  return { id, element, show };
}

/**
 * @param {Store} store @param {"hidden" | "locked"} key @param {number} id
 * @param {string} title @param {[import("./icons.js").IconName, import("./icons.js").IconName]} icons
 */
function toggle(store, key, id, title, [off, on]) {
  const button = h("button", {
    class: "toggle",
    title,
    "aria-label": title,
    onclick: () => {
      const ids = new Set(store.state[key]);
      if (!ids.delete(id)) ids.add(id);
      store.set({ [key]: ids });
    },
  });
  const show = () => {
    const pressed = store.state[key].has(id);
    if (button.getAttribute("aria-pressed") === String(pressed)) return;
    button.setAttribute("aria-pressed", String(pressed));
    button.replaceChildren(icon(pressed ? on : off));
  };
  return { button, show };
}
