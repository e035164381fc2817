"""The demonstration for categories without a truth: pictures that the prior made up, edited."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.batch.scripted import SCRIPTED, repainted
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.contact_sheet import (
    ASKED,
    SHOWN,
    candidate_cells,
    contact_sheet,
    request_cells,
)
from pixelguide.files import write_atomically
from pixelguide.images import load_rgb, save_png, squares
from pixelguide.labels import LabelMap
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.public.fetched import fetched

Progress = Callable[[dict[str, Any]], None]
SAMPLES = "samples.png"
CLEAR = 0.5
"""Of the samples this share is edited: those that the segmenter doubts least."""


@dataclass(frozen=True)
class SampleEdit:
    """One edit: of sample `number` (uint8 S×S×3) from the map `source` to `target`."""

    number: int
    name: str
    image: NDArray[np.uint8]
    source: LabelMap
    target: LabelMap
    classes: tuple[str, ...]


def run_sample_demo(
    out: Path, model: str, device: str, edits: int, num_images: int, on_progress: Progress
) -> dict[str, Any]:
    """Make `edits` scripted edits of the samples that lie in the model's folder.

    Writes contact-sheet.png, one folder per edit, and report.json (last) into `out`; returns the
    report. Raises what `Editor` raises, and InputError for a model without samples, or whose
    samples show nothing that a scripted edit knows.
    """
    began = time.monotonic()
    folder = ModelFolder.open(fetched(model))
    if not folder.has(SAMPLES):
        raise InputError("a model without samples", model, "Give one with samples.png.")
    editor = Editor.from_pretrained(model, device)
    chosen = sample_edits(editor, load_rgb(folder.path / SAMPLES), edits)
    if not chosen:
        known = ", ".join(SCRIPTED)
        raise InputError("nothing to edit in its samples", model, f"Scripted edits: {known}.")
    rows, cases = [], []
    for done, edit in enumerate(chosen):
        editor.set_image(edit.image)

        def watch(state: dict[str, Any], done: int = done, title: str = edit.name) -> None:
            share = done + state["done"] / state["total"]
            on_progress(
                {"stage": "edit", "done": round(share, 1), "total": len(chosen), "note": title}
            )

        result = editor.edit(
            edit.target,
            source=edit.source,
            edit_classes=edit.classes,
            num_images=num_images,
            on_progress=watch,
        )
        row = request_cells(edit.image, edit.source, result.target, result.roi) + candidate_cells(
            result
        )
        rows.append((edit.name.replace("_", " "), row))
        result.save(out / f"{done:02d}-{edit.name}", overwrite=True)
        best = result.best
        cases.append(
            {
                "edit": edit.name,
                "sample": edit.number,
                "roi_pixels": int(result.roi.sum()),
                "roi_accuracy": best.roi_accuracy,
                "oddity": best.oddity,
                "changed_pixels_outside": sum(c.changed_pixels_outside for c in result.candidates),
                "seconds": result.seconds,
            }
        )
    columns = ["sample", *ASKED[1:], *(f"candidate {k}" for k in range(min(num_images, SHOWN)))]
    save_png(out / "contact-sheet.png", contact_sheet(columns, rows))
    report = {
        **{name: result.settings[name] for name in ("model", "versions", "device")},
        "edits": len(cases),
        "table": _table(cases),
        "cases": cases,
        "seconds": round(time.monotonic() - began, 1),
    }
    write_atomically(out / "report.json", (json.dumps(report, indent=2) + "\n").encode())
    return report


def sample_edits(editor: Editor, sheet: NDArray[np.uint8], count: int) -> list[SampleEdit]:
    """At most `count` edits of the clearest samples of `sheet` (uint8, squares of the model's
    size), kinds taking turns: first every kind of another sample."""
    size = editor.size
    read = []
    for number, square in enumerate(squares(sheet, size)):
        editor.set_image(square)
        source = editor.segment()
        doubt = 0.0 if source.uncertainty is None else float(source.uncertainty.mean())
        read.append((doubt, number, editor.image, source))
    read.sort(key=lambda known: known[:2])
    clear = read[: max(1, round(CLEAR * len(read)))]
    chosen = []
    for turn in range(len(clear)):
        for k, name in enumerate(SCRIPTED):
            _, number, image, source = clear[(turn + k) % len(clear)]
            try:
                target, classes = repainted(source, name)
            except InputError:
                continue  # this sample does not show the part
            if (target.ids != source.ids).any():
                chosen.append(SampleEdit(number, name, image, source, target, classes))
    return chosen[:count]


def _table(cases: list[dict[str, Any]]) -> list[tuple[str, str]]:
    accuracy = np.mean([case["roi_accuracy"] for case in cases])
    seconds = np.mean([case["seconds"]["total"] for case in cases])
    outside = sum(case["changed_pixels_outside"] for case in cases)
    return [
        ("ROI accuracy, best of n", f"{accuracy:.3f}"),
        ("changed pixels outside", str(outside)),
        ("seconds an edit", f"{seconds:.1f}"),
    ]
