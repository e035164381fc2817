"""A batch as a table and as a contact sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.edit.result_folder import REPORT
from pixelguide.files import write_atomically
from pixelguide.images import load_rgb, save_png
from pixelguide.workers.result_store import RESULTS, read_object

TABLE, SHEET = "summary.csv", "sheet.png"
SHOWN = 24
"""Edits on the contact sheet; of more, so many at even distances."""
_COLUMNS = (
    *("number", "name", "image", "what", "result", "best", "roi_accuracy", "roi_loss", "oddity"),
    *("unlikely", "roi_pixels", "changed_pixels_outside", "error"),
)
_SCORES = ("roi_accuracy", "roi_loss", "oddity", "unlikely", "changed_pixels_outside")
_STRIP = ("picture", "map", "may change", "best")


@dataclass(frozen=True)
class Listed:
    """An edit of a batch, its key if it has one, and what went wrong with it, if anything did."""

    edit: BatchEdit
    key: str | None
    error: str | None


def write_table(out: Path, batch: Iterable[Listed]) -> None:
    """Write summary.csv: a row for each edit, with the scores of its best candidate. Raises
    InputError for a report that cannot be read."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    for number, own in enumerate(batch, 1):
        row: dict[str, Any] = {
            "number": number,
            "name": own.edit.title,
            "image": own.edit.image,
            "what": own.edit.edit or own.edit.map,
            "error": own.error,
        }
        if own.key and own.error is None:
            place = out / RESULTS / own.key
            report = read_object(place / REPORT)
            best = next(c for c in report["candidates"] if c["file"] == report["best"])
            row |= {name: best[name] for name in _SCORES if name in best}
            row |= {"result": f"{RESULTS}/{own.key}", "best": report["best"]}
            row["roi_pixels"] = report["roi_pixels"]
        table.writerow(row)
    write_atomically(out / TABLE, text.getvalue().encode())


def write_sheet(out: Path, batch: Iterable[Listed]) -> None:
    """Write sheet.png: picture, map, region and best candidate of `SHOWN` edits at most; nothing
    where none has a result."""
    from pixelguide.batch.worker import STRIP
    from pixelguide.evaluate.contact_sheet import contact_sheet

    made = [own for own in batch if own.key and own.error is None]
    rows = []
    for index in np.linspace(0, len(made) - 1, min(SHOWN, len(made))).round().astype(int):
        own = made[index]
        place = out / RESULTS / str(own.key)
        strip = load_rgb(place / STRIP)
        report = read_object(place / REPORT)
        best = next(c for c in report["candidates"] if c["file"] == report["best"])
        note = f"{best['roi_accuracy']:.3f}{'  unlikely' if best.get('unlikely') else ''}"
        pictures = np.split(strip, len(_STRIP), 1)
        title = f"{own.edit.title}   {str(own.key)[:8]}"
        notes = ("", "", f"{report['roi_pixels']} pixels", note)
        rows.append((title, list(zip(pictures, notes, strict=True))))
    if rows:
        side = rows[0][1][0][0].shape[0]
        save_png(out / SHEET, contact_sheet(_STRIP, rows, max(1, round(128 / side))))
