"""Every kind of picture a user may bring: converted where there is one right answer, or refused."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pixelguide import images
from pixelguide.errors import InputError
from pixelguide.images import from_model, load_rgb, open_image, save_png, to_model, to_rgb

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
ORIENTATION = 0x0112  # the EXIF tag


def _png(width: int, height: int, depth: int, colour: int, rows: bytes | None) -> bytes:
    """A PNG by hand, for kinds that Pillow does not write; without pixels if `rows` is None."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"" if rows is None else chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


# Kinds with one right answer


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
def test_lossless_pictures_are_read_exactly(tmp_path: Path, kind: str) -> None:
    Image.fromarray(RGB).save(
        tmp_path / "a", kind, **({"lossless": True} if kind == "WEBP" else {})
    )
    assert np.array_equal(load_rgb(tmp_path / "a"), RGB)


def test_jpeg_is_read_closely(tmp_path: Path) -> None:
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(load_rgb(tmp_path / "a.jpg").astype(int) - smooth).max() <= 2


def test_format_follows_the_content_not_the_name(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.jpg", "PNG")
    assert np.array_equal(load_rgb(tmp_path / "a.jpg"), RGB)


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    Image.fromarray(RGB[..., 0]).save(tmp_path / "a.png")
    assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB[..., :1].repeat(3, 2))


def test_black_and_white_becomes_0_and_255(tmp_path: Path) -> None:
    Image.fromarray(RGB[..., 0] > 127).save(tmp_path / "a.png")
    expected = np.where(RGB[..., :1] > 127, 255, 0).repeat(3, 2)
    assert np.array_equal(load_rgb(tmp_path / "a.png"), expected)


def test_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    image.putpalette([9, 8, 7, 60, 50, 40, 255, 0, 1])
    image.save(tmp_path / "a.png")
    assert load_rgb(tmp_path / "a.png")[:, 0].tolist() == [[9, 8, 7], [255, 0, 1]]


@pytest.mark.parametrize("alpha", [0, 51, 255])
def test_alpha_is_flattened_onto_white(tmp_path: Path, alpha: int) -> None:
    image = Image.fromarray(RGB)
    image.putalpha(alpha)
    image.save(tmp_path / "a.png")
    expected = RGB * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(load_rgb(tmp_path / "a.png") - expected).max() <= 1


def test_grey_alpha_is_flattened_onto_white(tmp_path: Path) -> None:
    Image.merge("LA", [Image.new("L", (2, 1), 0), Image.new("L", (2, 1), 0)]).save(
        tmp_path / "a.png"
    )
    assert (load_rgb(tmp_path / "a.png") == 255).all()


def test_transparent_palette_entries_become_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=1)
    assert load_rgb(tmp_path / "a.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_transparent_colour_becomes_white(tmp_path: Path) -> None:
    colours = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png", transparency=(40, 50, 60))
    assert load_rgb(tmp_path / "a.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [  # how a camera stores an upright picture, by the EXIF standard's table of orientations
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: np.rot90(a, 2)),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, 1)),
        (7, lambda a: np.rot90(a, 2).swapaxes(0, 1)),
        (8, lambda a: np.rot90(a, -1)),
    ],
)
def test_turned_pictures_stand_upright(
    tmp_path: Path, orientation: int, turn: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(np.ascontiguousarray(turn(RGB))).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB)


def test_result_owns_its_memory(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    array = load_rgb(tmp_path / "a.png")
    array[:] = 0  # would raise on a view of Pillow's memory
    assert array.dtype == np.uint8


# Refusals


def _refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_rgb(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "none.png", "no such file")


def test_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    _refused(tmp_path / "folder.png", "a folder, not a file")


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "open", refuse)
    _refused(tmp_path / "a.png", "Permission denied")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF"])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    _refused(tmp_path / "a.png", "not a readable picture|damaged")


@pytest.mark.parametrize("kind", ["GIF", "ICO", "PPM", "TGA"])
def test_other_formats_are_refused(tmp_path: Path, kind: str) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", kind)
    _refused(tmp_path / "a.png", "Give a picture of type PNG, JPEG, WEBP, TIFF, BMP")


def test_formats_can_be_narrowed(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", "JPEG")
    open_image(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"Give a picture of type PNG\."):
        open_image(tmp_path / "a.png", formats=("PNG",))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_pictures_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    (tmp_path / "a.png").write_bytes(buffer.getvalue()[: int(buffer.tell() * share)])
    _refused(tmp_path / "a.png", "damaged|not a readable")


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "I", "F", "LAB"])
def test_pixel_types_without_one_right_conversion_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (3, 3)).save(tmp_path / "a.tif")
    _refused(tmp_path / "a.tif", "8-bit RGB")


def test_cmyk_jpeg_is_refused(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    _refused(tmp_path / "a.jpg", "CMYK")


@pytest.mark.parametrize("colour", [0, 2, 4, 6])  # grey, RGB, grey with alpha, RGB with alpha
def test_16_bit_png_is_refused(tmp_path: Path, colour: int) -> None:
    values = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    (tmp_path / "a.png").write_bytes(_png(2, 2, 16, colour, (b"\0" + bytes(4 * values)) * 2))
    _refused(tmp_path / "a.png", "8-bit RGB")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())]
    frames[0].save(tmp_path / "a.png", kind, save_all=True, append_images=frames[1:])
    _refused(tmp_path / "a.png", "animated")


def test_previews_and_depth_maps_behind_a_jpeg_are_ignored(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(load_rgb(tmp_path / "a.jpg").astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("size", [(8_000, 5_001), (20_000, 20_000)])  # Pillow stops at 179 MP
def test_bombs_are_refused_from_their_header(tmp_path: Path, size: tuple[int, int]) -> None:
    # There is not one pixel in the file, so that decoding would complain of something else.
    (tmp_path / "bomb.png").write_bytes(_png(*size, 8, 2, None))
    _refused(tmp_path / "bomb.png", "too large")


def test_limit_is_40_megapixels_itself_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert images.MAX_PIXELS == 40_000_000
    Image.fromarray(RGB).save(tmp_path / "a.png")
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1])
    load_rgb(tmp_path / "a.png")
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1] - 1)
    _refused(tmp_path / "a.png", "7×5 pixels is too large")


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"]
)
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path, exif: bytes) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=3),
    st.floats(0.2, 1),
)
def test_no_damage_raises_anything_but_an_input_error(
    tmp_path: Path, kind: str, flips: list[tuple[float, int]], share: float
) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(RGB).save(buffer, kind, **({} if kind == "BMP" else {"exif": exif}))
    content = bytearray(buffer.getvalue())
    for place, change in flips:
        content[int(place * len(content))] ^= change
    (tmp_path / "a.png").write_bytes(content[: math.ceil(share * len(content))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow may warn of what it repairs
        try:
            array = load_rgb(tmp_path / "a.png")
        except InputError as error:
            assert "a.png" in str(error)  # noqa: PT017 - reading may succeed, too
        else:
            assert array.ndim == 3
            assert array.dtype == np.uint8


def test_tiff_with_a_damaged_second_directory_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "TIFF")
    content = bytearray(buffer.getvalue())
    # The first directory begins where the header says and ends with a link to the next: lead it
    # to an empty one. Pillow raises TypeError when it looks there.
    start = int.from_bytes(content[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(content[start : start + 2], "little")
    content[end : end + 4] = len(content).to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content + bytes(6))
    _refused(tmp_path / "a.tif", "damaged")


def test_to_rgb_names_what_it_was_given() -> None:
    with pytest.raises(InputError, match="upload"):
        to_rgb(Image.new("CMYK", (2, 2)), "upload")


def test_to_rgb_keeps_its_input() -> None:
    image = ImageOps.grayscale(Image.fromarray(RGB))
    to_rgb(image)[:] = 0
    assert np.asarray(image).any()


# Writing


def test_saved_picture_is_read_back(tmp_path: Path) -> None:
    save_png(tmp_path / "new" / "a.png", RGB)
    assert np.array_equal(load_rgb(tmp_path / "new" / "a.png"), RGB)


def test_saved_grey_is_one_channel(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", RGB[..., 0])
    image = open_image(tmp_path / "a.png")
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), RGB[..., 0])


# Model range


def test_every_value_survives_the_model_range() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    x = to_model(values)
    assert x.dtype == torch.float32
    assert (x.min(), x.max()) == (-1, 1)
    assert np.array_equal(from_model(x), values)


def test_layout_of_the_model_range() -> None:
    x = to_model(RGB)
    assert x.shape == (1, 3, 5, 7)
    assert x[0, 2, 1, 4] == torch.tensor(RGB[1, 4, 2] / 127.5 - 1, dtype=torch.float32)
    assert to_model(np.stack([RGB, RGB])).shape == (2, 3, 5, 7)


def test_read_only_pictures_are_taken_and_kept() -> None:
    frozen = RGB.copy()
    frozen.flags.writeable = False
    to_model(frozen).zero_()
    assert np.array_equal(frozen, RGB)


@given(st.floats(-3, 3, width=32))
def test_values_are_clipped_and_rounded_to_the_nearest(value: float) -> None:
    (pixel,) = from_model(torch.full((1, 3, 1, 1), value)).flatten()[:1]
    exact = min(255.0, max(0.0, (value + 1) * 127.5))
    assert abs(int(pixel) - exact) <= 0.5 + 1e-4


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_float_types_and_gradients_are_taken(dtype: torch.dtype) -> None:
    x = torch.tensor([-1.0, 0.0, 1.0], dtype=dtype).view(1, 3, 1, 1).requires_grad_()
    assert from_model(x).tolist() == [[[[0, 128, 255]]]]
