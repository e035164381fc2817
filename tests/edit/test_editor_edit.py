"""An edit: what it does to the picture, and what it tells on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from conftest import make_bank, seeded
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.picture_statistics import PictureStatistics

QUICK: dict[str, Any] = {
    "schedule": "fast",
    "num_inference_steps": 4,
    "start_timestep": 300,
    "num_images": 2,
}


# what an edit does


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
@pytest.mark.parametrize("roi", ["classes", "changed"])
@pytest.mark.parametrize("scale", [0.0, 3.0, 1e6])
def test_not_a_byte_changes_outside_the_region(
    editor: Editor,
    picture: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    sampler: str,
    roi: str,
    scale: float,
) -> None:
    result = editor.edit(
        target,
        source=source,
        edit_classes=["house"],
        sampler=sampler,
        roi=roi,
        guidance_scale=scale,
        **QUICK,
    )
    assert result.roi.any()
    assert not result.roi.all()
    for candidate in result.candidates:
        assert candidate.image[~result.roi].tobytes() == picture[~result.roi].tobytes()
        assert candidate.changed_pixels_outside == 0
        assert (candidate.image[result.roi] != picture[result.roi]).any()
        assert 0 <= candidate.roi_accuracy <= 1
        assert np.isfinite(candidate.roi_loss)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_same_seed_same_bytes_and_another_seed_others(
    editor: Editor, source: LabelMap, target: LabelMap, sampler: str
) -> None:
    images = [
        np.stack(
            [
                c.image
                for c in editor.edit(
                    target, source=source, seed=seed, sampler=sampler, **QUICK
                ).candidates
            ]
        )
        for seed in (1, 1, 2)
    ]
    assert images[0].tobytes() == images[1].tobytes()
    if sampler == "ddpm":
        assert (images[0] != images[2]).any()
        assert (images[0][0] != images[0][1]).any(), "candidates differ"


def test_a_candidate_does_not_depend_on_its_neighbours(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    settings = {**QUICK, "num_images": 3}
    three = editor.edit(target, source=source, **settings).candidates
    one = editor.edit(target, source=source, **{**settings, "num_images": 1}).candidates
    assert np.abs(three[0].image.astype(int) - one[0].image).max() <= 1  # rounding
    assert three[0].roi_loss == pytest.approx(one[0].roi_loss, rel=1e-2)


def test_generators_take_the_place_of_the_seed(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    settings = {name: value for name, value in QUICK.items() if name != "num_images"}

    def edit(*seeds: int) -> list[NDArray[np.uint8]]:
        generators = [seeded(seed) for seed in seeds]
        result = editor.edit(target, source=source, generators=generators, **settings)
        assert result.settings["num_images"] == len(seeds)
        return [candidate.image for candidate in result.candidates]

    first, second, third = edit(7, 8, 7)
    assert np.abs(first.astype(int) - third).max() <= 1
    assert (first != second).any()
    assert np.abs(edit(8)[0].astype(int) - second).max() <= 1
    with pytest.raises(InputError, match="num_images"):
        edit()


def test_with_generators_no_seed_is_claimed(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    drawn = editor.edit(target, source=source, generators=[seeded(5)], **{**QUICK, "num_images": 1})
    assert drawn.settings["seed"] is None
    assert editor.edit(target, source=source, seed=7, **QUICK).settings["seed"] == 7


def test_what_is_painted_afterwards_is_not_in_the_result(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    result = editor.edit(target, source=source, **QUICK)
    expected = target.ids.copy(), source.ids.copy()
    target.ids[:], source.ids[:] = 0, 0
    assert np.array_equal(result.target.ids, expected[0])
    assert np.array_equal(result.source.ids, expected[1])


def test_familiarity_is_reported_once_it_has_been_asked_for(
    editor: Editor, denoiser: Denoiser, source: LabelMap, target: LabelMap
) -> None:
    editor.statistics = PictureStatistics(pictures=2)
    editor.set_image(editor.image)
    with denoiser.counted() as passes:
        result = editor.edit(target, source=source, **QUICK)
    assert result.familiarity is None
    steps, scoring = QUICK["num_inference_steps"], len(editor._segmenter.bank.timesteps[0])
    assert len(passes) == 3 + steps + scoring  # and no pass about anything but the edit
    found = editor.familiarity()
    assert editor.edit(target, source=source, **QUICK).familiarity == found.model_dump()


def test_edits_work_in_inference_mode_and_after_it(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    expected = editor.edit(target, source=source, **QUICK).best.image
    editor.set_image(editor.image)
    with torch.inference_mode():
        inside = editor.edit(target, source=source, **QUICK).best.image
    after = editor.edit(target, source=source, **QUICK).best.image
    assert inside.tobytes() == after.tobytes() == expected.tobytes()


def test_at_scale_0_the_guide_is_not_asked(
    editor: Editor, denoiser: Denoiser, source: LabelMap, target: LabelMap
) -> None:
    other_guide = make_bank(denoiser, [[0], [200]], seed=99)
    other = Editor(denoiser, editor._segmenter.bank, other_guide, editor.labels, editor.defaults)
    other.set_image(editor.image)

    def images(by: Editor, scale: float) -> NDArray[np.uint8]:
        result = by.edit(target, source=source, guidance_scale=scale, **QUICK)
        return np.stack([candidate.image for candidate in result.candidates])

    assert np.array_equal(images(editor, 0.0), images(other, 0.0))
    assert (images(editor, 1e4) != images(other, 1e4)).any()
    assert (images(editor, 1e4) != images(editor, 0.0)).any()


def test_guidance_brings_the_region_closer_to_the_map(
    denoiser: Denoiser, labels: LabelSet, picture: NDArray[np.uint8], source: LabelMap,
    target: LabelMap,
) -> None:  # fmt: skip
    # guide and segmenter are the same classifier, so to follow the guide is to be read right
    bank = make_bank(denoiser, [[0]], seed=4)
    editor = Editor(denoiser, bank, bank, labels)
    editor.set_image(picture)
    settings = {"num_inference_steps": 10, "start_timestep": 300, "num_images": 3}
    losses = [
        np.mean(
            [
                candidate.roi_loss
                for candidate in editor.edit(
                    target, source=source, guidance_scale=scale, edit_classes=["house"], **settings
                ).candidates
            ]
        )
        for scale in (0.0, 300.0)
    ]
    assert losses[1] < losses[0]


def test_the_inversion_is_made_once(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    def passes(**settings: Any) -> list[int]:
        with editor._denoiser.counted() as calls:
            editor.edit(target, source=source, **{**QUICK, **settings})
        return calls

    # 3 passes to invert 4 levels; 4 steps, the first from the start that both candidates share;
    # and one pass for each of the two timesteps that f_multi scores the candidates by
    assert passes() == [1] * 3 + [1] + [2] * 3 + [2] * 2
    assert passes(seed=1) == [1] + [2] * 5
    assert passes(num_images=3) == [1] + [3] * 5
    assert passes(start_timestep=200) == [1] * 3 + [1] + [2] * 5, "another start, another inversion"
    assert passes(num_inference_steps=3) == [1] + [2] * 4, "the same inversion serves other steps"
    assert passes(inversion_steps=3) == [1] * 2 + [1] + [2] * 5
    assert passes(schedule="paper", num_inference_steps="auto")[:51] == [1] * 50 + [2]
    assert passes() == [1] + [2] * 5, "the first one is still known"


def test_reconstruction_comes_back_to_the_picture_when_there_is_little_noise(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    near = editor.reconstruct(20, steps=20).astype(int) - picture
    assert np.abs(near).mean() < 4
    with pytest.raises(InputError):
        editor.reconstruct(1, steps=5)


# watching


def test_progress_tells_of_every_step(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    told: list[dict[str, Any]] = []
    result = editor.edit(target, source=source, on_progress=told.append, **QUICK)
    assert [state["done"] for state in told] == [1, 2, 3, 4]
    assert {(state["stage"], state["total"]) for state in told} == {("edit", 4)}
    assert [state["t"] for state in told] == [299, 224, 149, 74]
    for state in told:
        assert state["preview"].shape == (2, 16, 16, 3)
        assert state["preview"].dtype == np.uint8
        outside = state["preview"][:, ~result.roi]
        assert (outside == editor.image[~result.roi]).all()
    assert set(result.seconds) == {"segment", "inversion", "sampling", "scoring", "total"}
    assert result.seconds["total"] >= result.seconds["sampling"] > 0


def test_an_exception_in_the_callback_ends_the_edit_and_nothing_else(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    before = editor.edit(target, source=source, **QUICK).best.image

    class StopError(Exception):
        pass

    seen: list[int] = []

    def stop(state: dict[str, Any]) -> None:
        seen.append(state["done"])
        if state["done"] == 2:
            raise StopError

    with pytest.raises(StopError):
        editor.edit(target, source=source, on_progress=stop, **QUICK)
    assert seen == [1, 2]
    with editor._denoiser.counted() as calls:
        after = editor.edit(target, source=source, **QUICK).best.image
    assert np.array_equal(before, after)
    assert calls == [1] + [2] * 5, "no hook of the ended run is left to work again"


def test_gradients_stay_inside(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    with torch.no_grad():
        quiet = editor.edit(target, source=source, **QUICK).best.image
        assert not torch.is_grad_enabled()
    loud = editor.edit(target, source=source, **QUICK).best.image
    assert torch.is_grad_enabled()
    assert np.array_equal(quiet, loud)


# where it starts


def colour_editor(like: Editor, colours: dict[str, tuple[int, int, int]], image: Any) -> Editor:
    """`like` with a category that starts from colours, its picture read."""
    defaults = EditDefaults(start_from="colours", colours=colours, dilation=1)
    editor = Editor(like.denoiser, like._segmenter.bank, like._guide, like.labels, defaults)
    editor.set_image(image)
    return editor


def test_an_edit_may_start_from_colours(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    red = colour_editor(editor, {"house": (250, 0, 0)}, picture)
    blue = colour_editor(editor, {"house": (0, 0, 250)}, picture)
    chosen = {**QUICK, "start_timestep": 20, "guidance_scale": 0.0}
    results = [own.edit(target, source=source, **chosen) for own in (red, blue)]
    house = (target.ids != source.ids) & (target.ids == target.labels.id("house"))
    means = [result.candidates[0].image[house].mean(0) for result in results]
    assert means[0][0] > means[1][0] + 50  # little noise: what was painted is what is seen
    assert means[0][2] < means[1][2] - 50
    for result in results:
        assert result.settings["start_from"] == "colours"
        outside = [own.changed_pixels_outside for own in result.candidates]
        assert outside == [0, 0]
        first, second = (own.image for own in result.candidates)
        assert not np.array_equal(first, second)


def test_no_pass_is_spent_on_an_inversion_that_colours_replace(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    own = colour_editor(editor, {}, picture)
    with own.denoiser.counted() as calls:
        own.edit(target, source=source, **QUICK)
    passes = len(calls)
    with own.denoiser.counted() as calls:
        own.edit(target, source=source, start_from="inversion", inversion_steps=5, **QUICK)
    assert len(calls) == passes + 4


def test_colours_of_unknown_classes_are_refused(editor: Editor, picture: Any) -> None:
    with pytest.raises(InputError, match="unknown class 'roof'"):
        colour_editor(editor, {"roof": (1, 2, 3)}, picture)
