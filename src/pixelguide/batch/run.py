"""A batch of edits: only what is missing is made, and what fails is listed."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixelguide.batch.batch_edit import BatchEdit, EditInputs
from pixelguide.batch.summary import Listed, write_sheet, write_table
from pixelguide.edit.result import versions
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import PixelguideError
from pixelguide.files import write_atomically
from pixelguide.workers.result_store import RUN, ResultStore, check_run
from pixelguide.workers.task import Failure, Outcome, Pool, Task

if TYPE_CHECKING:
    from pixelguide.batch.worker import EditFiles

Progress = Callable[[dict[str, Any]], None]
FAILURES = "failures.jsonl"


@dataclass(frozen=True)
class BatchSettings:
    """What all edits of a batch share.

    model: name and hash, as reports have it. settings: of `EditSettings`; those of an edit go
    before. output: format of the pictures. shared: what else results depend on, such as device and
    precision; kept in run.json.
    """

    model: dict[str, str]
    settings: dict[str, Any]
    output: str = "png"
    shared: dict[str, Any] | None = None


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended. made: edits of this run. known: those that were there before, or that
    another edit of the batch equals. failures: rows of failures.jsonl, in the batch's order."""

    made: int
    known: int
    failures: tuple[dict[str, Any], ...]

    @property
    def complete(self) -> bool:
        """Whether every edit has its result."""
        return not self.failures


def run_batch(
    edits: Sequence[BatchEdit],
    out: str | Path,
    batch: BatchSettings,
    pool: Pool,
    on_progress: Progress | None = None,
) -> BatchResult:
    """Make all `edits` by the workers of `pool` (see `OpenEditWorker`), but those that `out` has.

    out/edits/KEY has the files of an edit as `EditResult.save` writes them, without seconds, and
    appears at once when it is complete; KEY is made of all that the edit depends on
    (`EditInputs.key`). summary.csv, sheet.png and, if there are any, failures.jsonl are written at
    the end, in the order of `edits`; log.jsonl grows as edits come. A run that was ended anywhere
    and is repeated leaves the same files, but for the log, as one that was not.
    on_progress: {"stage", "done", "total", "note"}; an exception it raises ends the run.

    Raises InputError when `out` holds results of another model, device or version, or another run
    works there, and ResourceError when the disk is full. What fails for one edit is no exception.
    """
    out = Path(out)
    run = _Run(edits, batch, on_progress)
    with ResultStore(out) as store:
        shared = {"model": batch.model, "versions": versions(), **(batch.shared or {})}
        check_run(out / RUN, shared)
        (out / FAILURES).unlink(missing_ok=True)  # this run tries them again
        with contextlib.closing(pool.run(run.tasks(store))) as outcomes:
            for outcome in outcomes:
                run.take(outcome, store)
        if run.failures:
            rows = [run.failures[number] for number in sorted(run.failures)]
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_atomically(out / FAILURES, text.encode())
        write_table(out, run.listed())
        write_sheet(out, run.listed())
    failures = tuple(run.failures[number] for number in sorted(run.failures))
    return BatchResult(run.made, len(edits) - run.made - len(failures), failures)


class _Run:
    """What a run knows of its edits while they are made."""

    def __init__(
        self, edits: Sequence[BatchEdit], batch: BatchSettings, on_progress: Progress | None
    ) -> None:
        self._edits, self._batch, self._on_progress = edits, batch, on_progress
        self._keys: list[str | None] = [None] * len(edits)
        self._asked: dict[str, list[int]] = {}  # numbers of the edits that wait for a key
        self._began: float | None = None
        self._ready = 0  # edits with a result or a failure
        self.failures: dict[int, dict[str, Any]] = {}
        self.made = 0

    def tasks(self, store: ResultStore) -> Iterator[Task]:
        """What is missing, as it is asked for: files are read then."""
        for number, edit in enumerate(self._edits):
            try:
                inputs = self._inputs(edit)
            except PixelguideError as error:
                self._fail(number, None, Failure(str(error), type(error).__name__))
                continue
            self._keys[number] = key = inputs.key(self._batch.model["hash"])
            if key in self._asked:  # the same once more
                self._asked[key].append(number)
                continue
            if key in store:
                self._ready += 1
                continue
            self._asked[key] = [number]
            self._tell()
            yield Task(key, inputs)

    def take(self, outcome: Outcome, store: ResultStore) -> None:
        """Keep a result, or note a failure."""
        numbers = self._asked[outcome.key]
        if outcome.failure:
            for number in numbers:
                self._fail(number, outcome.key, outcome.failure, outcome.attempts)
            return
        files: EditFiles = outcome.value
        note = {"name": self._edits[numbers[0]].title, "attempts": outcome.attempts,
                "seconds": {name: round(s, 3) for name, s in files.seconds.items()}}  # fmt: skip
        store.keep(outcome.key, files.files, note)
        self.made += 1
        self._ready += len(numbers)
        self._tell()

    def listed(self) -> Iterator[Listed]:
        """Every edit, its key if it has one, and what went wrong with it."""
        for number, edit in enumerate(self._edits):
            failure = self.failures.get(number)
            yield Listed(edit, self._keys[number], failure["error"] if failure else None)

    def _inputs(self, edit: BatchEdit) -> EditInputs:
        own = {**self._batch.settings, **edit.settings}
        settings: EditSettings = EditSettings.check(edit.title, own)
        return edit.inputs(settings.model_dump(), self._batch.output)

    def _fail(self, number: int, key: str | None, failure: Failure, attempts: int = 1) -> None:
        edit = self._edits[number]
        self.failures[number] = {
            "number": number + 1,
            "name": edit.title,
            "image": str(edit.image),
            "what": edit.edit or str(edit.map),
            "key": key,
            "kind": failure.kind,
            "error": failure.error,
            "attempts": attempts,
        }
        self._ready += 1
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is None:
            return
        self._began = self._began or time.monotonic()
        seconds = time.monotonic() - self._began
        notes = [f"{self.made / seconds:.2g} edits/s"] if self.made and seconds > 0 else []
        if self.failures:
            notes.append(f"{len(self.failures)} failed")
        state = {"stage": "batch", "done": self._ready, "total": len(self._edits)}
        self._on_progress({**state, **({"note": ", ".join(notes)} if notes else {})})
