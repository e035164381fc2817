"""The whole of `pixelguide evaluate`: run, measure, summarize, show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask, Maps, portrait_tasks
from pixelguide.evaluate.contact_sheet import ASKED, contact_sheet, request_cells
from pixelguide.evaluate.features import frechet_distance, pooled_features
from pixelguide.evaluate.inception import Extractor, inception_extractor, inception_measures
from pixelguide.evaluate.judge import Judge, independent_of
from pixelguide.evaluate.methods import Method, Setup, finished, method
from pixelguide.evaluate.portrait_edits import PAPER_KINDS
from pixelguide.evaluate.runner import Progress, Row, picture_path, run_methods
from pixelguide.evaluate.spread import OpenEvaluator, Spread
from pixelguide.evaluate.summary import Entry, SetMeasures, summarize
from pixelguide.evaluate.tables import to_csv, to_markdown
from pixelguide.evaluate.task_folder import load_tasks, write_tasks
from pixelguide.files import write_atomically
from pixelguide.guidance.flat_colours import Colours, class_colours
from pixelguide.images import load_rgb, save_png
from pixelguide.portraits import portrait_at, render

LABELLED_SEED, LABELLED = 20, 20
"""The labelled portraits that the built-in classifiers learned from: whoever can guide has these,
so strokes may take colours from them."""
BUILT_IN = 24  # edits, four of each of the paper's kinds
SHEET_ROWS = 12


@dataclass(frozen=True)
class Evaluation:
    """What to evaluate.

    methods: names as `method` reads them. results: names and folders of finished pictures, see
    `finished`. edits, first: which of the benchmark's edits, or of the folder's; edits None for
    `BUILT_IN` of the benchmark's and all of a folder's. kinds, odd, maps: of the built-in
    benchmark, see `portrait_tasks`. folder: with edits.json, instead of the built-in benchmark.
    settings: of `EditSettings`, for every guided and unguided method. inception: file of Inception
    weights, or None to do without FID.
    """

    methods: Sequence[str] = ("guided", "unguided", "paste", "sdedit:0.3")
    results: Sequence[tuple[str, Path]] = ()
    edits: int | None = None
    first: int = 0
    kinds: Sequence[str] = PAPER_KINDS
    odd: bool = False
    maps: Maps = "read"
    folder: Path | None = None
    num_images: int = 4
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    inception: Path | None = None


def evaluate(
    editor: Editor,
    model: str,
    plan: Evaluation,
    out: Path,
    on_progress: Progress | None = None,
    spread: Spread | None = None,
) -> list[Entry]:
    """Run `plan` with `editor` and write to `out`: tasks/ (the edits as files, see `task_folder`),
    edits/ (pictures), sheet-00.png …, rows.csv, table.md, and summary.json last.

    spread: the workers that make and measure edits; without, this process does.
    Returns the summary. Raises InputError for bad settings, methods, folders and files, before the
    first edit is made where it can be known.
    """
    if plan.edits is not None and plan.edits < 1:
        raise InputError(f"{plan.edits} edits", "evaluate", "Give at least 1.")
    if plan.maps not in get_args(Maps):
        raise InputError(f"maps '{plan.maps}'", "evaluate", "Use read or true.")
    EditSettings.check("settings", {**plan.settings, "num_images": plan.num_images,
                                    "seed": plan.seed})  # fmt: skip
    extract = (
        inception_extractor(plan.inception, editor.denoiser.device) if plan.inception else None
    )
    tasks, colours = tasks_of(editor, plan)
    setup = Setup(editor, colours, plan.num_images, plan.settings)
    methods: list[Method] = [method(text, setup) for text in plan.methods]
    methods += [finished(name, folder) for name, folder in plan.results]
    write_tasks(out / "tasks", tasks)
    judge = Judge(editor, independent_of(editor))
    shared = {
        "model": model,
        "independent_segmenter": judge.independent and judge.independent.version,
        "edits": f"portraits, {plan.maps} maps" if plan.folder is None else str(plan.folder),
        "num_images": plan.num_images,
        "settings": plan.settings,
    }
    pool = None
    if spread:
        opened = OpenEvaluator(
            spread.parts,
            spread.device,
            plan.methods,
            colours,
            plan.num_images,
            plan.settings,
            plan.seed,
        )
        pool = spread.pool_of(opened)
    rows = run_methods(tasks, methods, judge, out, plan.seed, shared, on_progress, pool)
    reference, pictures = reference_of(tasks)
    measures = set_measures(editor, pictures, extract)

    def picture(row: Row) -> NDArray[np.uint8]:
        return load_rgb(picture_path(out, row["method"], row["task"], row["pick"]))

    entries = summarize(rows, picture, measures, plan.seed)
    for number, sheet in enumerate(sheets(tasks, rows, picture)):
        save_png(out / f"sheet-{number:02d}.png", sheet)
    write_atomically(out / "rows.csv", to_csv(rows).encode())
    write_atomically(out / "table.md", to_markdown(entries, reference).encode())
    report = {
        **shared,
        "seed": plan.seed,
        "tasks": len(tasks),
        "reference": reference,
        "summary": entries,
    }
    write_atomically(out / "summary.json", (json.dumps(report, indent=1) + "\n").encode())
    return entries


def tasks_of(editor: Editor, plan: Evaluation) -> tuple[list[EditTask], Colours]:
    """The edits to make, and the colours of classes that a picture does not show."""
    if plan.folder is None:
        count = BUILT_IN if plan.edits is None else plan.edits
        series = portrait_tasks(
            editor, count, plan.first, kinds=plan.kinds, odd=plan.odd, maps=plan.maps
        )
        labelled = [
            render(portrait_at(LABELLED_SEED, index), editor.size) for index in range(LABELLED)
        ]
        return list(series), class_colours((own.image, own.label_ids) for own in labelled)
    listed = load_tasks(plan.folder, editor)
    end = None if plan.edits is None else plan.first + plan.edits
    chosen = listed[plan.first : end]
    if not chosen:
        raise InputError(
            f"no edit from number {plan.first} on", str(plan.folder), f"It has {len(listed)}."
        )
    return chosen, class_colours((task.image, task.source.ids) for task in listed)


def reference_of(tasks: Sequence[EditTask]) -> tuple[str, NDArray[np.uint8]]:
    """What sets of edited pictures are compared with, in words and as uint8 N×S×S×3: the true edits
    where all are known. The unedited pictures are second best, since nothing is nearer to them
    than leaving an edit undone."""
    truths = [task.truth for task in tasks if task.truth is not None]
    if len(truths) == len(tasks):
        return "the true edits", np.stack(truths)
    return "the unedited pictures", np.stack([task.image for task in tasks])


def set_measures(
    editor: Editor, reference: NDArray[np.uint8], extract: Extractor | None
) -> SetMeasures:
    """Measures of a set of pictures against `reference`, uint8 N×S×S×3: the Fréchet distance in
    the prior's features, and FID and Inception score if there is a network for them."""
    denoiser = editor.denoiser
    known = pooled_features(denoiser, reference)
    inception = extract(reference)[0] if extract else None

    def measure(images: NDArray[np.uint8]) -> dict[str, float]:
        if len(known) < 2:
            return {}
        values = {"prior_frechet": frechet_distance(pooled_features(denoiser, images), known)}
        if extract and inception is not None:
            values |= inception_measures(extract, images, inception)
        return values

    return measure


def sheets(tasks: Sequence[EditTask], rows: Sequence[Row], picture: Any) -> list[NDArray[np.uint8]]:
    """Contact sheets of `SHEET_ROWS` tasks each: what was asked, the best of every method with its
    ROI accuracy (by the independent segmenter where there is one), the true edit."""
    shown = [row for row in rows if row["pick"] == "best"]
    names = list(dict.fromkeys(row["method"] for row in shown))
    columns = [*ASKED, *names]
    columns += ["true edit"] if any(task.truth is not None for task in tasks) else []
    lines = []
    for task in tasks:
        pictures = request_cells(task.image, task.source, task.target, task.roi)
        by_method = {row["method"]: row for row in shown if row["task"] == task.name}
        for name in names:
            row = by_method[name]
            accuracy = row["independent_accuracy"]
            accuracy = row["roi_accuracy"] if accuracy is None else accuracy
            caption = "no labels" if accuracy is None else f"{accuracy:.0%} right"
            pictures.append((picture(row), caption))
        if task.truth is not None:
            pictures.append((task.truth, ""))
        lines.append((task.name, pictures))
    return [
        contact_sheet(columns, lines[start : start + SHEET_ROWS])
        for start in range(0, len(lines), SHEET_ROWS)
    ]
