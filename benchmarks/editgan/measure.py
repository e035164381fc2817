"""What the baseline can do by itself: reconstruction, segmentation, a few edits to look at."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.editgan.editing import EditGan
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.contact_sheet import contact_sheet
from pixelguide.evaluate.measures import confusion, intersection_over_union, psnr
from pixelguide.evaluate.portrait_edits import held_out_portraits, portrait_edits
from pixelguide.guidance.region import region_of_interest
from pixelguide.images import save_png, to_model
from pixelguide.labels import LabelMap
from pixelguide.seeds import generator

TOGETHER = 50  # pictures whose latents are refined at once
DILATION = 2  # of portraits-64's regions


def measure_reconstruction(gan: EditGan, count: int) -> dict[str, Any]:
    """PSNR (dB) of held-out portraits after the encoder and after refinement, mean and least, and
    mIoU of the maps that are read from their latents against the true ones."""
    images, true = held_out_portraits(count, gan.size)
    first: list[float] = []
    refined: list[float] = []
    counts = np.zeros((len(gan.labels),) * 2, np.int64)
    began = time.monotonic()
    for start in range(0, count, TOGETHER):
        own = images[start : start + TOGETHER]
        with torch.no_grad():
            guess = gan.pictures(gan.encoder(to_model(own, gan.device)))
        ws = gan.embed(own)
        for before, after, image in zip(guess, gan.pictures(ws), own, strict=True):
            first.append(psnr(before, image))
            refined.append(psnr(after, image))
        for ids, known in zip(gan.maps(ws), true[start : start + TOGETHER], strict=True):
            counts += confusion(ids, known, len(gan.labels))
    iou = intersection_over_union(counts)
    return {
        "portraits": count,
        "psnr_encoder": _mean_and_least(first),
        "psnr_refined": _mean_and_least(refined),
        "miou": float(np.nanmean(iou)),
        "iou": {  # null where a class occurs nowhere: JSON knows no NaN
            name: None if np.isnan(value) else float(value)
            for name, value in zip(gan.labels.names, iou, strict=True)
        },
        "seconds": time.monotonic() - began,
    }


def measure_edits(
    gan: EditGan, judge: Editor, count: int, first: int, seed: int
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Held-out edits `first` … `first + count - 1`, their measures and a sheet to look at.

    The map to repaint is the baseline's own. judge: an editor of the same category, whose f_multi
    reads the results, as it reads those of the diffusion model.
    """
    cases, rows = [], []
    for number, case in enumerate(portrait_edits(count, gan.size, first), first):
        image, true = case.before.image, case.after.image
        began = time.monotonic()
        ws = gan.embed(image[None])
        embedded = time.monotonic() - began
        source = LabelMap(gan.maps(ws)[0], judge.labels)
        target, classes = case.repaint(source)
        roi = region_of_interest(source, target, classes, dilation=DILATION)
        began = time.monotonic()
        draws = generator(seed, "candidate", number)
        moved = gan.edit_latents(ws, image[None], target.ids[None], roi[None], [draws])
        seconds = time.monotonic() - began
        (edited,), (read,) = gan.pictures(moved), gan.maps(moved)
        judge.set_image(image)
        (score,) = judge.score(edited[None], target, roi)
        (start,) = gan.pictures(ws)
        cases.append(
            {
                "edit": case.edit.name,
                "portrait": case.index,
                "roi_pixels": int(roi.sum()),
                "roi_accuracy": score.roi_accuracy,
                "own_roi_accuracy": float((read == target.ids)[roi].mean()),
                "true_psnr_inside": psnr(edited, true, roi),
                "psnr_outside": psnr(edited, image, ~roi),
                "mae_outside": float(np.abs(edited[~roi] / 255.0 - image[~roi] / 255.0).mean()),
                "psnr_reconstruction": psnr(start, image),
                "seconds_embedding": embedded,
                "seconds_editing": seconds,
            }
        )
        colour = LabelMap(read, judge.labels).colour()
        rows.append(
            (
                case.edit.title,
                [
                    (image, ""),
                    (start, f"{cases[-1]['psnr_reconstruction']:.1f} dB"),
                    (source.colour(), ""),
                    (target.colour(), f"{int(roi.sum())} pixels"),
                    (edited, f"{score.roi_accuracy:.0%} right"),
                    (colour, f"{cases[-1]['own_roi_accuracy']:.0%} right"),
                    (true, ""),
                ],
            )
        )
    headings = ("input", "its latent", "its map", "repainted", "edited", "its map", "true edit")
    names = [name for name in cases[0] if name not in ("edit", "portrait")]
    means = {name: float(np.mean([case[name] for case in cases])) for name in names}
    return {"means": means, "cases": cases}, contact_sheet(headings, rows)


def measure(
    gan: EditGan, judge: Editor, out: Path, *, portraits: int, edits: int, first: int, seed: int
) -> dict[str, Any]:
    """Both of the above; writes `out`/edits.png and returns the report."""
    report = {"reconstruction": measure_reconstruction(gan, portraits)}
    report["edits"], sheet = measure_edits(gan, judge, edits, first, seed)
    save_png(out / "edits.png", sheet)
    return report


def _mean_and_least(values: list[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "least": min(values)}
