/** Results to other programs: copied, or dragged out. */

import { t } from "./i18n.js";
import { pictureFile } from "./files.js";
import { during } from "./ui/notices.js";
import { fileName } from "./file_names.js";

/** @typedef {import("./store.js").Store} Store */

/** What marks a drag that begins on this page: dropped on it again, it opens nothing. */
export const OWN = "application/x-pixelguide-result";

/** Put the picture that is shown on the clipboard. @param {Store} store */
export async function copyPicture(store) {
  if (!store.version || !navigator.clipboard?.write)
    throw new Error(t("This browser copies no pictures from here."));
  const file = during(t("Copying the picture …"), () => pictureFile(store, "png"));
  // Begun at once with a promise: some browsers forget the press while the server works.
  await navigator.clipboard.write([new ClipboardItem({ "image/png": file })]);
}

/**
 * Let a candidate be dragged to a folder or another program: its photograph, where it has one.
 * @param {Store} store @param {number} k @param {DragEvent} event
 */
export function dragOut(store, k, { dataTransfer }) {
  const run = store.version?.run;
  const candidate = run?.outcome?.candidates[k];
  if (!dataTransfer || !run || !candidate) return;
  const path = store.version?.inPhotograph
    ? `/api/results/${run.job}/${k}/photograph.png`
    : candidate.url;
  const url = new URL(path, location.href).href;
  dataTransfer.setData(OWN, url);
  dataTransfer.setData("text/uri-list", url);
  dataTransfer.setData("DownloadURL", `image/png:${fileName(store, `-edit-${k + 1}.png`)}:${url}`);
  dataTransfer.effectAllowed = "copy";
}
