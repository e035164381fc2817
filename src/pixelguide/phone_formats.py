"""What phones take pictures in today: AVIF, which Pillow reads, HEIC and JPEG XL by an extra."""

from __future__ import annotations

import importlib
from typing import BinaryIO, Literal

from PIL import Image

from pixelguide.errors import InputError

Kind = Literal["AVIF", "HEIF", "JXL"]
KINDS: tuple[Kind, ...] = ("AVIF", "HEIF", "JXL")
SUFFIXES = (".avif", ".heic", ".heif", ".jxl")
EXTRA = "Install the extra that reads it: pip install 'pixelguide[phone]'; or save it as PNG."
_NAMES = {"AVIF": "AVIF", "HEIF": "HEIC", "JXL": "JPEG XL"}
_JXL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")
_HEVC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif")
_BRANDS: dict[bytes, Kind] = {b"avif": "AVIF", b"avis": "AVIF", **dict.fromkeys(_HEVC, "HEIF")}
"""Of ISO/IEC 23008-12 files. AVIF has the general ones ("mif1") beside its own."""
_HEADER = 1 << 16


def formats_of(file: BinaryIO, formats: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Those of `formats` (Pillow's names) that `file` may be in, with what reads them at hand.

    The file is left at its beginning. Raises InputError for a picture that needs an extra, and for
    AVIF in tiles ("grid"), of which readers make different pictures.
    """
    start = file.read(_HEADER)
    file.seek(0)
    kind = _kind(start)
    if kind is None or kind not in formats:
        return tuple(name for name in formats if name not in KINDS)
    if kind == "AVIF" and _has_grid(start):
        raise InputError("an AVIF in tiles (grid)", where, "Save it as one picture, or as PNG.")
    _bring(kind, where)
    return (kind,)


def _kind(start: bytes) -> Kind | None:
    if start.startswith(_JXL):
        return "JXL"
    if start[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(start[:4], "big"), 256)
    brands = [start[8:12], *(start[at : at + 4] for at in range(16, size - 3, 4))]
    known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    return "AVIF" if "AVIF" in known else next(iter(known), None)


def _has_grid(start: bytes) -> bool:
    """Whether an item of the file is put together from others: `infe` boxes name the type after
    version and flags (4 bytes), id (2, in version 3 4) and protection (2)."""
    at = start.find(b"infe")
    while at >= 0:
        wide = start[at + 4 : at + 5] == b"\x03"
        place = at + 4 + 4 + (4 if wide else 2) + 2
        if start[place : place + 4] == b"grid":
            return True
        at = start.find(b"infe", at + 4)
    return False


def _bring(kind: Kind, where: str) -> None:
    """Let Pillow know the format; its plugins register themselves there."""
    if kind in Image.OPEN:
        return
    try:
        if kind == "HEIF":
            importlib.import_module("pillow_heif").register_heif_opener()
        elif kind == "JXL":
            importlib.import_module("pillow_jxl")
        else:
            Image.init()
    except ImportError:
        raise InputError(f"a {_NAMES[kind]} picture", where, EXTRA) from None
