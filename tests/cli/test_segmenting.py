"""`segment` from outside: where the map goes, what lies beside it, what is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command_line import Run, assert_one_error
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet


@pytest.fixture
def segment(run: Run, desk: Path) -> Run:
    """Reads the map of a photograph's part, but for what the arguments change."""
    save_png(desk / "photograph.png", load_rgb(desk / "picture.png").repeat(4, 0).repeat(5, 1))

    def segment(*more: Any, out: str = "map.png", crop: str = "5,9,48") -> tuple[int, str, str]:
        return run(
            "segment", desk / "photograph.png", "-o", desk / out, "--crop", crop, "--model",
            desk / "model", "--device", "cpu", *more,
        )  # fmt: skip

    return segment


@pytest.mark.parametrize("name", ["map.jpg", "map.JPEG", "map.webp", "map.gif", "map.ora"])
def test_a_map_is_a_png(segment: Run, desk: Path, name: str) -> None:
    told = assert_one_error(segment(out=name))
    assert f"a label map as {Path(name).suffix}, {desk / name}. Name it .png" in told
    assert not (desk / name).exists()


def test_a_painted_map_stays_unless_it_is_to_go(segment: Run, desk: Path, labels: LabelSet) -> None:
    for crop in ("5,9,48", "5,9,48", "6,8,48"):  # maps as they were written come anew
        code, _, err = segment(crop=crop)
        assert code == 0, err
    painted = LabelMap.load(desk / "map.png", labels)
    painted.ids[2:9] = (painted.ids[2:9] + 1) % 3
    painted.save(desk / "map.png")
    content = (desk / "map.png").read_bytes()
    told = assert_one_error(segment())
    assert "the file holds a painted map, or something else" in told
    assert told.endswith("map.png. Choose another name, or --overwrite it.")
    assert (desk / "map.png").read_bytes() == content
    assert segment("--overwrite")[0] == 0
    (desk / "map.png").write_bytes(b"my diary")
    assert "something else" in assert_one_error(segment())
    assert (desk / "map.png").read_bytes() == b"my diary"


def test_a_map_s_part_lies_beside_it(segment: Run, edit: Run, desk: Path, labels: LabelSet) -> None:
    assert segment()[0] == 0
    content = json.loads((desk / "map.part.json").read_text())
    assert content["crop"] == "5,9,48"
    assert content["picture"] == [80, 64]
    assert content["name"] == "photograph.png"
    painted = LabelMap.load(desk / "map.png", labels)
    painted.ids[2:9] = (painted.ids[2:9] + 1) % 3
    painted.save(desk / "map.png")  # a program that keeps no text
    options = {"source_map": None, "classes": None, "roi": "changed"}
    code, _, err = edit(picture="photograph.png", map=desk / "map.png", **options)
    assert code == 0, err
    settings = json.loads((desk / "out" / "report.json").read_text())["settings"]
    assert settings["crop"] == "5,9,48"


@pytest.mark.parametrize("left", ["map.part.json", "report.json", None, "two"])
def test_a_map_without_its_part_is_told_the_crop_where_it_is_known(
    segment: Run, edit: Run, desk: Path, left: str | None
) -> None:
    assert segment()[0] == 0
    (desk / "map.png").rename(desk / "painted.png")
    with Image.open(desk / "painted.png") as image:
        ids, palette = np.array(image), image.getpalette()
    plain = Image.fromarray(ids)
    plain.putpalette(palette or [])
    plain.save(desk / "painted.png")
    part = desk / "map.part.json"
    if left == "two":
        (desk / "b.part.json").write_text(part.read_text().replace('"5,9,48"', '"6,9,48"'))
    elif left != "map.part.json":
        part.unlink()
    if left == "report.json":
        settings = {"crop": "5,9,48", "photograph": {"width": 80, "height": 64}}
        (desk / "report.json").write_text(json.dumps({"settings": settings}))
    told = assert_one_error(edit(picture="photograph.png", map=desk / "painted.png"))
    assert "80×64 pixels are no square, photograph.png." in told
    known = f"give --crop 5,9,48, as {left} says."
    assert (known in told) == (left in ("map.part.json", "report.json"))
    assert ("Say which part to edit" in told) == (known not in told)


def test_a_map_that_shows_no_part_leaves_no_stale_one(segment: Run, run: Run, desk: Path) -> None:
    assert segment()[0] == 0
    whole = ("segment", desk / "picture.png", "-o", desk / "map.png", "--model", desk / "model")
    assert run(*whole, "--device", "cpu")[0] == 0
    assert not (desk / "map.part.json").exists()


def test_a_preview_shows_part_and_map(segment: Run, desk: Path) -> None:
    assert segment("--preview")[0] == 0
    shown = load_rgb(desk / "map.preview.png")
    photograph = load_rgb(desk / "photograph.png")
    scale = shown.shape[0] // photograph.shape[0]
    assert shown.shape == (64 * scale, 80 * scale, 3)
    large = photograph.repeat(scale, 0).repeat(scale, 1)
    outside = np.ones(shown.shape[:2], np.bool_)
    outside[8 * scale : 58 * scale, 4 * scale : 54 * scale] = False
    assert np.array_equal(shown[outside], large[outside])
    inside = (slice(15 * scale, 50 * scale), slice(10 * scale, 48 * scale))
    assert (shown[inside] != large[inside]).any(-1).mean() > 0.9
