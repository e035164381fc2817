"""Pictures of the model's size put back into the photographs they were taken from."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from pixelguide.guidance.class_colours import ClassColour
from pixelguide.guidance.recolouring import recolouring
from pixelguide.images import read_rgb, size_of
from pixelguide.photo.find_face import open_finder
from pixelguide.photo.framing import SMALLEST_SHARE, Frame, Placement, Point
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.paste_back import Patch
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter
from pixelguide.photo.proposals import propose_by_faces
from pixelguide.studio.exports import METADATA
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.provenance import Change, Lineage
from pixelguide.studio.stored_files import FileStore

_PREVIEW = 1280
"""Longer side, in pixels, of what the page shows to choose a part in."""


@dataclass(frozen=True)
class Upload:
    """A picture from a client. pixels: uint8 S×S×3, the square in its middle. width, height: its
    own, upright. placement: of that square in the photograph; None where there is no more to it."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    placement: Placement | None


def received(body: bytes, size: int) -> Upload:
    """A picture's file decoded for a model of `size`² pixels: as it is, if it has that size;
    enlarged, if it is so small that the model would see nothing in a part of it; else as a part.

    Raises InputError as `load_rgb` does.
    """
    width, height = size_of(io.BytesIO(body), "picture")
    if (width, height) != (size, size) and min(width, height) >= SMALLEST_SHARE * size:
        photograph = decoded(body)
        width, height = photograph.size
        placement = Placement(photograph, _middle(width, height), size)
        return Upload(placement.extract(), width, height, placement)
    pixels = read_rgb(io.BytesIO(body), "picture")
    height, width = pixels.shape[:2]
    if (width, height) != (size, size):
        frame = _middle(width, height)
        left, top, side = int(frame.x), int(frame.y), int(frame.size)
        square = Image.fromarray(pixels[top : top + side, left : left + side])
        pixels = np.array(square.resize((size, size), Image.Resampling.LANCZOS))
    return Upload(pixels, width, height, None)


def decoded(content: bytes) -> Photograph:
    """A photograph that was received, upright, 8 bits. Raises InputError as `load_rgb` does."""
    return Photograph.decode(io.BytesIO(content), "picture")


def opened(files: FileStore, identity: str) -> Photograph:
    """A photograph of the store, not to be written to. Raises HttpError (404) if it is unknown."""
    content = files.read(identity, "photograph")
    return files.decoded.get(identity, lambda: decoded(content))


def part_of(
    files: FileStore, identity: str, frame: Frame, size: int, base: str | None
) -> NDArray[np.uint8]:
    """A part of a photograph, with all that edits changed up to the picture `base` of it: uint8
    S×S×3. Raises InputError as `Placement` does, and HttpError (404) for a base of another."""
    photograph = opened(files, identity)
    if base is not None:
        lineage, before = files.provenance.lineage(base), photograph_of(files, base)
        if lineage is None or before is None or lineage.part.photograph != identity:
            raise not_found("picture")
        photograph = before.photograph
    return Placement(photograph, frame, size).extract()


def faces_in(
    files: FileStore, identity: str, places: tuple[Point, Point] | None, size: int
) -> list[dict[str, Any]] | None:
    """Of each face in a photograph, the largest first: its eyes, the upright square that
    is proposed for it, and warnings. None where the category has no eyes, or no finder is here.
    Raises InputError as `propose_by_faces` does."""
    finder = open_finder() if places else None
    if finder is None or places is None:
        return None
    photograph = opened(files, identity)
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


def preview(photograph: Photograph) -> bytes:
    """A photograph as a small JPEG."""
    image = Image.fromarray(np.ascontiguousarray(photograph.rgb()))
    image.thumbnail((_PREVIEW, _PREVIEW), reducing_gap=2.0)
    return _jpeg(image)


def shown(files: FileStore, identity: str) -> tuple[bytes, str]:
    """A photograph as browsers show it, at its own size, and the type of that: its file where that
    will do. Raises HttpError (404) if it is unknown."""
    content = files.read(identity, "photograph")
    photograph = opened(files, identity)
    if photograph.format in ("JPEG", "PNG", "WEBP") and not photograph.has_alpha:
        return content, f"image/{photograph.format.lower()}"
    return _jpeg(Image.fromarray(np.ascontiguousarray(photograph.rgb()))), "image/jpeg"


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def photograph_of(files: FileStore, picture: str) -> Placement | None:
    """The photograph that a picture is a part of, with all that edits changed up to it, not to be
    written to; None if there is none (any more). Raises HttpError (404) where a file is gone.

    Each edit puts its change into what the edit before it gave, so that the changes add up.
    """
    lineage = files.provenance.lineage(picture)
    return None if lineage is None else _photograph_of(files, picture, lineage)


def _photograph_of(files: FileStore, picture: str, lineage: Lineage) -> Placement:
    part, size = lineage.part, files.picture(picture).shape[0]

    def made() -> Photograph:
        if not lineage.changes:
            return opened(files, part.photograph) if base is None else base.photograph
        *_, (_, last) = lineage.changes
        before = replace(lineage, changes=lineage.changes[:-1])
        placement = _photograph_of(files, last.parent, before)
        patch = _full_size(files, placement, last).patch(files.picture(picture))
        return replace(placement.photograph, pixels=patch.onto(placement.photograph.pixels))

    base = None
    if lineage.base is not None and part.base is not None and not lineage.changes:
        base = _photograph_of(files, part.base, lineage.base)
    photograph = files.decoded.get(f"up to {picture}", made) if lineage.changes else made()
    return Placement(photograph, Frame(part.x, part.y, part.size), size)


def full_size_of(files: FileStore, candidate: str, strength: float = 1) -> FullSize | None:
    """The way of an edit's candidate, or of a fainter one, into the photograph; as
    `photograph_of`. strength: how much of it is let through."""
    change = files.provenance.of(candidate)
    if not isinstance(change, Change):
        return None
    placement = photograph_of(files, change.parent)
    return _full_size(files, placement, change.fainter(strength)) if placement else None


def photograph_file(
    photograph: Photograph,
    kind: Literal["png", "jpeg"],
    how: dict[str, Any] | None = None,
    patch: Patch | None = None,
) -> bytes:
    """A photograph, with a patch in its place, as a file with its colour profile and EXIF; how: a
    PNG says this as `METADATA`. Raises InputError for a JPEG of what it cannot hold."""
    texts = {} if how is None else {METADATA: json.dumps(how, ensure_ascii=False)}
    writer = PhotographWriter(photograph, kind, texts)
    return b"".join(writer.encode(*((patch.pixels, patch.left, patch.top) if patch else ())))


def patch_png(patch: Patch) -> bytes:
    """The pixels of a patch as browsers show them, as a PNG that is soon written."""
    pixels = Photograph(patch.pixels).rgb()
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _full_size(files: FileStore, placement: Placement, change: Change) -> FullSize:
    before = files.picture(change.parent)
    detail = files.finish.detail if change.detail else None
    full = FullSize(placement, before, files.roi(change.roi), change.feather, detail=detail)
    if (grey := change.lightness) is not None:
        before_ids, after_ids = files.label_map(grey.source).ids, files.label_map(grey.target).ids
        full = replace(full, lightness=True, source=before_ids, target=after_ids)
    if (dyed := change.dyed) is None:
        return full
    source, target = files.label_map(dyed.source), files.label_map(dyed.target)
    asked = [
        ClassColour(
            name, target.labels.ids((name,)), np.array(ImageColor.getrgb(text), float), asked=True
        )
        for name, text in dyed.colours.items()
    ]
    dyes = recolouring(before, source, target, asked, change.feather)
    return replace(full, dyes=dyes and dyes.at_strength(dyed.strength))
