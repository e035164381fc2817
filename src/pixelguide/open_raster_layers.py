"""One layer of an OpenRaster file as Krita, MyPaint, pyora or we write it (specification 0.0.3)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS, converted, decode_image

MAP_LAYER = "Label map"
"""What we call the layer of a map."""
_MAX_XML, _MAX_PNG = 4 * 2**20, 256 * 2**20
_TILE = 64
_MYPAINT = "{http://mypaint.org/ns/openraster}"
_HINT = "Save it again as OpenRaster."
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ElementTree.ParseError),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, ArithmeticError),
)


@dataclass(frozen=True)
class _Entry:
    name: str
    source: str
    left: int
    top: int
    is_background: bool


def read_layer(file: Path | BinaryIO, where: str, name: str | None = None) -> NDArray[np.uint8]:
    """The layer called `name` on the canvas of its file: uint8 H×W×4, transparent where it is not.

    Without a name it is the one called `MAP_LAYER`, or the only one. Opacity and visibility count
    for nothing. MyPaint makes a canvas without a frame larger, to whole tiles of 64 pixels; it is
    cut to what any layer covers. Raises InputError naming `where` for what is no OpenRaster file,
    and listing the layers where none or several fit.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if _member(archive, "mimetype", 100, where).strip() != b"image/openraster":
                raise InputError("a zip file, but not OpenRaster", where, "Give a PNG or an .ora.")
            return _read(archive, where, name)
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:120] or "truncated"
        raise InputError(f"damaged OpenRaster file ({reason})", where, _HINT) from None


def _read(archive: zipfile.ZipFile, where: str, name: str | None) -> NDArray[np.uint8]:
    text = _member(archive, "stack.xml", _MAX_XML, where)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise InputError("stack.xml with declarations", where, _HINT)
    image = ElementTree.fromstring(text)  # noqa: S314  (nothing can be declared, see above)
    width, height = int(image.get("w", "0")), int(image.get("h", "0"))
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise InputError(f"canvas of {width}×{height} pixels", where, "The limit is 40 megapixels.")
    entries = [entry for stack in image.findall("stack") for entry in _entries(stack, 0, 0)]
    own = [entry for entry in entries if not entry.is_background]
    chosen = _chosen(own, name, where)
    pixels = _on_canvas(archive, chosen, width, height, where)
    if image.get(f"{_MYPAINT}frame-active") == "false":
        pixels = _without_padding(archive, own, pixels, where)
    if not pixels[..., 3].any():
        raise InputError(f"layer '{chosen.name}' is empty", where, "Name another (--layer).")
    return pixels


def _entries(stack: ElementTree.Element, left: int, top: int) -> Iterator[_Entry]:
    """All layers below `stack`, whose own offsets move what is in it."""
    for element in stack:
        x, y = left + _offset(element, "x"), top + _offset(element, "y")
        if element.tag == "stack":
            yield from _entries(element, x, y)
        elif element.tag == "layer":
            background = element.get(f"{_MYPAINT}background-tile") or element.get("background_tile")
            source = element.get("src", "")
            yield _Entry(element.get("name", ""), source, x, y, background is not None)


def _offset(element: ElementTree.Element, axis: str) -> int:
    return round(float(element.get(axis, "0")))


def _chosen(entries: list[_Entry], name: str | None, where: str) -> _Entry:
    wanted = MAP_LAYER if name is None else name
    fitting = [entry for entry in entries if entry.name == wanted] or [
        entry for entry in entries if entry.name.casefold() == wanted.casefold()
    ]
    if name is None and len(entries) == 1:
        fitting = entries
    if len(fitting) != 1:
        listed = ", ".join(f"'{entry.name[:40]}'" for entry in entries[:20]) or "none"
        found = "no layer is" if not fitting else f"{len(fitting)} layers are"
        raise InputError(
            f"{found} called '{wanted[:40]}'", where, f"Name one (--layer). There are: {listed}."
        )
    return fitting[0]


def _on_canvas(
    archive: zipfile.ZipFile, entry: _Entry, width: int, height: int, where: str
) -> NDArray[np.uint8]:
    content = _member(archive, entry.source, _MAX_PNG, where)
    decoded = decode_image(io.BytesIO(content), f"{where}, layer '{entry.name[:40]}'", ("PNG",))
    layer = np.asarray(converted(decoded, "RGBA", where))
    canvas = np.zeros((height, width, 4), np.uint8)
    rows = slice(max(0, entry.top), min(height, entry.top + len(layer)))
    columns = slice(max(0, entry.left), min(width, entry.left + layer.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        canvas[rows, columns] = layer[
            rows.start - entry.top : rows.stop - entry.top,
            columns.start - entry.left : columns.stop - entry.left,
        ]
    return canvas


def _without_padding(
    archive: zipfile.ZipFile, entries: list[_Entry], pixels: NDArray[np.uint8], where: str
) -> NDArray[np.uint8]:
    """Cut at the right and below where no layer has a pixel, by less than a tile."""
    height, width = pixels.shape[:2]
    covered = np.zeros((height, width), np.bool_)
    for entry in entries:
        covered |= _on_canvas(archive, entry, width, height, where)[..., 3] > 0
    right, bottom = width, height
    if covered.any():
        right = int(np.flatnonzero(covered.any(0))[-1]) + 1
        bottom = int(np.flatnonzero(covered.any(1))[-1]) + 1
    right = right if width - right < _TILE else width
    bottom = bottom if height - bottom < _TILE else height
    return pixels[:bottom, :right]


def _member(archive: zipfile.ZipFile, name: str, limit: int, where: str) -> bytes:
    """The content of a member; pyora's names begin with a slash. Nothing is unpacked to disk."""
    known = {info.filename.lstrip("/"): info for info in archive.infolist()}
    info = known.get(name.lstrip("/"))
    if info is None:
        raise InputError(f"no '{name[:80]}' in it", where, "Give a PNG or an OpenRaster file.")
    if info.file_size > limit:
        raise InputError(f"'{name[:80]}' unpacks to too much", where, _HINT)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"'{name[:80]}' has an unusual compression", where, _HINT)
    return archive.read(info)
