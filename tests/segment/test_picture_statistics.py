"""What a category's pictures are like: measured, kept, compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.prior.bundle import ModelFolder
from pixelguide.segment.category import calibrate
from pixelguide.segment.picture_statistics import (
    PictureStatistics,
    Range,
    find_eyes,
    load_statistics,
)

EYES = ((0.3, 0.4), (0.7, 0.45))


def test_eyes_of_portraits_are_found_where_they_are_drawn() -> None:
    maps = np.stack([render(portrait_at(0, k), 64).label_ids for k in range(20)])
    (x1, y1), (x2, y2) = find_eyes(maps, LABELS) or EYES
    assert 64 * x1 == pytest.approx(32 - 8.3, abs=1)
    assert 64 * x2 == pytest.approx(32 + 8.3, abs=1)
    assert 64 * y1 == pytest.approx(31, abs=1.5)
    assert 64 * y2 == pytest.approx(31, abs=1.5)


@pytest.mark.parametrize(
    ("names", "groups", "found"),
    [
        (("skin", "l_eye"), {}, True),
        (("skin", "iris"), {}, True),
        (("skin", "thing"), {"eyes": ("thing",)}, True),
        (("skin", "eyebrow"), {}, False),
        (("skin", "eyelashes"), {}, False),
        (("skin", "eye_g"), {}, False),
        (("skin", "eyeglasses"), {}, False),
    ],
)
def test_eyes_are_told_by_their_names(
    names: tuple[str, ...], groups: dict[str, tuple[str, ...]], found: bool
) -> None:
    maps = np.zeros((1, 8, 8), np.uint8)
    maps[0, 3, [1, 6]] = 1
    labels = LabelSet(names, ((0, 0, 0), (1, 1, 1)), groups)
    expected = ((1.5 / 8, 3.5 / 8), (6.5 / 8, 3.5 / 8)) if found else None
    assert find_eyes(maps, labels) == expected


def test_maps_without_two_eyes_say_nothing() -> None:
    labels = LabelSet(("skin", "eye"), ((0, 0, 0), (1, 1, 1)))
    maps = np.zeros((2, 8, 8), np.uint8)
    maps[1, 3, 4] = 1
    assert find_eyes(maps, labels) is None


def test_a_reach_of_nothing_does_not_make_everything_strange() -> None:
    assert Range(median=10, highest=10).distance(10.5) == pytest.approx(0.5)


def test_the_limit_lies_as_far_above_the_highest_as_that_above_the_median() -> None:
    assert Range(median=2, highest=3).limit == 4


def test_calibrating_keeps_the_manifest_right(category: Path) -> None:
    before = ModelFolder.open(category)
    assert load_statistics(before) == PictureStatistics()
    assert calibrate(category, eyes=EYES).eyes == EYES
    again = ModelFolder.open(category)  # checks every hash
    assert load_statistics(again).eyes == EYES
    listed = json.loads((category / "manifest.json").read_text())["sha256"]
    assert listed["domain.json"] == again.hashes["domain.json"]
    assert {name: again.hashes[name] for name in before.hashes} == before.hashes


@pytest.mark.parametrize("eyes", [((0.3, 0.4), (1.7, 0.4)), ((-0.1, 0.4), (0.7, 0.4))])
def test_eyes_outside_the_picture_are_refused(
    category: Path, eyes: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    with pytest.raises(InputError, match="eyes"):
        calibrate(category, eyes=eyes)


def test_a_damaged_domain_is_an_error_that_names_it(category: Path) -> None:
    (category / "manifest.json").unlink()
    (category / "domain.json").write_text('{"pictures": "many"}')
    with pytest.raises(InputError, match=r"pictures.*domain\.json"):
        load_statistics(ModelFolder.open(category))
