from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.cross_validate import cross_validate, parts
from eye import Eye
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining

QUICK = ClassifierTraining(
    segment_timesteps=(50,), iterations=60, noise_draws=1, weight_decay=0.0, pixels=64
)


def _pictures(labels: LabelSet, odd: int | None = None) -> LabelledPictures:
    """Six pictures whose colours tell the class; in picture `odd` they tell another one."""
    ids = np.random.default_rng(0).integers(0, 3, (6, 8, 8)).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    if odd is not None:
        ids[odd] = (ids[odd] + 1) % 3
    return LabelledPictures(images, ids, labels)


def test_every_picture_is_left_out_once() -> None:
    split = parts(13, 5, seed=1)
    assert [len(part) for part in split] == [5, 5, 3]
    assert sorted(np.concatenate(split)) == list(range(13))


@pytest.mark.parametrize("leave_out", [0, 6, 7])
def test_nothing_to_learn_from_is_refused(leave_out: int) -> None:
    with pytest.raises(InputError, match=f"leaving out {leave_out} of 6"):
        parts(6, leave_out, seed=0)


def test_pictures_are_read_by_classifiers_that_have_not_seen_them(labels: LabelSet) -> None:
    eye: Any = Eye()
    counts = cross_validate(eye, _pictures(labels), QUICK, 2)
    assert counts.sum() == 6 * 8 * 8
    assert np.trace(counts) > 0.95 * counts.sum()
    # what one picture teaches against all others helps nobody to read it
    odd = cross_validate(eye, _pictures(labels, odd=4), QUICK, 1)
    assert np.trace(odd) == pytest.approx(5 * 8 * 8, rel=0.05)
