"""Results as files: PNG with metadata, OpenRaster."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pixelguide.portraits import LABELS
from studio.conftest import SIZE, Studio


@pytest.fixture(scope="module")
def edit(studio: Studio) -> str:
    """An edit that is done: two candidates, the second is the best."""
    identity = studio.edit(num_images=2, seed=3)
    assert studio.wait(identity)["state"] == "done"
    return identity


def test_png_tells_how_it_was_made(studio: Studio, edit: str) -> None:
    image = studio.image(f"/api/results/{edit}/1.png")
    assert image.size == (SIZE, SIZE)
    how = json.loads(image.text["pixelguide"])  # type: ignore[attr-defined]
    assert how["candidate"] == 1
    assert how["roi_loss"] == 0.99
    assert how["report"]["settings"]["seed"] == 3
    with Image.open(io.BytesIO(base64.b64decode(how["map"]))) as follows:
        target = studio.services.job(edit).request["target"]
        assert (np.asarray(follows) == studio.services.files.label_map(target).ids).all()


def test_same_result_gives_the_same_bytes(studio: Studio, edit: str) -> None:
    for path in (f"/api/results/{edit}/0.png", f"/api/results/{edit}.ora"):
        assert studio.client.get(path).content == studio.client.get(path).content


def test_nothing_outside_the_roi_differs(studio: Studio, edit: str) -> None:
    original = studio.services.files.picture(studio.services.job(edit).request["picture"])
    edited = np.asarray(studio.image(f"/api/results/{edit}/1.png"))
    roi = np.asarray(studio.image(f"/api/results/{edit}/roi.png")) > 0
    assert (edited != original).any(-1)[roi].any()
    assert not (edited != original).any(-1)[~roi].any()


@pytest.mark.parametrize("name", ["2", "-1", "01", "1e0", "²", "roi2", "best", "0x1"])
def test_unknown_candidate_is_404(studio: Studio, edit: str, name: str) -> None:
    assert studio.client.get(f"/api/results/{edit}/{name}.png").status_code == 404
    assert studio.client.get(f"/api/results/{edit}.ora?candidate={name}").status_code == 404


@pytest.fixture(scope="module")
def archive(studio: Studio, edit: str) -> zipfile.ZipFile:
    answer = studio.client.get(f"/api/results/{edit}.ora")
    assert answer.headers["content-type"] == "image/openraster"
    return zipfile.ZipFile(io.BytesIO(answer.content))


class TestOpenRaster:
    def test_type_lies_at_the_fixed_place(self, studio: Studio, edit: str) -> None:
        content = studio.client.get(f"/api/results/{edit}.ora").content
        assert content[30:54] == b"mimetypeimage/openraster"  # name and content, uncompressed

    def test_first_member_is_the_type(self, archive: zipfile.ZipFile) -> None:
        first = archive.infolist()[0]
        assert first.filename == "mimetype"
        assert first.compress_type == zipfile.ZIP_STORED
        assert first.extra == b""
        assert archive.read(first) == b"image/openraster"

    def test_members(self, archive: zipfile.ZipFile) -> None:
        assert archive.testzip() is None
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} < set(
            archive.namelist()
        )
        thumbnail = Image.open(archive.open("Thumbnails/thumbnail.png"))
        assert max(thumbnail.size) <= 256

    def test_stack_names_layers_that_are_there(self, archive: zipfile.ZipFile) -> None:
        image = ElementTree.fromstring(archive.read("stack.xml"))  # noqa: S314 - our own
        assert image.tag == "image"
        assert (image.get("w"), image.get("h")) == (str(SIZE), str(SIZE))
        (stack,) = image
        assert [layer.get("src") for layer in stack] == [
            *("data/roi.png", "data/map.png", "data/edited.png", "data/original.png"),
        ]
        assert [layer.get("visibility") for layer in stack] == ["hidden"] * 2 + ["visible"] * 2
        for layer in stack:
            assert 0 <= float(layer.get("opacity", "1")) <= 1
            png = Image.open(archive.open(layer.get("src", "")))
            assert (png.format, png.mode, png.size) == ("PNG", "RGBA", (SIZE, SIZE))

    def test_merged_picture_is_the_visible_stack(self, archive: zipfile.ZipFile) -> None:
        merged = Image.open(archive.open("mergedimage.png"))
        assert merged.tobytes() == Image.open(archive.open("data/edited.png")).tobytes()

    def test_map_is_in_its_colours(self, archive: zipfile.ZipFile) -> None:
        pixels = np.asarray(Image.open(archive.open("data/map.png")))
        assert tuple(pixels[12, 10]) == (*LABELS.palette[11], 255)
        assert tuple(pixels[0, 0]) == (*LABELS.palette[4], 255)

    def test_best_or_the_named_candidate(self, studio: Studio, edit: str) -> None:
        def edited(query: str) -> bytes:
            answer = studio.client.get(f"/api/results/{edit}.ora{query}")
            return zipfile.ZipFile(io.BytesIO(answer.content)).read("data/edited.png")

        assert edited("") == edited("?candidate=1") != edited("?candidate=0")
