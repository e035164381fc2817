"""`--sheet`: all candidates of an edit side by side, with their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pixelguide.edit.inpainting import InpaintResult
    from pixelguide.edit.result import EditResult
    from pixelguide.photo.full_size import FullSize

COLUMNS, SIDE = 5, 192
"""Pictures in a row, and about how wide they are shown, in pixels."""


def write_edit_sheet(path: Path, result: EditResult) -> None:
    """The picture that was edited and every candidate, from the best on."""
    best = result.best
    notes = [
        f"{each.index:02d}  {each.roi_accuracy:.3f}{'  best' if each is best else ''}"
        f"{'  unlikely' if each.unlikely else ''}"
        for each in result.ranked
    ]
    assert result.original is not None  # noqa: S101  (an editor gave it)
    images = [each.image for each in result.ranked]
    _write(path, result.original, images, notes, result.full_size)


def write_inpaint_sheet(path: Path, result: InpaintResult) -> None:
    """The picture and every candidate; scores where classes guided."""
    scores = {score.index: f"  {score.roi_accuracy:.3f}" for score in result.scores}
    best = result.best.index if result.best else None
    notes = [
        f"{k:02d}{scores.get(k, '')}{'  best' if k == best else ''}"
        for k in range(len(result.images))
    ]
    _write(path, result.original, list(result.images), notes, result.full_size)


def _write(
    path: Path,
    original: NDArray[np.uint8],
    images: Sequence[NDArray[np.uint8]],
    notes: Sequence[str],
    full: FullSize | None,
) -> None:
    from pixelguide.evaluate.contact_sheet import contact_sheet
    from pixelguide.images import save_png

    shown = _in_photograph(full) if full else _enlarged
    cells = [(shown(original), "before")]
    cells += [(shown(image), note) for image, note in zip(images, notes, strict=True)]
    rows = [("", cells[first : first + COLUMNS]) for first in range(0, len(cells), COLUMNS)]
    save_png(path, contact_sheet([""] * min(COLUMNS, len(cells)), rows, magnify=1))


def _enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    times = max(1, round(SIDE / len(image)))
    return image.repeat(times, 0).repeat(times, 1)


def _in_photograph(full: FullSize) -> Callable[[Any], Any]:
    """What shows a picture of the model's size as the part of the photograph around it."""
    import numpy as np
    from PIL import Image

    from pixelguide.photo.photograph import Photograph

    left, top, right, bottom = full.placement.window(np.ones_like(full.roi))
    rows, columns = slice(top, bottom), slice(left, right)

    def shown(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        part = np.ascontiguousarray(Photograph(full.picture(image)[rows, columns]).rgb())
        width, height = right - left, bottom - top
        scale = SIDE / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.LANCZOS))

    return shown
