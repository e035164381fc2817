"""Frames between a photograph and its edit, of the photograph's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.region import dilate
from pixelguide.photo.framing import Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.map_sizes import reduced_mask
from pixelguide.photo.paste_back import grey
from pixelguide.photo.photograph import Photograph, Pixels
from pixelguide.photo.strength import at_strength

_FILM = 640
"""Longest side, in pixels, of frames in a grid or a film; larger ones are reduced."""
_ROWS = 256  # blended at once


@dataclass(frozen=True)
class PhotographFrames:
    """The way of frames of the model's size into a photograph.

    full: that of pictures made of the first photograph. second: the other photograph, H×W×C of the
    first's type. after: what the model sees of it, uint8 S×S×3.
    """

    full: FullSize
    second: Pixels
    after: NDArray[np.uint8]

    def frame(self, picture: NDArray[np.uint8], strength: float) -> Pixels:
        """The frame of the photograph's size: H×W×C of its type; outside the region its bytes.

        Both photographs are blended, and what the model's frame (uint8 S×S×3) is beyond a blend of
        what it sees of them comes on top. So the ends are the photographs themselves, and texture
        that both have stays.
        """
        first, region = self.full.photograph.pixels, self.full.region
        mixed = first.copy()
        if strength == 0:
            return mixed
        for top in range(0, len(first), _ROWS):
            rows = slice(top, top + _ROWS)
            apart = self.second[rows].astype(np.float32) - first[rows]
            values = np.rint(first[rows] + np.float32(strength) * apart).astype(first.dtype)
            np.copyto(mixed[rows], values, where=region[rows][..., None])
        if strength == 1:
            return mixed
        placement = self.full.placement
        blended = Placement(
            replace(self.full.photograph, pixels=mixed), placement.frame, placement.side
        )
        linear = at_strength(self.full.before, self.after, strength)
        return replace(self.full, placement=blended, before=linear).picture(picture)

    def frames(
        self, pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], strengths: Sequence[float]
    ) -> Iterator[Photograph]:
        """Every frame, one after the other: of a photograph few fit into memory."""
        for picture, strength in zip(pictures, strengths, strict=True):
            yield replace(self.full.photograph, pixels=self.frame(picture, strength))

    def changed_outside(self, frame: Photograph) -> int:
        """Pixels of a frame outside the region that differ from the first photograph: 0."""
        changed = (frame.pixels != self.full.photograph.pixels).any(-1)
        return int((changed & ~self.full.region).sum())

    def report(self) -> dict[str, Any]:
        """What settings say of the photograph and its part."""
        return self.full.report()


def for_film(frame: Photograph) -> NDArray[np.uint8]:
    """A frame as grids and films show it: uint8 h×w×3, at most `_FILM` pixels wide or high."""
    image = Image.fromarray(np.ascontiguousarray(frame.rgb()))
    image.thumbnail((_FILM, _FILM), Image.Resampling.LANCZOS)
    return np.asarray(image)


def between_photographs(
    subject: Subject, other: Photograph, roi: NDArray[np.bool_] | None, dilation: int
) -> PhotographFrames:
    """The way of frames between the photograph of `subject` and another, an edit of it.

    roi: what may differ, bool of the photograph's, the crop's or the model's size; by default
    where the two do, grown by `dilation` model pixels. Raises InputError for photographs of another
    size or depth, that are equal, or that differ elsewhere; but with `roi` a JPEG may, which stores
    no pixel exactly.
    """
    placement = subject.placement
    if placement is None:
        raise InputError("the picture is no part of a photograph", "interpolation")
    first, second = placement.photograph.pixels, other.pixels
    if first.shape != second.shape or first.dtype != second.dtype:
        kinds = " and ".join(_kind(pixels) for pixels in (first, second))
        raise InputError(f"pictures of {kinds}", "interpolation", "Both must be alike.")
    differs: NDArray[np.bool_] = (first != second).any(-1)
    if not differs.any():
        raise InputError("both pictures are the same", "interpolation", "Give two.")
    if roi is None:
        inside = placement.region(np.ones((placement.side, placement.side), np.bool_))
        _check_within(differs, inside, "part", "Give the --crop that was edited, or --roi.")
        region = dilate(reduced_mask(placement, differs), dilation)
    else:
        region = reduced_mask(placement, roi)
    full = subject.full_size(region, dilation)
    assert full is not None  # noqa: S101  (there is a placement)
    if roi is not None and other.jpeg is None:
        _check_within(differs, full.region, "region", "Give a larger one, or none.")
    after = Placement(other, placement.frame, placement.side).extract()
    return PhotographFrames(full, second, grey(after) if full.lightness else after)


def _check_within(
    differs: NDArray[np.bool_], allowed: NDArray[np.bool_], what: str, hint: str
) -> None:
    if beyond := int((differs & ~allowed).sum()):
        raise InputError(
            f"the pictures differ on {beyond} pixels outside the {what}", "interpolation", hint
        )


def _kind(pixels: Pixels) -> str:
    height, width, channels = pixels.shape
    return f"{width}×{height} pixels of {channels} channels and {8 * pixels.itemsize} bits"
