"""Removing things: what is masked is painted anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from photographs import random_pixels
from pixelguide.edit import inpainting
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.edit.inpainting import (
    SCALE_SHARE,
    InpaintSettings,
    fill_behind,
    masked_region,
    nearest,
    target_behind,
)
from pixelguide.edit.masks import load_mask
from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.picture_statistics import PictureStatistics

QUICK: dict[str, Any] = {"num_inference_steps": 4, "num_images": 2}


@pytest.fixture
def mask() -> NDArray[np.bool_]:
    """The house of `target`, 5×5 pixels on sky and grass."""
    mask = np.zeros((16, 16), np.bool_)
    mask[5:10, 4:9] = True
    return mask


# the mask


def test_a_mask_grows_only_when_asked(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(masked_region(mask, 16), mask)
    assert masked_region(mask, 16, dilation=1).sum() == 7 * 7


def test_masks_that_do_not_fit_are_errors(mask: NDArray[np.bool_]) -> None:
    with pytest.raises(InputError, match="the mask is empty"):
        masked_region(np.zeros_like(mask), 16)
    with pytest.raises(InputError, match="the mask leaves nothing"):
        masked_region(np.ones_like(mask), 16)
    with pytest.raises(InputError, match="the mask leaves nothing"):
        masked_region(mask, 16, dilation=16)
    for wrong in (mask[:8], mask.astype(np.uint8)):
        with pytest.raises(InputError, match=r"Give bool of shape \(16, 16\)"):
            masked_region(wrong, 16)


# what lies behind


@given(seed=st.integers(0, 2**20), share=st.floats(0.02, 0.98))
def test_nearest_is_the_nearest(seed: int, share: float) -> None:
    known = np.random.default_rng(seed).random((9, 7)) < share
    known[4, 3] = True
    known[0, 0] = False
    rows, columns = nearest(known, ~known)
    places = np.argwhere(known)
    for pixel, found in zip(np.argwhere(~known), zip(rows, columns, strict=True), strict=True):
        squared = ((places - pixel) ** 2).sum(1)
        assert found == tuple(places[squared.argmin()])


def test_nearest_does_not_depend_on_how_much_is_computed_at_once(
    monkeypatch: pytest.MonkeyPatch, mask: NDArray[np.bool_]
) -> None:
    whole = nearest(~mask, mask)
    monkeypatch.setattr(inpainting, "_DISTANCES", 100)
    assert np.array_equal(nearest(~mask, mask), whole)


def test_what_is_masked_is_filled_from_around(
    source: LabelMap, target: LabelMap, mask: NDArray[np.bool_]
) -> None:
    # each half of the house has its own class behind
    assert np.array_equal(fill_behind(target, mask).ids, source.ids)
    assert np.array_equal(fill_behind(target, mask, ["nature"]).ids, source.ids)


def test_what_is_mostly_masked_is_not_what_lies_behind(
    target: LabelMap, mask: NDArray[np.bool_], labels: LabelSet
) -> None:
    mask[:, 8] = False  # a mask one column too narrow
    filled = fill_behind(target, mask)
    assert labels.id("house") not in filled.ids[mask]
    assert np.array_equal(filled.ids[~mask], target.ids[~mask])


def test_one_class_need_not_be_around(target: LabelMap, mask: NDArray[np.bool_]) -> None:
    target.ids[target.ids == target.labels.id("grass")] = target.labels.id("sky")
    filled = fill_behind(target, mask, ["grass"])
    assert (filled.ids[mask] == target.labels.id("grass")).all()
    assert np.array_equal(filled.ids[~mask], target.ids[~mask])


def test_nothing_to_fill_with_is_an_error(labels: LabelSet, mask: NDArray[np.bool_]) -> None:
    unlabelled = LabelMap(np.full((16, 16), IGNORE, np.uint8), labels)
    for classes in (None, ["sky", "grass"]):
        with pytest.raises(InputError, match="Name one class that lies behind"):
            fill_behind(unlabelled, mask, classes)
    with pytest.raises(InputError, match="unknown class 'sea'"):
        fill_behind(unlabelled, mask, ["sea"])


def test_behind_may_be_said_in_several_ways(
    source: LabelMap, target: LabelMap, mask: NDArray[np.bool_]
) -> None:
    def never() -> LabelMap:
        raise AssertionError("not needed")

    assert target_behind(None, mask, never) is None
    assert target_behind(source, mask, never) is source
    for behind in ("nearest", ["sky", "grass"], "nature"):
        found = target_behind(behind, mask, target.copy)
        assert found is not None
        assert np.array_equal(found.ids, source.ids)
    source.ids[mask] = IGNORE
    with pytest.raises(InputError, match="no labelled pixel"):
        target_behind(source, mask, never)


# settings


def test_guidance_follows_the_size_of_the_mask(mask: NDArray[np.bool_]) -> None:
    defaults = EditDefaults(small_roi=25, small_scale=400, large_scale=300)
    auto = InpaintSettings()
    assert auto.scale(defaults, mask, guided=True) == pytest.approx(400 * SCALE_SHARE)
    mask[0, 0] = True
    assert auto.scale(defaults, mask, guided=True) == pytest.approx(300 * SCALE_SHARE)
    assert auto.scale(defaults, mask, guided=False) == 0
    assert InpaintSettings(guidance_scale=7.0).scale(defaults, mask, guided=True) == 7


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"guidance_scale": 3.0}, "by mask alone, settings. Say what lies behind"),
        ({"guidance_scale": -3.0}, "scale -3"),
        ({"start_timestep": 2000}, "start 2000"),
        ({"num_inference_steps": 1000}, "1000 steps from start 800"),
        ({"num_images": 0}, "num_images"),
        ({"roi": "changed"}, "roi"),
    ],
)
def test_bad_settings_are_named(
    editor: Editor, mask: NDArray[np.bool_], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        editor.inpaint(mask, **QUICK | settings)


def test_the_automatic_scale_goes_by_the_mask_before_it_grows(
    editor: Editor, mask: NDArray[np.bool_]
) -> None:
    editor.defaults = EditDefaults(small_roi=25, small_scale=400, large_scale=300)
    result = editor.inpaint(mask, behind="nearest", dilation=1, **QUICK)
    assert result.settings["guidance_scale"] == pytest.approx(400 * SCALE_SHARE)


# the whole


@pytest.mark.parametrize("behind", [None, "nearest", ["sky"]])
@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_not_a_byte_changes_outside_the_mask(
    editor: Editor,
    picture: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    behind: Any,
    sampler: str,
) -> None:
    result = editor.inpaint(mask, behind=behind, sampler=sampler, **QUICK)
    assert np.array_equal(result.roi, mask)
    assert result.images.shape == (2, 16, 16, 3)
    for image in result.images:
        assert image[~mask].tobytes() == picture[~mask].tobytes()
        assert (image[mask] != picture[mask]).any()
    assert result.changed_pixels_outside == (0, 0)
    assert result.settings["start_timestep"] == 800
    if behind is None:
        assert (result.best, result.behind, result.scores) == (None, None, ())
    else:
        losses = [score.roi_loss for score in result.scores]
        assert result.best is result.scores[int(np.argmin(losses))]


def test_what_is_masked_leaves_no_trace(
    editor: Editor, picture: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    before = editor.inpaint(mask, **QUICK).images
    hidden = picture.copy()
    hidden[mask] = 255 - hidden[mask]
    editor.set_image(hidden)
    after = editor.inpaint(mask, **QUICK).images
    # the noised picture stands in the loop only outside of the mask
    assert before.tobytes() == after.tobytes()


def test_same_seed_same_bytes_and_candidates_of_their_own(
    editor: Editor, mask: NDArray[np.bool_]
) -> None:
    runs = [editor.inpaint(mask, seed=seed, **QUICK).images for seed in (3, 3, 4)]
    assert runs[0].tobytes() == runs[1].tobytes()
    assert (runs[0] != runs[2]).any()
    assert (runs[0][0] != runs[0][1]).any()
    alone = editor.inpaint(mask, seed=3, num_inference_steps=4, num_images=1).images
    # a batch is computed in another order, which may turn a rounding
    assert np.abs(alone[0].astype(int) - runs[0][0]).max() <= 1


def test_by_mask_alone_the_network_is_asked_once_a_step(
    editor: Editor, denoiser: Denoiser, mask: NDArray[np.bool_]
) -> None:
    told: list[dict[str, Any]] = []
    with denoiser.counted() as calls:
        editor.inpaint(mask, on_progress=told.append, **QUICK)
    assert calls == [2] * 4
    assert [(state["stage"], state["done"], state["total"]) for state in told] == [
        ("inpaint", k, 4) for k in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("behind", [None, "nearest", ["sky"]])
def test_without_a_picture_it_says_so(editor: Editor, mask: NDArray[np.bool_], behind: Any) -> None:
    editor._subject = None
    with pytest.raises(InputError, match="Call set_image first"):
        editor.inpaint(mask, behind=behind)


def test_a_map_of_another_size_is_an_error(
    editor: Editor, mask: NDArray[np.bool_], labels: LabelSet
) -> None:
    with pytest.raises(InputError, match="map of 8×8 pixels"):
        editor.inpaint(mask, behind=LabelMap(np.zeros((8, 8), np.uint8), labels))


def test_what_an_earlier_result_left_goes_when_asked(
    editor: Editor, mask: NDArray[np.bool_], tmp_path: Path
) -> None:
    editor.inpaint(mask, **QUICK).save(tmp_path)
    one = editor.inpaint(mask, **QUICK | {"num_images": 1})
    with pytest.raises(InputError, match="holds results"):
        one.save(tmp_path)
    one.save(tmp_path, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"00.png", "roi.png", "report.json"}


def test_a_photograph_s_map_without_a_label_behind_the_mask_is_an_error(
    editor: Editor, labels: LabelSet
) -> None:
    editor.set_image(random_pixels(0, 40, 40), crop="auto")
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    behind = LabelMap(np.full((40, 40), IGNORE, np.uint8), labels)
    with pytest.raises(InputError, match="no labelled pixel"):
        editor.inpaint(mask, behind=behind, **QUICK)
    behind.ids[mask] = 1
    result = editor.inpaint(mask, behind=behind, **QUICK)
    assert result.best is not None
    assert np.isfinite(result.best.roi_loss)


@pytest.mark.parametrize("behind", [None, "nearest"])
def test_saved_files_say_what_the_result_says(
    editor: Editor, mask: NDArray[np.bool_], tmp_path: Path, behind: Any, labels: LabelSet
) -> None:
    result = editor.inpaint(mask, behind=behind, **QUICK)
    result.save(tmp_path / "new")
    files = {"00.png", "01.png", "roi.png", "report.json"} | ({"behind.png"} if behind else set())
    assert {path.name for path in (tmp_path / "new").iterdir()} == files
    assert np.array_equal(load_rgb(tmp_path / "new" / "01.png"), result.images[1])
    assert np.array_equal(load_mask(tmp_path / "new" / "roi.png"), mask)
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert [entry["file"] for entry in report["candidates"]] == ["00.png", "01.png"]
    assert [entry["changed_pixels_outside"] for entry in report["candidates"]] == [0, 0]
    assert report["settings"]["behind"] == behind
    assert "familiarity" not in report  # of a model that does not say what is usual
    assert report["settings"]["model"] == {"name": "tiny"}
    if behind is None:
        assert report["best"] is None
        assert report["settings"]["guidance_scale"] == 0
    else:
        assert result.behind is not None
        saved = LabelMap.load(tmp_path / "new" / "behind.png", labels)
        assert np.array_equal(saved.ids, result.behind.ids)
        losses = [entry["roi_loss"] for entry in report["candidates"]]
        assert report["best"] == f"0{np.argmin(losses)}.png"
        assert report["settings"]["guidance_scale"] > 0


@pytest.mark.parametrize("behind", [("sky", "grass"), "map"])
def test_settings_say_what_was_behind(
    editor: Editor, mask: NDArray[np.bool_], labels: LabelSet, behind: Any
) -> None:
    given = LabelMap(np.ones((16, 16), np.uint8), labels) if behind == "map" else behind
    result = editor.inpaint(mask, behind=given, **QUICK)
    assert result.settings["behind"] == (behind if behind == "map" else list(behind))


def test_how_familiar_the_picture_is_comes_with_the_result(
    editor: Editor, mask: NDArray[np.bool_], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "statistics", PictureStatistics(pictures=3))
    report = editor.inpaint(mask, **QUICK).report()
    assert report["familiarity"] == editor.familiarity().model_dump()
