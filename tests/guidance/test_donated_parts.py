from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.guidance.donated_parts import Donated, donated_parts
from pixelguide.labels import LabelMap, LabelSet

SIZE = 48
Ellipse = tuple[float, float, float, float]
"""Row and column of the centre, and both half axes."""
EVERYWHERE = np.ones((SIZE, SIZE), np.bool_)


def _inside(ellipse: Ellipse) -> NDArray[np.float64]:
    """How far pixels are from the centre, in half axes."""
    row, column, height, width = ellipse
    places = np.mgrid[:SIZE, :SIZE] + 0.5
    return np.hypot((places[0] - row) / height, (places[1] - column) / width)


def _map(labels: LabelSet, *ellipses: Ellipse) -> LabelMap:
    ids = np.full((SIZE, SIZE), labels.id("grass"), np.uint8)
    for ellipse in ellipses:
        ids[_inside(ellipse) < 1] = labels.id("house")
    return LabelMap(ids, labels)


def _picture(ground: float, *ellipses: tuple[Ellipse, float]) -> NDArray[np.uint8]:
    """Ground of one grey, and cones that are brightest in their centres, in a colour each."""
    image = np.full((SIZE, SIZE, 3), ground)
    for ellipse, most in ellipses:
        away = _inside(ellipse)[..., None]
        image = np.where(away < 1, most - 60 * away, image)
    return np.round(image).astype(np.uint8)


def _given(
    labels: LabelSet, new: tuple[Ellipse, ...], donor: NDArray[np.uint8], shown: LabelMap
) -> Donated:
    image = _picture(100)
    return donated_parts(
        image, _map(labels), _map(labels, *new), ["house"], EVERYWHERE, donor, shown
    )


def test_a_part_comes_in_the_painted_shape(labels: LabelSet) -> None:
    old, new = (20.0, 22.0, 5.0, 9.0), (26.0, 25.0, 8.0, 12.0)
    given = _given(labels, (new,), _picture(100, (old, 220)), _map(labels, old))
    inside = _inside(new) < 0.85
    expected = _picture(100, (new, 220))
    got = given.onto(_picture(100)).astype(int)
    assert np.abs(got - expected)[inside].max() <= 12
    assert np.abs(got - expected)[inside].mean() <= 3


def test_each_part_comes_from_the_nearest(labels: LabelSet) -> None:
    left, right = (24.0, 12.0, 4.0, 6.0), (24.0, 36.0, 4.0, 6.0)
    donor = _picture(100, (left, 160), (right, 240))
    moved = tuple((row + 2, column, 5.0, 7.0) for row, column, *_ in (left, right))
    given = _given(labels, moved, donor, _map(labels, left, right))
    got = given.onto(_picture(100))
    assert [int(got[26, column, 0]) for column in (12, 36)] == pytest.approx([152, 232], abs=6)


def test_colours_are_matched_to_those_around(labels: LabelSet) -> None:
    part = (24.0, 24.0, 6.0, 9.0)
    darker = _picture(70, (part, 190))
    given = _given(labels, (part,), darker, _map(labels, part))
    got = given.onto(_picture(100)).astype(int)
    assert np.abs(got - _picture(100, (part, 220))).max() <= 1


def test_a_part_that_stays_the_same_is_taken_to_the_pixel(labels: LabelSet) -> None:
    part = (24.0, 24.0, 6.0, 9.0)
    rng = np.random.default_rng(0)
    donor = rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    source, target = _map(labels), _map(labels, part)
    given = donated_parts(donor, source, target, ["house"], EVERYWHERE, donor, target)
    got, inside = given.onto(_picture(9)), target.ids == labels.id("house")
    assert np.array_equal(got[inside], donor[inside])
    assert (got[~inside] == 9).all()  # a beard around a mouth stays with the donor


def test_only_what_is_made_anew_takes_anything(labels: LabelSet) -> None:
    part = (24.0, 24.0, 6.0, 9.0)
    made = EVERYWHERE.copy()
    made[:, 24:] = False
    target = _map(labels, part)
    donor = _picture(10, (part, 90))
    given = donated_parts(_picture(10), _map(labels), target, ["house"], made, donor, target)
    guide = _picture(200)
    got = given.onto(guide)
    assert np.array_equal(got[:, 24:], guide[:, 24:])
    assert not np.array_equal(got[:, :24], guide[:, :24])


def test_pixels_of_another_class_stay(labels: LabelSet) -> None:
    part = (24.0, 24.0, 6.0, 9.0)
    shown = _map(labels, part)
    shown.ids[:, :12] = labels.id("sky")  # the donor's, where the picture shows grass
    given = _given(labels, (part,), _picture(100, (part, 220)), shown)
    guide = _picture(7)
    assert np.array_equal(given.onto(guide)[:, :12], guide[:, :12])


def test_an_uncovered_class_comes_by_its_own_shape(labels: LabelSet) -> None:
    part = (24.0, 24.0, 6.0, 9.0)
    donor = _picture(130)
    given = donated_parts(
        _picture(130, (part, 220)), _map(labels, part), _map(labels), ["house"], EVERYWHERE, donor,
        _map(labels),
    )  # fmt: skip
    assert np.array_equal(given.onto(_picture(7)), donor)


def test_finer_pixels_take_the_same_way(labels: LabelSet) -> None:
    old, new = (20.0, 22.0, 5.0, 9.0), (26.0, 25.0, 8.0, 12.0)
    donor = _picture(100, (old, 220))
    (part,) = _given(labels, (new,), donor, _map(labels, old)).parts
    fine = part.of(donor.repeat(2, 0).repeat(2, 1))
    reduced = fine.reshape(SIZE, 2, SIZE, 2, 3).mean((1, 3))
    assert np.abs(reduced - part.of(donor))[_inside(new) < 0.8].mean() <= 2


@pytest.mark.parametrize(
    ("shown", "what"),
    [((), "shows no house$"), (((43.0, 43.0, 3.0, 3.0),), "near what was painted")],
)
def test_a_donor_without_the_part_is_refused(
    labels: LabelSet, shown: tuple[Ellipse, ...], what: str
) -> None:
    with pytest.raises(InputError) as raised:
        _given(labels, ((10.0, 10.0, 4.0, 4.0),), _picture(100), _map(labels, *shown))
    assert raised.value.where == "donor"
    assert raised.match(what.rstrip("$"))


def test_specks_give_nothing(labels: LabelSet) -> None:
    part, speck = (24.0, 24.0, 6.0, 9.0), (33.0, 24.0, 1.1, 1.1)
    new = (31.0, 24.0, 6.0, 9.0)  # nearer to the speck
    donor = _picture(100, (part, 220), (speck, 250))
    given = _given(labels, (new,), donor, _map(labels, part, speck))
    without = _given(labels, (new,), donor, _map(labels, part))
    for one, other in zip(given.parts, without.parts, strict=True):
        assert np.array_equal(one.matrix, other.matrix)
        assert np.array_equal(one.shift, other.shift)
