/** What the server says, in the reader's language. It speaks English; its sentences are known here by
 * their form, with places for what differs, and stand in the catalogues as the page's own do. */

import { language, t } from "./i18n.js";

/** @type {readonly string[]} */
export const SERVER_TEXTS = Object.freeze([
  "no such {thing}",
  "{count} jobs are waiting already",
  "too many uploads at the same time",
  "Try again in {seconds} seconds.",
  "out of memory",
  "Ask for fewer candidates.",
  "Ask for fewer candidates or steps.",
  "Do it again; if that breaks off too, ask for less at a time.",
  "the server made an error",
  "Its log says more.",
  "the model worker made an error",
  "the model worker ended",
  "The server's log says more.",
  "the job was broken off twice",
  "the job took too long",
  "its result could not be kept",
  "Free space.",
  "the request is too large",
  "At most {size} are taken.",
  "the request took too long to arrive",
  "not a readable picture",
  "Give a picture of type {kinds}.",
  "damaged picture ({reason})",
  "{width}×{height} pixels is too large",
  "The limit is {limit} megapixels; reduce it first.",
  "Reduce it first.",
  "Save it again.",
  "animated picture",
  "Save one frame of it.",
  "a crop of {pixels} pixels for a model of {size}",
  "Take more.",
  "{width}×{height} pixels",
  "It must have {width}×{height}, as the picture.",
  "no labelled pixel in the region to edit",
  "Paint a class.",
  "nothing to edit: no pixel of it changed",
  "Take in others.",
  "nothing is chosen",
  "Take something in.",
  "a project of another category",
  "This Studio edits '{own}'; it was made with '{other}'.",
  "Choose a project saved by the Studio.",
  "a grey picture has no colours",
  "Convert it to RGB first.",
  "the model knows lightness alone",
  "Take a model of colour pictures.",
  "JPEG has no transparency",
]);

/** What an answer is about, as the server names it before a colon. @type {Readonly<Record<string, string>>} */
const ABOUT = Object.freeze({
  picture: t("Picture"),
  "label map": t("Label map"),
  map: t("Label map"),
  region: t("Region"),
  project: t("Project"),
  layers: t("Layers"),
  crop: t("Part"),
  photograph: t("Photograph"),
  job: t("Job"),
  result: t("Result"),
});

/** What is wrong, by the code of an answer whose sentence is not known. @type {Readonly<Record<string, string>>} */
const CODES = Object.freeze({
  bad_input: t("The server cannot use this"),
  refused: t("The server does not take this"),
  out_of_resource: t("The server has no room left"),
  failed: t("That failed"),
});

const KNOWN = SERVER_TEXTS.map((text) => {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const form = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return { text, names, form: new RegExp(`^${form.join("(.+?)")}$`) };
});

/** A thing by its name here; English has it already. @param {string} name @param {string} value */
const inWords = (name, value) =>
  language !== "en" && name === "thing" ? (ABOUT[value] ?? value) : value;

/** @param {string} said @returns {string | null} null for what is not known */
function known(said) {
  for (const { text, names, form } of KNOWN) {
    const found = form.exec(said);
    if (!found) continue;
    const values = names.map((name, k) => [name, inWords(name, found[k + 1])]);
    return t(text, Object.fromEntries(values));
  }
  return null;
}

/**
 * A sentence of the server in the reader's language; as it is where it is not known.
 * @param {string} said @param {string} [code] of the error; names at least what kind it is
 */
export function fromServer(said, code = "") {
  if (!said) return said;
  const whole = known(said);
  if (whole !== null) return whole;
  const [, about = "", rest = ""] = /^([\w ]+): (.*)$/s.exec(said) ?? [];
  const part = ABOUT[about] && known(rest);
  if (part) return `${ABOUT[about]}: ${part}`;
  // In English the kind would say nothing that the sentence does not.
  const kind = language === "en" ? null : CODES[code];
  return kind ? `${kind} (${said})` : said;
}
