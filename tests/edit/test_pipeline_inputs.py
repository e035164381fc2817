from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import seeded
from pixelguide.edit.pipeline_inputs import (
    as_output,
    as_picture,
    batched,
    images_per_picture,
    per_candidate,
    unstacked,
)
from pixelguide.errors import InputError


def test_lists_go_together_and_the_rest_serves_all() -> None:
    assert batched(image=1, target_map=2) == (False, [{"image": 1, "target_map": 2}])
    several, each = batched(image=[1, 2], target_map=3, source_map=None)
    assert several
    assert [(one["image"], one["target_map"]) for one in each] == [(1, 3), (2, 3)]
    assert all(one["source_map"] is None for one in each)


@pytest.mark.parametrize("given", [{"image": [1], "target_map": [1, 2]}, {"image": []}])
def test_lists_that_do_not_go_together_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="lists of different lengths"):
        batched(**given)


def test_pictures_come_as_diffusers_gives_them() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    for kind in ("np", "pt"):
        again = [as_picture(one) for one in unstacked(as_output(picture, kind))]
        assert np.array_equal(np.stack(again), picture)
    image = Image.fromarray(picture[0])
    assert as_picture(image) is image
    assert as_picture(picture[0]) is not None


@pytest.mark.parametrize(
    "image",
    [
        np.full((4, 4, 3), 1.5),
        np.full((4, 4, 3), -0.1),
        np.full((4, 4, 3), np.nan),
        torch.full((3, 4, 4), 2.0),
        torch.zeros((3, 4, 4), dtype=torch.uint8),
        torch.zeros((4, 4)),
    ],
)
def test_pictures_of_no_clear_meaning_are_refused(image: Any) -> None:
    with pytest.raises(InputError, match=r"image\. "):
        as_picture(image)


def test_every_candidate_has_its_own_generator() -> None:
    def drawn(*arguments: Any) -> list[float]:
        return [float(torch.rand(1, generator=g)) for g in per_candidate(*arguments)]

    assert drawn(seeded(1), 3)[:2] == drawn(seeded(1), 2)
    assert drawn([seeded(1), seeded(2)], 1, 2) == [*drawn(seeded(1), 1), *drawn(seeded(2), 1)]
    assert len(set(drawn(seeded(1), 2, 3))) == 6
    assert drawn(None, 1) != drawn(None, 1)
    with pytest.raises(InputError, match="2 generators for 6 images"):
        per_candidate([seeded(1), seeded(2)], 3, 2)


def test_both_names_for_the_number_mean_the_same() -> None:
    assert images_per_picture(None, None) == 4
    assert images_per_picture(3, None) == images_per_picture(None, 3) == images_per_picture(3, 3)
    with pytest.raises(InputError, match="They mean the same"):
        images_per_picture(2, 3)
    with pytest.raises(InputError, match=r"num_images 0.*1 … 64"):
        images_per_picture(0, None)
