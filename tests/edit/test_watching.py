"""An edit that watches itself: made again, stronger, until it reaches its map or passes run out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.edit.watching import BUDGET, Settling
from pixelguide.errors import InputError
from pixelguide.guidance.sampling import Step
from pixelguide.labels import LabelMap

QUICK: dict[str, Any] = {"num_inference_steps": 2, "start_from": "colours", "num_images": 2}


@pytest.fixture
def watching(tiny_editor: Editor, picture: NDArray[np.uint8]) -> Editor:
    """An editor that knows what to expect: more than a network of random weights reaches."""
    tiny_editor.set_image(picture)
    tiny_editor.defaults = EditDefaults(
        small_roi=250, small_start=200, small_scale=3, guidance_unit="noise", dilation=1,
        expected={"small": 1.0, "large": 1.0},
    )  # fmt: skip
    return tiny_editor


def test_what_falls_short_is_made_again_with_more_change(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    watched = watching.edit(target, source=source, **QUICK).watched
    assert watched
    rounds = watched["rounds"]
    assert [r["passes"] for r in rounds] == [2] * BUDGET
    assert watched["passes"] == watched["max_passes"] == 2 * BUDGET
    assert not watched["reached"]
    assert rounds[1]["guidance_scale"] > rounds[0]["guidance_scale"]
    assert rounds[2]["start_timestep"] > rounds[1]["start_timestep"] == rounds[0]["start_timestep"]
    accuracies = [r["roi_accuracy"] for r in rounds]
    assert accuracies == sorted(accuracies) or len({*accuracies}) > 1


def test_an_edit_that_reaches_its_map_is_made_once(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    plain = watching.edit(target, source=source, **QUICK, guidance_scale=3, guidance_unit="noise")
    watching.defaults = watching.defaults.model_copy(update={"expected": {"small": 0.0}})
    result = watching.edit(target, source=source, **QUICK)
    assert result.watched
    assert result.watched["reached"]
    assert len(result.watched["rounds"]) == 1
    for one, two in zip(result.candidates, plain.candidates, strict=True):
        assert (one.image == two.image).all()


def test_a_report_brings_the_result_back(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    first = watching.edit(target, source=source, **QUICK, max_passes=6)
    known = {key: first.settings[key] for key in (
        "start_timestep", "guidance_scale", "guidance_unit", "max_passes", "temperature"
    )}  # fmt: skip
    again = watching.edit(target, source=source, **QUICK, **known)
    assert again.watched == first.watched
    for one, two in zip(first.candidates, again.candidates, strict=True):
        assert (one.image == two.image).all()


def test_candidates_do_not_depend_on_their_number(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    two = watching.edit(target, source=source, **QUICK)
    one = watching.edit(target, source=source, **{**QUICK, "num_images": 1})
    assert (two.candidates[0].image == one.candidates[0].image).all()


def test_progress_shows_all_candidates(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    shapes = []
    watching.edit(
        target, source=source, **QUICK,
        on_progress=lambda state: shapes.append(state["preview"].shape),
    )  # fmt: skip
    assert {*shapes} == {(2, 16, 16, 3)}
    assert len(shapes) == 2 * BUDGET


def test_settings_of_ones_own_are_kept_to(
    watching: Editor, source: LabelMap, target: LabelMap
) -> None:
    assert watching.edit(target, source=source, **QUICK, start_timestep=100).watched is None
    assert watching.edit(target, source=source, **QUICK, guidance_scale=1).watched is None


def test_passes_for_a_model_that_expects_nothing_are_one_error(
    tiny_editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    tiny_editor.set_image(picture)
    with pytest.raises(InputError, match=r"max-passes.*pixelguide tune"):
        tiny_editor.edit(target, source=source, max_passes=9)


def test_a_run_ends_once_nothing_moves() -> None:
    region = torch.zeros(4, 4, dtype=torch.bool)
    region[1:3] = True
    settling = Settling(0.9, region)
    x_0 = torch.zeros(1, 3, 4, 4)

    def step(number: int, x_0: torch.Tensor, accuracy: float) -> Step:
        seen = torch.full((1,), accuracy)
        return Step(number, 9, 100, x_0, seen, seen, x_0, 1.0)

    assert settling(step(1, x_0, 1.0)) is None, "nothing to compare with"
    assert settling(step(2, x_0, 0.5)) is None, "the map is not followed"
    assert settling(step(3, x_0 + 0.1, 1.0)) is None, "it moves"
    outside = torch.where(region, x_0 + 0.1, 1.0)
    stop = settling(step(4, outside, 1.0))
    assert stop
    assert stop.stop
    assert settling.steps == 4
