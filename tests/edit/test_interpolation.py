"""From one picture to another through their latents."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from conftest import seeded
from pixelguide.edit.editor import Editor
from pixelguide.edit.interpolation import (
    InterpolationSettings,
    Way,
    blend,
    differing_region,
    paper_start,
)
from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.prior.schedule import Schedule

QUICK: dict[str, Any] = {"num_inference_steps": 4, "start_timestep": 300}
EVERYWHERE = torch.ones(8, 8, dtype=torch.bool)


@pytest.fixture
def other(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with other colours on 4×5 pixels."""
    other = picture.copy()
    other[5:9, 4:9] = 255 - other[5:9, 4:9]
    return other


# formulas


def test_halfway_between_orthogonal_latents_has_their_length() -> None:
    x_a, x_b = torch.zeros(2, 1, 1, 1, 2)
    x_a[..., 0], x_b[..., 1] = 3, 3
    middle = blend(x_a, x_b, torch.tensor([0.5]), torch.ones(1, 2, dtype=torch.bool))
    assert torch.allclose(middle.flatten(), torch.full((2,), 3 / math.sqrt(2)))
    third = blend(x_a, x_b, torch.tensor([1 / 3]), torch.ones(1, 2, dtype=torch.bool))
    expected = torch.tensor([3 * math.cos(math.pi / 6), 3 * math.sin(math.pi / 6)])
    assert torch.allclose(third.flatten(), expected)


def test_linear_is_the_weighted_mean() -> None:
    x_a, x_b = torch.randn(2, 1, 3, 8, 8, generator=seeded(0))
    found = blend(x_a, x_b, torch.tensor([0.25]), EVERYWHERE, "linear")
    assert torch.allclose(found, 0.75 * x_a + 0.25 * x_b)


@given(
    seed=st.integers(0, 2**20),
    strength=st.floats(0, 1),
    way=st.sampled_from(["spherical", "linear"]),
)
def test_the_way_back_is_the_way_there(seed: int, strength: float, way: Way) -> None:
    x_a, x_b = torch.randn(2, 1, 3, 8, 8, generator=seeded(seed), dtype=torch.float64)
    there = blend(x_a, x_b, torch.tensor([strength], dtype=torch.float64), EVERYWHERE, way)
    back = blend(x_b, x_a, torch.tensor([1 - strength], dtype=torch.float64), EVERYWHERE, way)
    assert torch.allclose(there, back)


@pytest.mark.parametrize("way", ["spherical", "linear"])
def test_the_ends_of_the_way_are_the_latents(way: Way) -> None:
    x_a, x_b = torch.randn(2, 1, 3, 8, 8, generator=seeded(0))
    ends = blend(x_a, x_b, torch.tensor([0.0, 1.0]), EVERYWHERE, way)
    assert torch.allclose(ends[:1], x_a, atol=1e-6)
    assert torch.allclose(ends[1:], x_b, atol=1e-6)


def test_unrelated_noises_keep_their_variance_only_on_the_sphere() -> None:
    x_a, x_b = torch.randn(2, 1, 3, 64, 64, generator=seeded(0))
    everywhere = torch.ones(64, 64, dtype=torch.bool)
    half = torch.tensor([0.5])
    assert blend(x_a, x_b, half, everywhere).std() == pytest.approx(1, abs=0.02)
    linear = blend(x_a, x_b, half, everywhere, "linear")
    assert linear.std() == pytest.approx(math.sqrt(0.5), abs=0.02)


def test_only_the_region_is_on_the_sphere() -> None:
    x_a = torch.randn(1, 3, 8, 8, generator=seeded(0))
    x_b = x_a.clone()
    region = torch.zeros(8, 8, dtype=torch.bool)
    region[2:6, 2:6] = True
    x_b[..., region] = torch.randn(1, 3, 16, generator=seeded(1))
    middle = blend(x_a, x_b, torch.tensor([0.5]), region)
    assert torch.allclose(middle[..., ~region], x_a[..., ~region])
    alone = blend(x_a[..., 2:6, 2:6], x_b[..., 2:6, 2:6], torch.tensor([0.5]), region[2:6, 2:6])
    assert torch.allclose(middle[..., 2:6, 2:6], alone)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0])
def test_latents_without_an_angle_are_blended_linearly(factor: float) -> None:
    x_a = torch.randn(1, 3, 8, 8, generator=seeded(0))
    found = blend(x_a, factor * x_a, torch.tensor([0.25]), EVERYWHERE)
    assert torch.allclose(found, (0.75 + 0.25 * factor) * x_a, atol=1e-5)


# the region


def test_the_region_is_where_the_pictures_differ(
    picture: NDArray[np.uint8], other: NDArray[np.uint8]
) -> None:
    assert differing_region(picture, other).sum() == 4 * 5
    assert differing_region(picture, other, dilation=1).sum() == 6 * 7
    given_roi = np.zeros((16, 16), np.bool_)
    given_roi[:10] = True
    assert differing_region(picture, other, given_roi, dilation=3) is given_roi


def test_regions_and_pictures_that_do_not_fit_are_errors(
    picture: NDArray[np.uint8], other: NDArray[np.uint8]
) -> None:
    with pytest.raises(InputError, match="both pictures are the same"):
        differing_region(picture, picture)
    with pytest.raises(InputError, match="pictures of shape"):
        differing_region(picture, other[:8])
    roi = np.zeros((16, 16), np.bool_)
    with pytest.raises(InputError, match="differ on 20 pixels outside the region"):
        differing_region(picture, other, roi)
    for wrong in (roi[:8], roi.astype(np.uint8)):
        with pytest.raises(InputError, match=r"Give bool of shape \(16, 16\)"):
            differing_region(picture, other, wrong)


# the whole


@pytest.mark.parametrize("way", ["spherical", "linear"])
def test_frames_begin_and_end_with_the_pictures_and_change_only_in_the_region(
    editor: Editor, picture: NDArray[np.uint8], other: NDArray[np.uint8], way: str
) -> None:
    result = editor.interpolate(other, num_frames=4, path=way, **QUICK)
    assert result.strengths == pytest.approx((0, 1 / 3, 2 / 3, 1))
    assert result.frames[0].tobytes() == picture.tobytes()
    assert result.frames[-1].tobytes() == other.tobytes()
    assert result.roi.sum() == 6 * 7  # dilated by one, as for edits at this size
    for frame in result.frames:
        assert frame[~result.roi].tobytes() == picture[~result.roi].tobytes()
    assert (result.frames[1][result.roi] != picture[result.roi]).any()
    assert (result.frames[1] != result.frames[2]).any()
    assert result.changed_pixels_outside == 0


def test_a_frame_is_picked_by_its_strength(editor: Editor, other: NDArray[np.uint8]) -> None:
    every = editor.interpolate(other, num_frames=5, **QUICK)
    one = editor.interpolate(other, strengths=[0.75], **QUICK)
    assert one.frames.shape == (1, 16, 16, 3)
    # a batch is computed in another order, which may turn a rounding
    assert np.abs(one.frames[0].astype(int) - every.frames[3]).max() <= 1


def test_the_same_pictures_give_the_same_bytes(editor: Editor, other: NDArray[np.uint8]) -> None:
    first, again = (editor.interpolate(other, num_frames=3, **QUICK).frames for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_two_edits_of_one_picture(
    editor: Editor, picture: NDArray[np.uint8], other: NDArray[np.uint8]
) -> None:
    another = picture.copy()
    another[1:3, 1:3] = 0
    editor.set_image(other)
    result = editor.interpolate(another, num_frames=3, dilation=0, **QUICK)
    assert result.roi.sum() == 4 * 5 + 2 * 2
    assert result.frames[1][~result.roi].tobytes() == picture[~result.roi].tobytes()


def test_many_frames_come_in_parts_and_tell_of_it(editor: Editor, other: NDArray[np.uint8]) -> None:
    told: list[dict[str, Any]] = []
    result = editor.interpolate(other, num_frames=13, on_progress=told.append, **QUICK)
    assert [(state["stage"], state["done"], state["total"]) for state in told] == [
        ("frames", 8, 11),
        ("frames", 11, 11),
    ]
    assert all((result.frames[k] != result.frames[k + 1]).any() for k in range(12))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"strengths": [0.5, 1.5]}, r"strength 1\.5, settings. It must lie in 0 … 1"),
        ({"strengths": []}, "strengths"),
        ({"num_frames": 1}, "num_frames"),
        ({"path": "curved"}, "path"),
        ({"start_timestep": 2000}, "start 2000"),
        ({"start_timestep": 3, "num_inference_steps": 4}, "4 steps from start 3"),
        ({"speed": 2}, "speed"),
    ],
)
def test_bad_settings_are_named(
    editor: Editor, other: NDArray[np.uint8], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        editor.interpolate(other, **QUICK | settings)


def test_without_a_picture_it_says_so(editor: Editor, other: NDArray[np.uint8]) -> None:
    editor._subject = None
    with pytest.raises(InputError, match="Call set_image first"):
        editor.interpolate(other)


def test_the_other_picture_must_fit_the_model(editor: Editor) -> None:
    with pytest.raises(InputError, match="but the model works at 16×16"):
        editor.interpolate(np.zeros((8, 8, 3), np.uint8))


def test_saved_files_say_what_the_result_says(
    editor: Editor, other: NDArray[np.uint8], tmp_path: Path
) -> None:
    result = editor.interpolate(other, num_frames=3, **QUICK)
    result.save(tmp_path / "new")
    names = {path.name for path in (tmp_path / "new").iterdir()}
    frames = {"000.png", "001.png", "002.png"}
    assert names == frames | {"grid.png", "frames.gif", "roi.png", "report.json"}
    for k in range(3):
        assert np.array_equal(load_rgb(tmp_path / "new" / f"00{k}.png"), result.frames[k])
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report["frames"][1] == {"file": "001.png", "strength": 0.5}
    assert report["roi_pixels"] == 42
    assert report["changed_pixels_outside"] == 0
    settings = report["settings"]
    assert settings["start_timestep"] == 300
    assert settings["path"] == "spherical"
    assert settings["dilation"] == 1  # the model's own
    assert settings["model"] == {"name": "tiny"}
    assert {"inversion", "decoding", "total"} == set(report["seconds"])


def test_a_single_frame_needs_no_film(
    editor: Editor, other: NDArray[np.uint8], tmp_path: Path
) -> None:
    editor.interpolate(other, strengths=[0.5], **QUICK).save(tmp_path)
    assert not (tmp_path / "frames.gif").exists()


@pytest.mark.parametrize(("size", "start"), [(256, 500), (64, 230), (512, 617)])
def test_the_start_hides_as_much_of_a_picture_of_any_size(size: int, start: int) -> None:
    found = paper_start(Schedule.linear(), size)
    assert abs(found - start) <= 3
    assert InterpolationSettings().start(Schedule.linear(), size) == found
    assert InterpolationSettings(start_timestep=500).start(Schedule.linear(), size) == 500
