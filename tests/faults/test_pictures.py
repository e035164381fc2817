"""1,000 pictures and maps through every reader: read, or refused in one line, within bounds."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faults.adam7 import interlaced_png
from faults.battery import SHARES, Figures, give_back
from faults.large_pictures import SIZES, SUFFIXES, chunk, large_photographs, large_pictures
from faults.mutations import mutations
from pixelguide.edit.masks import load_mask
from pixelguide.images import is_deep, load_rgb
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.open_raster import Layer, open_raster
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.tiff_file import encode_tiff
from pixelguide.studio import uploads
from pixelguide.studio.limits import Limits

LABELS = LabelSet(("sky", "grass", "house"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))
RNG = np.random.default_rng(23)
RGB = RNG.integers(0, 256, (24, 20, 3), np.uint8)
IDS = RNG.integers(0, 3, (24, 20)).astype(np.uint8)
Record = Callable[[str, object], None]


def flat_png(width: int, height: int, depth: int, colour: int, extra: bytes = b"") -> bytes:
    """A black PNG, written row by row: little memory, whatever its size."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * width
    row = bytes(1 + (bits + 7) // 8)
    packer, parts = zlib.compressobj(1), []
    for _ in range(height):
        parts.append(packer.compress(row))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", b"".join(parts) + packer.flush())
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + extra
    return start + body + chunk(b"IEND", b"")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture's file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def seeds() -> dict[str, bytes]:
    """Sound files of every kind, by their names."""
    image = Image.fromarray(RGB)
    turned = Image.Exif()
    turned[0x0112] = 6
    label_map = LabelMap(IDS, LABELS).to_image()
    found = {
        "rgb.png": encoded(image, "PNG"),
        "interlaced.png": interlaced_png(np.asarray(image.convert("RGBA"))),
        "grey.png": encoded(image.convert("L"), "PNG"),
        "map.png": encoded(label_map, "PNG"),
        "few.png": encoded(label_map, "PNG", bits=2),
        "clear.png": encoded(label_map, "PNG", transparency=bytes([0, 255, 128])),
        "deep.png": flat_png(20, 24, 16, 2),
        "turned.jpg": encoded(image, "JPEG", exif=turned.tobytes()),
        "progressive.jpg": encoded(image, "JPEG", progressive=True),
        "grey.jpg": encoded(image.convert("L"), "JPEG"),
        "a.webp": encoded(image, "WEBP", lossless=True),
        "lossy.webp": encoded(image, "WEBP"),
        "a.bmp": encoded(image, "BMP"),
        "a.tif": encoded(image, "TIFF"),
        "packed.tif": encoded(image, "TIFF", compression="tiff_lzw"),
        "deep.tif": b"".join(encode_tiff(RGB.astype(np.uint16) * 257, None, None)),
    }
    found["a.ora"] = open_raster([Layer("Label map", "map", LABELS.colours()[IDS])], RGB)
    return found


def readers(path: Path) -> dict[str, Callable[[], object]]:
    """Everything that reads a picture or a map."""
    return {
        "load_rgb": lambda: load_rgb(path),
        "Photograph": lambda: Photograph.open(path),
        "map": lambda: LabelMap.load(path, LABELS),
        "snapped map": lambda: LabelMap.load(path, LABELS, snap=60),
        "mask": lambda: load_mask(path),
        "upload": lambda: uploads.label_map(path.read_bytes(), LABELS, 24),
    }


def test_seeds_are_what_they_are_called() -> None:
    """Else what is mutated is not what the name says."""
    opened = {k: Image.open(io.BytesIO(v)) for k, v in seeds().items() if not k.endswith(".ora")}
    assert {k for k, image in opened.items() if image.info.get("interlace")} == {"interlaced.png"}
    assert {k for k, image in opened.items() if "progressive" in image.info} == {"progressive.jpg"}
    assert {k for k, image in opened.items() if "transparency" in image.info} == {"clear.png"}
    assert {k for k, image in opened.items() if is_deep(image)} == {"deep.png", "deep.tif"}
    assert opened["few.png"].tile[0].args == "P;2"
    assert opened["packed.tif"].info["compression"] == "tiff_lzw"
    assert {k for k, image in opened.items() if image.getexif().get(0x0112) == 6} == {"turned.jpg"}
    assert (np.asarray(opened["interlaced.png"].convert("RGB")) == RGB).all()


@pytest.mark.filterwarnings("ignore")  # what Pillow says of damage is no concern
@pytest.mark.parametrize("share", SHARES)
def test_damaged_pictures_and_maps(share: int, tmp_path: Path, record: Record) -> None:
    figures = Figures("damaged pictures and maps through every reader")
    files = seeds()
    each = 1000 // len(files) // share + 1
    for number, (name, content) in enumerate(files.items()):
        path = tmp_path / name
        for what, data in [("sound", content), *mutations(content, each, number)]:
            path.write_bytes(data)
            for reader, call in readers(path).items():
                figures.run(f"{reader} {name} {what}", call)
    figures.check(record)


LARGE = {
    "headers of 2^31 pixels": (2**31 - 1, 1, 8, 2),
    "header of 65535²": (65535, 65535, 1, 0),
    "41 megapixels": (41_000, 1000, 1, 0),
    "wide": (1_000_000, 1, 8, 2),
    "high": (1, 1_000_000, 8, 2),
    "6 megapixels": (3000, 2000, 8, 2),
    "12 megapixels": (4000, 3000, 8, 6),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_large_pictures_and_maps(share: int, tmp_path: Path, record: Record) -> None:
    figures = Figures("large pictures and maps through every reader")
    for name, (width, height, depth, colour) in [*LARGE.items()][: len(LARGE) // share + 2]:
        path = tmp_path / "large.png"
        if width * height <= 12_000_000:
            path.write_bytes(flat_png(width, height, depth, colour))
        else:  # refused by its header, before a pixel is decoded
            header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
            start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            path.write_bytes(start + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b""))
        for reader, call in readers(path).items():
            figures.run(f"{reader} {name}", call)
    figures.check(record)


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("megapixels", SIZES)
def test_the_largest_pictures_and_maps(megapixels: int, tmp_path: Path, record: Record) -> None:
    """Of 24 and 40 megapixels: maps, masks and photographs."""
    figures = Figures(f"{megapixels} megapixels: maps and masks")
    photographs = Figures(f"{megapixels} megapixels: photographs")
    for name, content in [*large_pictures(megapixels), *large_photographs(megapixels)]:
        path = tmp_path / f"large.{SUFFIXES[content[:2]]}"
        path.write_bytes(content)
        for reader, call in readers(path).items():
            if reader == "upload" and len(content) > Limits().map:
                continue  # such a body is not received
            give_back()
            counted = photographs if reader in ("load_rgb", "Photograph") else figures
            counted.run(f"{reader} {name}", call)
    for each in (figures, photographs):
        each.check(record)
