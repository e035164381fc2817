/** What was on its way when work was left goes on. */

import { busy, resume } from "./editing.js";
import { findPart } from "./photographs.js";
import { watchQueued } from "./queueing.js";
import { read } from "./reading.js";
import { attempt } from "./ui/notices.js";

/** @param {import("./store.js").Store} store */
export function resumeAll(store) {
  for (const version of store.state.versions) {
    if (version.inPhotograph && !version.part) {
      attempt(() => findPart(version).then(() => store.touch(["versions"])));
    }
    for (const run of version.queue) attempt(() => watchQueued(store, version, run));
    if (version.reading) read(store, version);
    if (version.run && busy(version.run)) attempt(() => resume(store, version));
  }
}
