/** Dark, light, or as the system has it. */

import { t } from "../i18n.js";

const KEY = "pixelguide-theme";
const THEMES = ["auto", "dark", "light"];

const stored = () => localStorage.getItem(KEY) ?? "auto";

export function applyTheme() {
  document.documentElement.dataset.theme = stored();
}

/** Switch to the next theme. @returns {string} its name */
export function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
  localStorage.setItem(KEY, theme);
  applyTheme();
  return theme;
}

/** What the menu says. @param {string} [theme] */
export function themeName(theme = stored()) {
  return { auto: t("Theme: automatic"), dark: t("Theme: dark"), light: t("Theme: light") }[theme] ?? theme;
}
