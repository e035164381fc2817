"""`segment` and `edit` from outside: what works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from command_line import Run, assert_one_error
from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder, built_in_models


def test_the_edit_command_keeps_the_names_scripts_rely_on(run: Run) -> None:
    _, out, _ = run("edit", "--help")
    for option in (
        "--map", "--source-map", "--classes", "-n", "--seed", "--steps", "--start", "--scale",
        "--sampler", "--roi", "--model", "--device", "-o",
    ):  # fmt: skip
        assert option in out


def test_segment_paint_edit(run: Run, desk: Path, picture: NDArray[np.uint8]) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    code, out, _ = run("segment", desk / "picture.png", "-o", desk / "map.png", *model)
    assert code == 0
    assert str(desk / "map.png") in out
    editor = Editor.from_pretrained(desk / "model", "cpu")
    editor.set_image(picture)
    painted = LabelMap.load(desk / "map.png", editor.labels)
    assert np.array_equal(painted.ids, editor.segment().ids)

    ids = np.array(Image.open(desk / "map.png"))  # as a paint program sees it
    ids[3:7, 3:7] = (ids[3, 3] + 1) % 3
    LabelMap(ids, editor.labels).save(desk / "painted.png")
    out_folder = desk / "results"
    code, out, _ = run(
        "edit", desk / "picture.png", "--map", desk / "painted.png", "-o", out_folder,
        "--roi", "changed", "--seed", 7, "--steps", 3, "--start", 300, "-n", 2, *model,
    )  # fmt: skip
    assert code == 0
    assert "0 pixels changed outside" in out
    files = {path.name for path in out_folder.iterdir()}
    assert files == {"00.png", "01.png", "roi.png", "target.png", "report.json"}
    report = json.loads((out_folder / "report.json").read_text())
    assert set(report) == {
        "settings", "roi_pixels", "region", "best", "candidates", "seconds",
    }  # fmt: skip
    roi = load_rgb(out_folder / "roi.png")[..., 0] == 255
    assert report["roi_pixels"] == roi.sum() == 6 * 6  # 4×4 painted, dilated by one
    assert report["settings"]["seed"] == 7
    assert report["region"]["text"] in out
    assert report["settings"]["model"]["hash"] == ModelFolder.open(desk / "model").hash
    for k, candidate in enumerate(report["candidates"]):
        assert candidate["file"] == f"0{k}.png"
        assert candidate["changed_pixels_outside"] == 0
        image = load_rgb(out_folder / candidate["file"])
        assert image.shape == picture.shape
        assert np.array_equal(image[~roi], picture[~roi])
    assert report["best"] in out


def test_the_same_command_writes_the_same_pictures(edit: Run, desk: Path) -> None:
    for name, more in (("a", ()), ("b", ()), ("c", ("--seed", 1))):
        assert edit(*more, out=desk / name)[0] == 0
    a, b, c = ((desk / name / "00.png").read_bytes() for name in "abc")
    assert a == b != c


def test_colours_serve_as_well_as_ids(edit: Run, desk: Path, labels: LabelSet) -> None:
    target = LabelMap.load(desk / "target.png", labels)
    save_png(desk / "colours.png", target.colour())
    assert edit(out=desk / "a")[0] == 0
    assert edit(out=desk / "b", map=desk / "colours.png")[0] == 0
    assert (desk / "a" / "00.png").read_bytes() == (desk / "b" / "00.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"start": "auto", "scale": "auto"}, {"start_timestep": 750}),
        ({"start": 200, "scale": 1.5}, {"start_timestep": 200, "guidance_scale": 1.5}),
        ({"scale": 0}, {"guidance_scale": 0}),
        ({"sampler": "ddim"}, {"sampler": "ddim"}),
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"temperature": "auto"}, {"temperature": 1.0}),
        ({"classes": "nature, house"}, {"edit_classes": ["nature", "house"]}),
        ({"classes": None}, {"edit_classes": ["house"]}),
        ({"dilation": 0}, {"dilation": 0}),
    ],
)
def test_options_reach_the_edit(
    edit: Run, desk: Path, options: dict[str, Any], told: dict[str, Any]
) -> None:
    code, _, err = edit(**options)
    assert code == 0, err
    settings = json.loads((desk / "out" / "report.json").read_text())["settings"]
    assert {name: settings[name] for name in told} == told


def test_colours_a_little_off_can_be_snapped(edit: Run, desk: Path, labels: LabelSet) -> None:
    target = LabelMap.load(desk / "target.png", labels)
    save_png(desk / "colours.png", target.colour() ^ 1)  # as a colour profile leaves them
    assert "is no class" in assert_one_error(edit(map=desk / "colours.png"))
    assert edit(out=desk / "a", map=desk / "colours.png", snap=3)[0] == 0
    assert edit(out=desk / "b")[0] == 0
    assert (desk / "a" / "00.png").read_bytes() == (desk / "b" / "00.png").read_bytes()


def test_a_map_of_another_category_names_it(edit: Run, desk: Path, labels: LabelSet) -> None:
    portraits = LabelSet.from_json((built_in_models()["portraits-64"] / "labels.json").read_text())
    ids = LabelMap.load(desk / "source.png", labels).ids + 5
    save_png(desk / "foreign.png", LabelMap(ids, portraits).colour())
    for option in ({"map": desk / "foreign.png"}, {"source_map": desk / "foreign.png"}):
        told = assert_one_error(edit(**option))
        assert "a map in the colours of portraits-64, foreign.png." in told
        assert "--model portraits-64" in told


def test_a_dry_run_shows_the_region_and_edits_nothing(edit: Run, desk: Path) -> None:
    code, out, _ = edit("--dry-run", out=desk / "dry")
    assert code == 0
    assert {path.name for path in (desk / "dry").iterdir()} == {
        "roi.png", "preview.png", "dry-run.json",
    }  # fmt: skip
    text = json.loads((desk / "dry" / "dry-run.json").read_text())["region"]["text"]
    assert out == f"{desk / 'dry' / 'preview.png'}: {text}\n"
    assert edit(out=desk / "made")[0] == 0
    roi = (load_rgb(desk / made / "roi.png") for made in ("dry", "made"))
    assert np.array_equal(*roi)
