"""Uploads: pictures and maps."""

from __future__ import annotations

import importlib
import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.open_raster import Layer, open_raster
from pixelguide.portraits import LABELS
from pixelguide.studio.stored_files import picture_png, png
from studio.conftest import CATEGORY, SIZE, Start, Studio
from tool_files import GREY
from tool_files import png as tool_png

RAMP = np.zeros((100, 50, 3), np.uint8)
RAMP[..., 0], RAMP[..., 1] = np.arange(50), np.arange(100)[:, None]


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _post(studio: Studio, content: bytes, kind: str = "image/png", to: str = "pictures") -> Any:
    return studio.client.post(f"/api/{to}", content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff", "bmp"])
def test_picture_is_cropped_and_resized(studio: Studio, kind: str) -> None:
    answer = _post(studio, _encoded(Image.fromarray(RAMP), kind.upper()), f"image/{kind}")
    assert answer.status_code == 201
    content = answer.json()
    identity = content.pop("picture")
    assert len(content.pop("photograph")) == 32
    assert content == {"size": SIZE, "cropped": True, "original_width": 50, "original_height": 100}
    pixels = np.asarray(studio.image(f"/api/pictures/{identity}.png"))
    assert pixels.shape == (SIZE, SIZE, 3)
    # the middle square of a ramp from 0 to 99: from 25 to 74
    assert pixels[0, :, 1].mean() == pytest.approx(25, abs=3)
    assert pixels[-1, :, 1].mean() == pytest.approx(74, abs=3)


@pytest.mark.parametrize("kind", ["image/avif", "application/octet-stream"])
def test_pictures_of_phones_are_taken_whatever_the_browser_calls_them(
    studio: Studio, kind: str
) -> None:
    answer = _post(studio, _encoded(Image.fromarray(RAMP), "AVIF", quality=95), kind)
    assert answer.status_code == 201
    pixels = np.asarray(studio.image(f"/api/pictures/{answer.json()['picture']}.png"))
    assert pixels[0, :, 1].mean() == pytest.approx(25, abs=4)


def test_a_heic_is_taken_or_what_reads_it_is_named(studio: Studio) -> None:
    try:
        heif = importlib.import_module("pillow_heif")
    except ImportError:
        start = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
        answer = _post(studio, start + bytes(64), "image/heic")
        assert answer.status_code == 400
        assert "pixelguide[phone]" in answer.json()["hint"]
    else:
        heif.register_heif_opener()
        assert _post(studio, _encoded(Image.fromarray(RAMP), "HEIF"), "").status_code == 201


def test_a_model_s_samples_are_there_to_begin_with(start: Start) -> None:
    """Of a model that is not that of the drawn portraits: pictures that its prior made."""
    shades = [picture_png(np.full((SIZE, SIZE, 3), shade, np.uint8)) for shade in (40, 200)]
    names = tuple(f"class {k}" for k in range(len(LABELS)))
    labels = LabelSet(names, LABELS.palette)
    category = replace(CATEGORY, labels=labels, samples=tuple(shades))
    with start(category=category) as studio:
        listed = studio.client.get("/api/portraits").json()["portraits"]
        assert [studio.client.get(each["url"]).content for each in listed] == shades
        answer = studio.client.post("/api/pictures", json={"portrait": 1}).json()
        shown = studio.image(f"/api/pictures/{answer['picture']}.png")
        assert np.asarray(shown).min() == np.asarray(shown).max() == 200
        assert studio.client.post("/api/pictures", json={"portrait": 2}).status_code == 404


def test_picture_of_the_right_size_keeps_its_pixels(studio: Studio) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    content = _post(studio, picture_png(pixels)).json()
    assert not content["cropped"]
    shown = studio.client.get(f"/api/pictures/{content['picture']}.png")
    assert shown.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(shown.content))), pixels)


def test_metadata_of_an_upload_is_not_kept(studio: Studio) -> None:
    exif = Image.Exif()
    exif[0x010E] = "the name of the client's file"
    content = _encoded(Image.fromarray(RAMP[:SIZE, :SIZE]), "JPEG", exif=exif)
    identity = _post(studio, content, "image/jpeg").json()["picture"]
    assert b"client's" not in studio.client.get(f"/api/pictures/{identity}.png").content


def test_picture_is_turned_upright_and_flattened(studio: Studio) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = _post(studio, _encoded(Image.fromarray(RAMP), "JPEG", exif=exif)).json()
    assert (turned["original_width"], turned["original_height"]) == (100, 50)
    clear = _post(studio, _encoded(Image.new("RGBA", (SIZE, SIZE)), "PNG")).json()["picture"]
    assert studio.image(f"/api/pictures/{clear}.png").getcolors() == [(SIZE**2, (255,) * 3)]


def _bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than anyone wants."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


_PICTURE = _encoded(Image.fromarray(RAMP), "PNG")
BAD_PICTURES = {
    "nothing": b"",
    "text": b"hello",
    "truncated": _PICTURE[: len(_PICTURE) // 2],
    "bomb": _bomb(50_000, 50_000),
    "16-bit": _encoded(Image.fromarray(np.zeros((9, 9), np.uint16)), "PNG"),
    "CMYK": _encoded(Image.new("CMYK", (9, 9)), "JPEG"),
    "animated": _encoded(
        Image.new("RGB", (9, 9)), "WEBP", save_all=True, append_images=[Image.new("RGB", (9, 9), 5)]
    ),
    "gif": _encoded(Image.new("P", (9, 9)), "GIF"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "pickle": b"\x80\x04\x95",
}


@pytest.mark.parametrize("name", BAD_PICTURES)
@pytest.mark.parametrize("to", ["pictures", "maps"])
def test_bad_picture_is_refused(studio: Studio, name: str, to: str) -> None:
    answer = _post(studio, BAD_PICTURES[name], to=to)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_input"
    assert "/" not in answer.json()["message"]
    assert answer.json()["message"].count("picture") <= 1


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/html", "x" * 500])
@pytest.mark.parametrize("to", ["pictures", "maps"])
def test_other_content_is_refused(studio: Studio, kind: str, to: str) -> None:
    assert _post(studio, _PICTURE, kind, to).status_code == 400


def test_portrait_by_number(studio: Studio) -> None:
    listed = studio.client.get("/api/portraits").json()["portraits"]
    assert [p["index"] for p in listed] == list(range(12))
    identity = studio.client.post("/api/pictures", json={"portrait": 11}).json()["picture"]
    shown = studio.image(f"/api/pictures/{identity}.png")
    assert shown.size == (SIZE, SIZE)
    assert shown.tobytes() == studio.image(listed[11]["url"]).tobytes()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"portrait": 12}, 404),
        ({"portrait": -1}, 404),
        ({"portrait": "1"}, 400),
        ({"portrait": True}, 400),
        ({"portrait": 1, "url": "http://localhost"}, 400),
        ({}, 400),
    ],
)
def test_bad_portrait_is_refused(studio: Studio, body: dict[str, Any], status: int) -> None:
    assert studio.client.post("/api/pictures", json=body).status_code == status


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_map_comes_back_as_ids(studio: Studio, mode: str) -> None:
    ids = np.random.default_rng(0).integers(0, len(LABELS), (SIZE, SIZE), np.uint8)
    label_map = LabelMap(ids, LABELS)
    image = {
        "P": label_map.to_image(),
        "L": Image.fromarray(ids),
        "RGB": Image.fromarray(label_map.colour()),
    }[mode]
    identity = _post(studio, png(image), to="maps").json()["map"]
    shown = studio.image(f"/api/maps/{identity}.png")
    assert shown.mode == "P"
    assert np.array_equal(np.asarray(shown), ids)
    assert shown.getpalette()[3:6] == list(LABELS.palette[1])


def test_map_with_unknown_ids_or_colours_is_refused_by_name(studio: Studio) -> None:
    ids = np.full((SIZE, SIZE), 4, np.uint8)
    ids[3, 5] = 77
    message = _post(studio, picture_png(ids), to="maps").json()["message"]
    assert "77" in message
    assert "(5, 3)" in message
    colours = np.full((SIZE, SIZE, 3), (1, 2, 3), np.uint8)
    assert "(1, 2, 3)" in _post(studio, picture_png(colours), to="maps").json()["message"]


def test_map_of_another_size_is_refused(studio: Studio) -> None:
    answer = _post(studio, picture_png(np.zeros((SIZE, SIZE + 1), np.uint8)), to="maps")
    assert answer.status_code == 400
    assert f"{SIZE + 1}×{SIZE}" in answer.json()["message"]


def test_refused_uploads_leave_nothing_behind(studio: Studio) -> None:
    folder = studio.services.files._folder
    before = set(folder.iterdir())
    for content in BAD_PICTURES.values():
        _post(studio, content)
        _post(studio, content, to="maps")
    assert set(folder.iterdir()) == before


def test_maps_in_other_forms_become_ids(studio: Studio) -> None:
    """One reader for all: a palette in another order, grey of 4 bits, a layer of OpenRaster."""
    ids = (np.arange(SIZE * SIZE).reshape(SIZE, SIZE) // 7 % 9).astype(np.uint8)
    image = LabelMap(ids, LABELS).to_image()
    pixels = np.array(image.convert("RGB"))
    layers = [Layer("Label map", "map", pixels), Layer("Original", "original", pixels[::-1])]
    forms = {
        "palette": (png(image.remap_palette([5, 8, 1, 0, 2, 7, 6, 4, 3])), "image/png"),
        "grey": (tool_png(ids, GREY, 4), "image/png"),
        "layer": (open_raster(layers, pixels), "image/openraster"),
    }
    for name, (content, kind) in forms.items():
        answer = _post(studio, content, kind, to="maps")
        assert answer.status_code == 201, (name, answer.json())
        shown = studio.image(f"/api/maps/{answer.json()['map']}.png")
        assert np.array_equal(np.asarray(shown), ids), name
