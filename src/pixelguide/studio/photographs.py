"""Pictures of the model's size put back into the photographs they were taken from."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.images import decode_image, to_rgb
from pixelguide.photo.find_face import open_finder
from pixelguide.photo.framing import SMALLEST_SHARE, Frame, Placement, Point
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.paste_back import Patch
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter
from pixelguide.photo.proposals import propose_by_faces
from pixelguide.studio.exports import METADATA
from pixelguide.studio.provenance import Change
from pixelguide.studio.stored_files import FileStore

_PREVIEW = 1280
"""Longer side, in pixels, of what the page shows to choose a part in."""


@dataclass(frozen=True)
class Upload:
    """A picture from a client. pixels: uint8 S×S×3, the square in its middle. width, height: its
    own, upright. frame: of that square in the photograph; None where there is no more to it."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    frame: Frame | None


def received(body: bytes, size: int) -> Upload:
    """A picture's file decoded for a model of `size`² pixels: as it is, if it has that size;
    enlarged, if it is so small that the model would see nothing in a part of it; else as a part.

    Raises InputError as `load_rgb` does.
    """
    image = decode_image(io.BytesIO(body), "picture")
    if image.size != (size, size) and min(image.size) >= SMALLEST_SHARE * size:
        photograph = Photograph.of_image(image, "picture")
        del image  # 160 MB where it is large
        width, height = photograph.size
        frame = _middle(width, height)
        return Upload(Placement(photograph, frame, size).extract(), width, height, frame)
    pixels = to_rgb(image, "picture")
    height, width = pixels.shape[:2]
    if image.size != (size, size):
        frame = _middle(width, height)
        left, top, side = int(frame.x), int(frame.y), int(frame.size)
        square = Image.fromarray(pixels[top : top + side, left : left + side])
        pixels = np.array(square.resize((size, size), Image.Resampling.LANCZOS))
    return Upload(pixels, width, height, None)


def decoded(content: bytes) -> Photograph:
    """A photograph that was received, upright, 8 bits. Raises InputError as `load_rgb` does."""
    return Photograph.of_image(decode_image(io.BytesIO(content), "picture"), "picture")


def part_of(content: bytes, frame: Frame, size: int) -> NDArray[np.uint8]:
    """A part of a photograph (its file): uint8 S×S×3. Raises InputError as `Placement` does."""
    return Placement(decoded(content), frame, size).extract()


def faces_in(
    content: bytes, places: tuple[Point, Point] | None, size: int
) -> list[dict[str, Any]] | None:
    """Of each face in a photograph (its file), the largest first: its eyes, the upright square that
    is proposed for it, and warnings. None where the category has no eyes, or no finder is here.
    Raises InputError as `propose_by_faces` does."""
    finder = open_finder() if places else None
    if finder is None or places is None:
        return None
    photograph = decoded(content)
    proposals = propose_by_faces(photograph, finder(photograph.rgb()), places, size)
    return [
        {
            "eyes": proposal.face.eyes if proposal.face else None,
            "part": _upright(photograph, proposal.frame),
            "warnings": proposal.warnings(),
        }
        for proposal in proposals
    ]


def _upright(photograph: Photograph, frame: Frame) -> dict[str, float]:
    """The square around the same middle that is not turned: the Studio's parts are none."""
    (middle,) = Placement(photograph, frame, 1).to_picture(np.array([[0.5, 0.5]]))
    x, y = (round(float(value) - frame.size / 2, 2) for value in middle)
    return {"x": x, "y": y, "size": round(frame.size, 2)}


def _middle(width: int, height: int) -> Frame:
    """The largest square in the middle."""
    side = min(width, height)
    return Frame((width - side) // 2, (height - side) // 2, side)


def preview(content: bytes) -> bytes:
    """A photograph (its file) as a small JPEG."""
    image = Image.fromarray(np.ascontiguousarray(decoded(content).rgb()))
    image.thumbnail((_PREVIEW, _PREVIEW))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def photograph_of(files: FileStore, picture: str) -> Placement | None:
    """The photograph that a picture is a part of, with all that edits changed up to it; None if
    there is none (any more). Raises HttpError (404) where a file is gone.

    Each edit puts its change into what the edit before it gave, so that the changes add up.
    """
    lineage = files.provenance.lineage(picture)
    if lineage is None:
        return None
    part = lineage.part
    photograph = decoded(files.read(part.photograph, "photograph"))
    size = files.picture(picture).shape[0]
    placement = Placement(photograph, Frame(part.x, part.y, part.size), size)
    for edited, change in lineage.changes:
        full = _full_size(files, placement, change)
        full.patch(files.picture(edited)).into(photograph.pixels)
    return placement


def full_size_of(files: FileStore, candidate: str) -> FullSize | None:
    """The way of an edit's candidate, or of a fainter one, into the photograph; as
    `photograph_of`."""
    change = files.provenance.of(candidate)
    if not isinstance(change, Change):
        return None
    placement = photograph_of(files, change.parent)
    return _full_size(files, placement, change) if placement else None


def photograph_png(
    photograph: Photograph, how: dict[str, Any] | None = None, patch: Patch | None = None
) -> bytes:
    """A photograph, with a patch in its place, as a PNG with its colour profile and EXIF; how: and
    with this as `METADATA`."""
    texts = {} if how is None else {METADATA: json.dumps(how, ensure_ascii=False)}
    writer = PhotographWriter(photograph, "png", texts)
    return b"".join(writer.encode(*((patch.pixels, patch.left, patch.top) if patch else ())))


def _full_size(files: FileStore, placement: Placement, change: Change) -> FullSize:
    return FullSize(placement, files.picture(change.parent), files.roi(change.roi), change.feather)
