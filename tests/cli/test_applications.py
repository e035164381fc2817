"""`interpolate` and `inpaint` from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Run, assert_one_error
from pixelguide.edit import animation
from pixelguide.evaluate.portrait_edits import portrait_edits
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap
from pixelguide.portraits import LABELS


@pytest.fixture
def interpolate(run: Run, desk: Path, picture: NDArray[np.uint8]) -> Run:
    """Runs a good interpolation, but for what the arguments change."""
    other = picture.copy()
    other[5:9, 4:9] = 255 - other[5:9, 4:9]
    save_png(desk / "other.png", other)

    def interpolate(*more: Any, second: Any = "other.png") -> tuple[int, str, str]:
        return run(
            "interpolate", desk / "picture.png", desk / second, "-o", desk / "out", "--steps", 3,
            "--start", 300, "--model", desk / "model", "--device", "cpu", *more,
        )  # fmt: skip

    return interpolate


@pytest.fixture
def inpaint(run: Run, desk: Path) -> Run:
    """Runs a good inpainting, but for what the arguments change."""
    mask = np.zeros((16, 16), np.uint8)
    mask[5:10, 4:9] = 255
    save_png(desk / "mask.png", mask)

    def inpaint(*more: Any, mask: Any = "mask.png", out: str = "out") -> tuple[int, str, str]:
        return run(
            "inpaint", desk / "picture.png", "--mask", desk / mask, "-o", desk / out, "--steps", 3,
            "-n", 2, "--model", desk / "model", "--device", "cpu", *more,
        )  # fmt: skip

    return inpaint


def _report(desk: Path) -> Any:
    return json.loads((desk / "out" / "report.json").read_text())


def test_interpolate_writes_frames_grid_gif_and_report(
    interpolate: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    code, out, _ = interpolate("-n", 4, "--fps", 4)
    assert code == 0
    assert "4 frames; 0 pixels changed outside" in out
    names = {path.name for path in (desk / "out").iterdir()}
    frames = [f"{k:03d}.png" for k in range(4)]
    assert names == {*frames, "grid.png", "frames.gif", "roi.png", "report.json"}
    assert np.array_equal(load_rgb(desk / "out" / "000.png"), picture)
    assert np.array_equal(load_rgb(desk / "out" / "003.png"), load_rgb(desk / "other.png"))
    outside = load_rgb(desk / "out" / "roi.png")[..., 0] == 0
    for name in frames:
        frame = load_rgb(desk / "out" / name)
        assert frame[outside].tobytes() == picture[outside].tobytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--strength", "0.3"), {"path": "spherical", "start_timestep": 300}),
        (("--path", "linear"), {"path": "linear"}),
        (("--start", 500), {"start_timestep": 500}),
        (("--dilation", 2), {"dilation": 2}),
    ],
)
def test_options_reach_the_interpolation(
    interpolate: Run, desk: Path, options: tuple[Any, ...], told: dict[str, Any]
) -> None:
    code, _, err = interpolate(*options)
    assert code == 0, err
    settings = _report(desk)["settings"]
    assert {name: settings[name] for name in told} == told


def test_strengths_choose_the_frames(interpolate: Run, desk: Path) -> None:
    assert interpolate("--strength", "0.3, 0.6")[0] == 0
    strengths = [frame["strength"] for frame in _report(desk)["frames"]]
    assert strengths == [0.3, 0.6]


def test_a_region_can_be_given(interpolate: Run, desk: Path) -> None:
    roi = np.zeros((16, 16), np.uint8)
    roi[4:11, 3:10] = 255
    save_png(desk / "region.png", roi)
    assert interpolate("--roi", desk / "region.png")[0] == 0
    assert _report(desk)["roi_pixels"] == 49


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--strength", "half"), "--strength half"),
        (("--strength", "0.5,2"), "strength 2.0"),
        (("--path", "straight"), "--path straight. Give spherical or linear."),
        (("--fps", 100), "100.0 frames a second"),
        (("-n", 1), "-n 1. Give a whole number in 2 … 1000."),
    ],
)
def test_bad_interpolations_are_one_line(
    interpolate: Run, desk: Path, options: tuple[Any, ...], told: str
) -> None:
    assert told in assert_one_error(interpolate(*options))
    assert not (desk / "out").exists()


def test_the_same_picture_twice_is_one_line(interpolate: Run) -> None:
    assert "both pictures are the same" in assert_one_error(interpolate(second="picture.png"))


def test_films_need_an_extra(interpolate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation, "find_spec", lambda name: None)
    assert "pixelguide[video]" in assert_one_error(interpolate("--mp4"))


def test_a_film_on_request(interpolate: Run, desk: Path) -> None:
    pytest.importorskip("av")
    assert interpolate("--mp4")[0] == 0
    assert (desk / "out" / "frames.mp4").stat().st_size > 0


def test_inpaint_by_mask_alone(inpaint: Run, desk: Path, picture: NDArray[np.uint8]) -> None:
    code, out, _ = inpaint()
    assert code == 0
    assert "2 candidates, not ranked; 0 pixels changed outside the mask" in out
    names = {path.name for path in (desk / "out").iterdir()}
    assert names == {"00.png", "01.png", "roi.png", "report.json"}
    kept = load_rgb(desk / "mask.png")[..., 0] == 0
    for name in ("00.png", "01.png"):
        image = load_rgb(desk / "out" / name)
        assert image[kept].tobytes() == picture[kept].tobytes()
        assert (image != picture).any()


@pytest.mark.parametrize(
    "options", [("--behind", "nearest"), ("--behind", "sky, grass"), ("--map", "target.png")]
)
def test_inpaint_guided_to_what_lies_behind(
    inpaint: Run, desk: Path, options: tuple[str, str]
) -> None:
    option, value = options
    code, out, _ = inpaint(option, desk / value if option == "--map" else value)
    assert code == 0
    assert "the best" in out
    assert (desk / "out" / "behind.png").exists()
    report = _report(desk)
    assert str(desk / "out" / report["best"]) in out
    assert report["settings"]["guidance_scale"] > 0


def test_options_reach_the_inpainting(inpaint: Run, desk: Path) -> None:
    options = {"seed": 5, "start": 600, "scale": 2.5, "sampler": "ddim", "dilation": 1}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    assert inpaint(*arguments, "--behind", "sky")[0] == 0
    settings = _report(desk)["settings"]
    assert settings["seed"] == 5
    assert settings["start_timestep"] == 600
    assert settings["guidance_scale"] == 2.5
    assert settings["sampler"] == "ddim"
    assert settings["dilation"] == 1
    assert _report(desk)["roi_pixels"] == 49


def test_the_same_command_paints_the_same_picture(inpaint: Run, desk: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert inpaint("--seed", seed, out=name)[0] == 0
    a, b, c = ((desk / name / "00.png").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--behind", "sea"), "unknown class 'sea'"),
        (("--behind", "sky", "--map", "target.png"), "Give one of them"),
        (("--scale", "3"), "by mask alone"),
        (("--scale", "much"), "--scale much. Give a number or auto."),
        (("--sampler", "auto"), "--sampler auto. Give ddpm, ddim, sde, sde-2m or dpm-2m."),
        (("--behind", ","), "no class named, --behind"),
        (("--start", "1"), "start 1"),
    ],
)
def test_bad_inpaintings_are_one_line(inpaint: Run, options: tuple[str, ...], told: str) -> None:
    assert told in assert_one_error(inpaint(*options))


def test_masks_that_do_not_fit_are_one_line(inpaint: Run, desk: Path) -> None:
    for values, told in (
        (np.zeros((16, 16), np.uint8), "the mask is empty"),
        (np.full((16, 16), 255, np.uint8), "the mask leaves nothing"),
        (np.full((8, 8), 255, np.uint8), "mask of shape (8, 8)"),
    ):
        save_png(desk / "bad.png", values)
        assert told in assert_one_error(inpaint(mask="bad.png"))
    assert "no such file" in assert_one_error(inpaint(mask="none.png"))


def test_glasses_come_off_and_half_of_it(run: Run, tmp_path: Path) -> None:
    """The model that comes with the package, few steps: both commands, one after the other."""
    case = next(portrait_edits(1, kinds=("remove_glasses",)))
    glasses = case.before.label_ids == LABELS.id("glasses")
    save_png(tmp_path / "face.png", case.before.image)
    save_png(tmp_path / "mask.png", glasses.astype(np.uint8) * 255)
    code, _, err = run(
        "inpaint", tmp_path / "face.png", "--mask", tmp_path / "mask.png", "--dilation", 1,
        "--behind", "face", "-n", 1, "--steps", 12, "--device", "cpu", "-o", tmp_path / "without",
    )  # fmt: skip
    assert code == 0, err
    without, seg = tmp_path / "without" / "00.png", tmp_path / "map.png"
    assert run("segment", without, "-o", seg, "--device", "cpu")[0] == 0
    left = LabelMap.load(seg, LABELS).ids == LABELS.id("glasses")
    assert (left & glasses).sum() <= 0.1 * glasses.sum()
    code, out, err = run(
        "interpolate", tmp_path / "face.png", without, "-n", 3, "--steps", 8, "--device", "cpu",
        "-o", tmp_path / "between",
    )  # fmt: skip
    assert code == 0, err
    assert "0 pixels changed outside" in out
    first, half, last = (load_rgb(tmp_path / "between" / f"00{k}.png") for k in range(3))
    assert np.array_equal(first, case.before.image)
    assert np.array_equal(last, load_rgb(without))
    # nearer to each end than the ends are to each other
    apart = _distance(first, last)
    assert max(_distance(first, half), _distance(half, last)) < apart


def _distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.sqrt(((a.astype(float) - b) ** 2).mean()))
