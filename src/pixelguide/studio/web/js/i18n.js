/** Texts in the reader's language. English stands in the sources; the others are catalogues of it in
 * `languages`. What the server says is put into them by `server_texts.js`. */

const KEY = "pixelguide-language";

/** The languages there are, by code, each named in itself. */
export const LANGUAGES = Object.freeze({ en: "English", de: "Deutsch", fr: "Français" });

/** @typedef {keyof typeof LANGUAGES} Language */

/** The one in use: as chosen here, else the browser's. @type {Language} */
export const language = chosen();

/** @type {Readonly<Record<string, string>>} */
const catalogue =
  language === "en" ? {} : (await import(`./languages/${language}.js`)).MESSAGES;

/**
 * A text in the reader's language.
 * @param {string} text English; also the name under which catalogues have it
 * @param {Record<string, string | number>} [values] in place of {name}
 */
export function t(text, values = {}) {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? String(values[name]) : whole,
  );
}

/** From the next time the page is loaded on. @param {Language} code */
export function setLanguage(code) {
  localStorage.setItem(KEY, code);
}

/** @returns {Language} */
function chosen() {
  if (typeof localStorage === "undefined") return "en"; // outside a browser
  const wanted = [localStorage.getItem(KEY) ?? "", ...navigator.languages];
  for (const each of wanted) {
    const code = each.slice(0, 2);
    if (code in LANGUAGES) return /** @type {Language} */ (code);
  }
  return "en";
}
