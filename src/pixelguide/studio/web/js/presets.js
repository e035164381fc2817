/** Settings kept under names, in this browser. */

/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {Omit<Settings, "seed">} Preset what a seed is belongs to one picture */

const KEY = "pixelguide-presets";

/** All of them by name. @returns {Record<string, Preset>} */
export function presets() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
  } catch {
    return {};
  }
}

/** Keep settings, in place of those of that name. @param {string} name @param {Settings} settings */
export function keepPreset(name, { seed: _, ...settings }) {
  localStorage.setItem(KEY, JSON.stringify({ ...presets(), [name]: settings }));
}

/** @param {string} name */
export function removePreset(name) {
  const { [name]: _, ...others } = presets();
  localStorage.setItem(KEY, JSON.stringify(others));
}

/**
 * Settings with those of a preset, as far as it has values of the same kind.
 * @param {Settings} settings @param {Partial<Preset>} preset @returns {Settings}
 */
export function withPreset(settings, preset) {
  const known = Object.entries(preset).filter(([name, value]) => {
    const kinds = ["number", "string"].includes(typeof value) || value === null;
    return name in settings && name !== "seed" && kinds;
  });
  return { ...settings, ...Object.fromEntries(known) };
}
