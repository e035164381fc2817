"""The demonstration: held-out portraits edited and measured against the true edit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pixelguide.edit.editor import Editor
from pixelguide.edit.result import EditResult
from pixelguide.errors import InputError
from pixelguide.evaluate.contact_sheet import (
    ASKED,
    SHOWN,
    candidate_cells,
    contact_sheet,
    request_cells,
)
from pixelguide.evaluate.measures import confusion, intersection_over_union, psnr
from pixelguide.evaluate.portrait_edits import EditCase, held_out_portraits, portrait_edits
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.portraits import LABELS

Progress = Callable[[dict[str, Any]], None]
UNTOLD: dict[str, Any] = {"guidance_scale": 0.0, "start_from": "inversion", "start_timestep": 500}
"""What the prior alone paints into a region: it is told nothing of the target, neither by guidance
nor by the colours an edit may start from."""


def run_demo(
    out: Path,
    model: str,
    device: str,
    edits: int,
    held_out: int,
    num_images: int,
    on_progress: Progress,
    first: int = 0,
) -> dict[str, Any]:
    """Edit `edits` held-out portraits from number `first` on, guided and with scale 0, and measure
    both.

    Writes contact-sheet.png, one folder per edit, and report.json (last) into `out`; returns the
    report. Raises what `Editor` raises, and InputError for a model that is not of portraits.
    """
    began = time.monotonic()
    editor = Editor.from_pretrained(model, device)
    if editor.labels.names != LABELS.names:
        raise InputError("not a model of portraits", model, "Give one that was trained on them.")
    quality = measure_segmentation(editor, held_out, on_progress)
    rows, cases = [], []
    for number, case in enumerate(portrait_edits(edits, editor.size, first)):
        editor.set_image(case.before.image)
        source = editor.segment()
        target, classes = case.repaint(source)

        def watch(
            state: dict[str, Any], number: int = number, title: str = case.edit.title
        ) -> None:
            done = number + state["done"] / state["total"]
            on_progress({"stage": "edit", "done": round(done, 1), "total": edits, "note": title})

        # the paper's region and its choice of the best, so that figures compare
        asked: dict[str, Any] = {
            "edit_classes": classes,
            "num_images": num_images,
            "roi": "classes",
            "rank": "agreement",
        }
        guided = editor.edit(target, on_progress=watch, **asked)
        plain = editor.edit(target, **asked, **UNTOLD)
        reconstruction = psnr(editor.reconstruct(500), case.before.image)
        (true,) = editor.score(case.after.image[None], target, guided.roi)
        cases.append(
            {
                **_measured(case, guided, plain),
                # what f_multi makes of the true edit: more than this no edit can be asked for
                "true_roi_accuracy": true.roi_accuracy,
                "inversion_psnr": reconstruction,
            }
        )
        if number < 8:
            row = request_cells(case.before.image, source, guided.target, guided.roi)
            row += [*candidate_cells(guided), (case.after.image, "")]
            rows.append((case.edit.title, row))
            guided.save(out / f"{number:02d}-{case.edit.name}", overwrite=True)
    columns = [*ASKED, *(f"candidate {k}" for k in range(min(num_images, SHOWN))), "true edit"]
    save_png(out / "contact-sheet.png", contact_sheet(columns, rows))
    report = {
        "model": guided.settings["model"],
        "versions": guided.settings["versions"],
        "device": guided.settings["device"],
        "edits": edits,
        "segmentation": quality,
        "table": _table(cases, quality),
        "cases": cases,
        "seconds": round(time.monotonic() - began, 1),
    }
    write_atomically(out / "report.json", (json.dumps(report, indent=2) + "\n").encode())
    return report


def measure_segmentation(
    editor: Editor, count: int, on_progress: Progress | None = None
) -> dict[str, Any]:
    """mIoU of f_multi, and the IoU of every class, over `count` held-out portraits."""
    images, maps = held_out_portraits(count, editor.size)
    counts = np.zeros((len(editor.labels),) * 2, np.int64)
    for done, (image, true) in enumerate(zip(images, maps, strict=True), 1):
        editor.set_image(image)
        counts += confusion(editor.segment().ids, true, len(editor.labels))
        if on_progress:
            on_progress({"stage": "segment", "done": done, "total": count})
    own = intersection_over_union(counts)
    return {
        "portraits": count,
        "miou": float(np.nanmean(own)),
        "iou": {  # null where a class occurs nowhere: JSON knows no NaN
            name: None if np.isnan(value) else float(value)
            for name, value in zip(editor.labels.names, own, strict=True)
        },
    }


def _measured(case: EditCase, guided: EditResult, plain: EditResult) -> dict[str, Any]:
    """One edit's numbers: the best candidate of each run, by ROI loss, against the truth."""
    numbers: dict[str, Any] = {
        "edit": case.edit.name,
        "portrait": case.index,
        "roi_pixels": int(guided.roi.sum()),
        "start_timestep": guided.settings["start_timestep"],
        "guidance_scale": guided.settings["guidance_scale"],
        "seconds": guided.seconds,
    }
    for name, result in (("guided", guided), ("scale_0", plain)):
        best = result.best
        numbers[name] = {
            "roi_accuracy": best.roi_accuracy,
            "mean_roi_accuracy": float(np.mean([c.roi_accuracy for c in result.candidates])),
            "roi_loss": best.roi_loss,
            "true_psnr": psnr(best.image, case.after.image, result.roi),
            "changed_pixels_outside": sum(c.changed_pixels_outside for c in result.candidates),
        }
    return numbers


def _table(cases: list[dict[str, Any]], quality: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows (measure, guided, scale 0), means over the cases."""

    def mean(run: str, name: str) -> float:
        return float(np.mean([case[run][name] for case in cases]))

    def both(title: str, name: str, form: str) -> tuple[str, str, str]:
        return title, format(mean("guided", name), form), format(mean("scale_0", name), form)

    outside = sum(case["guided"]["changed_pixels_outside"] for case in cases)
    outside_plain = sum(case["scale_0"]["changed_pixels_outside"] for case in cases)
    seconds = float(np.mean([case["seconds"]["total"] for case in cases]))
    inversion = [case["inversion_psnr"] for case in cases]
    true = float(np.mean([case["true_roi_accuracy"] for case in cases]))
    return [
        both("ROI accuracy, best of n", "roi_accuracy", ".3f"),
        both("ROI accuracy, mean of n", "mean_roi_accuracy", ".3f"),
        both("PSNR to the true edit in the ROI, dB", "true_psnr", ".2f"),
        ("ROI accuracy of the true edit", f"{true:.3f}", ""),
        ("changed pixels outside", str(outside), str(outside_plain)),
        ("seconds an edit", f"{seconds:.1f}", ""),
        ("f_multi mIoU, held-out", f"{quality['miou']:.3f}", ""),
        (
            "inversion PSNR at 50 steps, dB",
            f"{np.mean(inversion):.1f}",
            f"min {min(inversion):.1f}",
        ),
    ]
