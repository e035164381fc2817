"""Photographs as the page shows them: placements, patches, and parts of what was edited before."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photographs import random_pixels
from pixelguide.studio.stored_files import picture_png
from studio.conftest import MISSING, Start, Studio

from .test_photographs import HEIGHT, SMOOTH, SQUARE, WIDTH, _candidate, _edit, _part, _upload

ELSEWHERE = {"x": 70, "y": 10, "size": 70}


@pytest.fixture(scope="module")
def photograph(studio: Studio) -> str:
    return str(_upload(studio, picture_png(SMOOTH))["photograph"])


@pytest.fixture(scope="module")
def edited(studio: Studio, photograph: str) -> str:
    """A candidate of an edit of a part."""
    return _candidate(studio, _edit(studio, _part(studio, photograph)))


def shown(studio: Studio, picture: str) -> NDArray[np.uint8]:
    return np.asarray(studio.image(f"/api/pictures/{picture}/photograph.png"))


def placement(studio: Studio, picture: str) -> Any:
    return studio.client.get(f"/api/pictures/{picture}/placement").json()


def patched(studio: Studio, whole: NDArray[np.uint8], picture: str, **query: str) -> Any:
    answer = studio.client.get(f"/api/pictures/{picture}/patch.png", params=query)
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    left, top = (int(answer.headers[name]) for name in ("Patch-Left", "Patch-Top"))
    result = whole.copy()
    result[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
    return result


def test_a_placement_says_where_a_picture_lies_and_what_was_edited(
    studio: Studio, photograph: str, edited: str
) -> None:
    size = {"width": WIDTH, "height": HEIGHT}
    expected = {"photograph": photograph, **size, **SQUARE, "edits": [edited]}
    assert placement(studio, edited) == expected
    portrait = studio.add_picture()
    for path in ("placement", "patch.png"):
        assert studio.client.get(f"/api/pictures/{portrait}/{path}").status_code == 404


def test_patches_over_the_photograph_are_what_is_saved(studio: Studio, edited: str) -> None:
    assert np.array_equal(patched(studio, SMOOTH, edited), shown(studio, edited))
    again = _candidate(studio, _edit(studio, edited, (slice(20, 26), slice(4, 12))))
    whole = SMOOTH
    for picture in placement(studio, again)["edits"]:
        whole = patched(studio, whole, picture)
    assert np.array_equal(whole, shown(studio, again))
    assert not np.array_equal(whole, shown(studio, edited))


def test_a_patch_fades_as_the_file_does(studio: Studio, photograph: str) -> None:
    job = _edit(studio, _part(studio, photograph))
    file = np.asarray(studio.image(f"/api/results/{job}/1/photograph.png?strength=0.4"))
    candidate = _candidate(studio, job)
    assert np.array_equal(patched(studio, SMOOTH, candidate, strength="0.4"), file)
    assert not np.array_equal(patched(studio, SMOOTH, candidate), file)
    bad = studio.client.get(f"/api/pictures/{candidate}/patch.png", params={"strength": "2"})
    assert bad.status_code == 400


def test_another_part_has_what_was_edited_before(
    studio: Studio, photograph: str, edited: str
) -> None:
    other = _part(studio, photograph, **ELSEWHERE, base=edited)  # type: ignore[arg-type]
    assert placement(studio, other)["edits"] == [edited]
    assert np.array_equal(shown(studio, other), shown(studio, edited))
    plain = _part(studio, photograph, **ELSEWHERE)
    parts = [np.asarray(studio.image(f"/api/pictures/{each}.png")) for each in (plain, other)]
    assert not np.array_equal(*parts), "the part has the edit that reaches into it"
    last = _candidate(studio, _edit(studio, other))
    assert placement(studio, last)["edits"] == [edited, last]
    whole = patched(studio, patched(studio, SMOOTH, edited), last)
    assert np.array_equal(whole, shown(studio, last))


def test_a_base_must_be_of_the_same_photograph(studio: Studio, edited: str) -> None:
    elsewhere = _upload(studio, picture_png(random_pixels(9, 120, 90)))["photograph"]
    for base in (edited, MISSING, studio.add_picture()):
        answer = studio.client.post(
            f"/api/photographs/{elsewhere}/parts", json={**SQUARE, "base": base}
        )
        assert answer.status_code == 404, base


def test_the_page_gets_a_photograph_that_browsers_show(studio: Studio, photograph: str) -> None:
    answer = studio.client.get(f"/api/photographs/{photograph}/shown")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == picture_png(SMOOTH), "its own file"
    buffer = io.BytesIO()
    Image.fromarray(random_pixels(3, 90, 80, 4)).save(buffer, "TIFF")
    clear = _upload(studio, buffer.getvalue())["photograph"]
    answer = studio.client.get(f"/api/photographs/{clear}/shown")
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.size, image.mode) == ((90, 80), "RGB")


def test_a_jpeg_is_saved_where_it_can_hold_the_photograph(
    studio: Studio, photograph: str, edited: str
) -> None:
    job = _edit(studio, _part(studio, photograph))
    for path in (f"/api/pictures/{edited}", f"/api/results/{job}/1"):
        image = studio.image(f"{path}/photograph.jpg")
        assert (image.format, image.size) == ("JPEG", (WIDTH, HEIGHT))
        png = np.asarray(studio.image(f"{path}/photograph.png")).astype(int)
        assert np.abs(np.asarray(image) - png).mean() < 3
    clear = _upload(studio, picture_png(random_pixels(3, 90, 80, 4)))["picture"]
    answer = studio.client.get(f"/api/pictures/{clear}/photograph.jpg")
    assert (answer.status_code, answer.json()["hint"]) == (400, "Take png, webp or tiff.")
    plain = studio.edit()
    studio.wait(plain)
    assert studio.image(f"/api/results/{plain}/0/photograph.jpg").format == "JPEG"


def test_a_project_keeps_parts_of_edited_photographs(
    studio: Studio, start: Start, photograph: str, edited: str
) -> None:
    other = _part(studio, photograph, **ELSEWHERE, base=edited)  # type: ignore[arg-type]
    project = {"name": "x", "versions": [{"picture": other}], "state": {}}
    content = studio.client.post("/api/projects/pack", json=project).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("project.json"))["version"] == 3
    with start() as elsewhere:
        answer = elsewhere.client.post("/api/projects/unpack", content=content)
        picture = answer.json()["versions"][0]["picture"]
        assert np.array_equal(shown(elsewhere, picture), shown(studio, edited))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    described = json.loads(files["project.json"])
    first = next(o for o in described["origins"].values() if "photograph" in o and "base" not in o)
    first["base"] = other  # which comes of it
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, each in {**files, "project.json": json.dumps(described).encode()}.items():
            archive.writestr(name, each)
    answer = studio.client.post("/api/projects/unpack", content=buffer.getvalue())
    assert answer.status_code == 400
    assert "leads to no photograph" in answer.json()["message"]
