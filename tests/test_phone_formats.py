"""Photographs as phones save them: read, or refused with what to install."""

from __future__ import annotations

import importlib
import io
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from pixelguide import large_pictures, phone_formats
from pixelguide.errors import InputError
from pixelguide.images import load_rgb, open_image
from pixelguide.large_pictures import refuse_what_takes_too_much
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter

_ACROSS, _DOWN = np.linspace(40, 200, 48)[None], np.linspace(220, 60, 32)[:, None]
SMOOTH = np.stack(np.broadcast_arrays(_ACROSS, _DOWN, 120), -1).round()
PICTURE = Image.fromarray(SMOOTH.astype(np.uint8))
ORIENTATION = 0x0112
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
JXL = (b"\xff\x0a" + bytes(64), b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a" + bytes(64))


def _avif(**options: Any) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "AVIF", quality=95, **options)
    return buffer.getvalue()


def _is_close(read: Any) -> bool:
    return bool(np.abs(read.astype(int) - SMOOTH).mean() < 3)


def test_avif_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.avif").write_bytes(_avif())
    assert _is_close(load_rgb(tmp_path / "a.avif"))
    photograph = Photograph.open(tmp_path / "a.avif")
    assert photograph.format == "AVIF"
    assert _is_close(photograph.rgb())
    assert PhotographWriter(photograph).suffix == ".png"
    with pytest.raises(InputError, match="AVIF is read, not written"):
        PhotographWriter(photograph, "same")


def test_avif_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    (tmp_path / "a.avif").write_bytes(_avif(exif=exif))
    assert load_rgb(tmp_path / "a.avif").shape == (48, 32, 3)
    assert Photograph.open(tmp_path / "a.avif").size == (32, 48)


def test_transparency_is_flattened(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(tmp_path / "a.avif", quality=100)
    assert (load_rgb(tmp_path / "a.avif") > 250).all()


def test_animated_avif_is_refused(tmp_path: Path) -> None:
    moving = _avif(save_all=True, append_images=[PICTURE.rotate(180)])
    (tmp_path / "a.avif").write_bytes(moving)
    with pytest.raises(InputError, match=r"animated picture, a\.avif"):
        open_image(tmp_path / "a.avif")


def test_avif_in_tiles_is_refused(tmp_path: Path) -> None:
    content = _avif()
    place = content.index(b"infe")
    tiled = content[:place] + content[place:].replace(b"av01", b"grid", 1)
    assert tiled != content
    (tmp_path / "a.avif").write_bytes(tiled)
    with pytest.raises(InputError, match=r"an AVIF in tiles \(grid\), a\.avif"):
        open_image(tmp_path / "a.avif")


def test_damaged_avif_is_told(tmp_path: Path) -> None:
    content = _avif()
    for cut in (len(content) // 2, 40, 20, 12):
        (tmp_path / "a.avif").write_bytes(content[:cut])
        with pytest.raises(InputError, match=r"a\.avif"):
            open_image(tmp_path / "a.avif")


@pytest.mark.parametrize(
    ("content", "name"), [(HEIC, "HEIC"), (JXL[0], "JPEG XL"), (JXL[1], "JPEG XL")]
)
def test_what_needs_an_extra_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str
) -> None:
    def missing(module: str) -> Any:
        raise ImportError(module)

    monkeypatch.setattr(importlib, "import_module", missing)
    for kind in phone_formats.KINDS:
        monkeypatch.delitem(Image.OPEN, kind, raising=False)
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InputError, match=rf"a {name} picture, a\. .*pip install 'pixelguide\[ph"):
        open_image(tmp_path / "a")


def test_a_label_map_is_no_phones_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_avif())
    with pytest.raises(InputError, match="not a readable picture"):
        open_image(tmp_path / "a.png", formats=("PNG",))


def _by(package: str, kind: str, picture: Image.Image = PICTURE, **options: Any) -> bytes:
    plugin = pytest.importorskip(package)
    if kind == "HEIF":
        plugin.register_heif_opener()
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("package", "kind", "options"),
    [("pillow_heif", "HEIF", {"quality": 95}), ("pillow_jxl", "JXL", {"lossless": True})],
)
def test_with_the_extra_it_is_read(
    tmp_path: Path, package: str, kind: str, options: dict[str, Any]
) -> None:
    (tmp_path / "a").write_bytes(_by(package, kind, **options))
    assert _is_close(load_rgb(tmp_path / "a"))
    assert Photograph.open(tmp_path / "a").format == kind


def test_heic_is_turned_upright_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    (tmp_path / "a.heic").write_bytes(_by("pillow_heif", "HEIF", exif=exif.tobytes()))
    assert load_rgb(tmp_path / "a.heic").shape == (48, 32, 3)
    assert Photograph.open(tmp_path / "a.heic").size == (32, 48)


def test_several_pictures_in_a_heic_are_refused(tmp_path: Path) -> None:
    content = _by("pillow_heif", "HEIF", save_all=True, append_images=[PICTURE])
    (tmp_path / "a.heic").write_bytes(content)
    with pytest.raises(InputError, match="animated picture"):
        open_image(tmp_path / "a.heic")


LIMITS = {"AVIF": 25, "HEIF": 28, "JXL": 19}
"""Megapixels of each kind that are read."""


@pytest.mark.parametrize("kind", LIMITS)
def test_how_much_each_kind_may_take(kind: str) -> None:
    """Whether or not its decoder is there: what it takes was measured."""
    buffer = io.BytesIO()
    PICTURE.save(buffer, "BMP")
    with Image.open(buffer) as image:
        assert isinstance(image, ImageFile.ImageFile)
        image.format = kind
        image._size = (1000, LIMITS[kind] * 1000)
        refuse_what_takes_too_much(image, False, "a")
        image._size = (1000, (LIMITS[kind] + 1) * 1000)
        limit = f"too many for such a {kind}, a. The limit is {LIMITS[kind]} megapixels; save it as"
        with pytest.raises(InputError, match=limit):
            refuse_what_takes_too_much(image, False, "a")


def _of_size(content: bytes, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose header tells another size (its `ispe` box; ISO/IEC 23008-12, 6.5.3)."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


@pytest.mark.parametrize("package", ["", "pillow_heif"])
def test_what_is_too_large_is_refused_by_its_header(tmp_path: Path, package: str) -> None:
    """A few kilobytes that tell of millions of pixels are never decoded."""
    square = PICTURE.resize((64, 64))  # what HEIC's blocks make up, without a crop
    content = _by(package, "HEIF", square) if package else _avif()
    path = tmp_path / "a"
    for size, told in (((7000, 6000), r"7000×6000 pixels is too large, a\. The limit is 40 mega"),
                       ((6500, 4500), r"6500×4500 pixels are too many for such a")):  # fmt: skip
        path.write_bytes(_of_size(content, *size))
        before = time.process_time()
        for read in (load_rgb, Photograph.open, open_image):
            with pytest.raises(InputError, match=told):
                read(path)
        assert time.process_time() - before < 1


def test_a_large_jpeg_xl_is_refused_before_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(_by("pillow_jxl", "JXL", lossless=True))
    monkeypatch.setattr(large_pictures, "LARGE", 0)
    monkeypatch.setattr(large_pictures, "MEMORY", large_pictures._BANDS + 13 * 48 * 32 - 1)
    with pytest.raises(InputError, match="too many for such a JXL"):
        load_rgb(tmp_path / "a")
