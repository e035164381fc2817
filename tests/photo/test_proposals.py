"""Parts that are proposed by faces."""

from __future__ import annotations

import pytest

from photographs import random_pixels
from pixelguide.errors import InputError
from pixelguide.photo.find_face import Face
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.proposals import is_framed, propose_by_faces

PLACES = ((0.3, 0.5), (0.7, 0.5))
PHOTOGRAPH = Photograph(random_pixels(0, 200, 100))


def face(x: float, y: float, distance: float, sideways: float = 0) -> Face:
    """One whose eyes are level around (x, y)."""
    half = distance / 2
    return Face(((x - half, y), (x + half, y)), (x, y + distance), sideways)


def test_a_part_brings_the_eyes_where_the_category_has_them() -> None:
    (proposal,) = propose_by_faces(PHOTOGRAPH, [face(100, 50, 32)], PLACES, 16)
    assert str(proposal.frame) == "60,10,80"
    assert proposal.warnings() == []


def test_every_face_is_offered_in_the_same_order() -> None:
    faces = [face(100, 50, 32), face(40, 40, 16), face(160, 40, 12)]
    proposals = propose_by_faces(PHOTOGRAPH, faces, PLACES, 16)
    assert [proposal.face for proposal in proposals] == faces
    assert [proposal.frame.size for proposal in proposals] == [80, 40, 30]


def test_a_face_at_the_border_comes_with_a_warning() -> None:
    (proposal,) = propose_by_faces(PHOTOGRAPH, [face(30, 50, 32)], PLACES, 16)
    assert proposal.inside == 0.875
    (warning,) = proposal.warnings()
    assert "12% of the part lie outside the picture" in warning


def test_a_face_turned_away_comes_with_a_warning() -> None:
    for sideways in (-0.5, 0.5):
        (proposal,) = propose_by_faces(PHOTOGRAPH, [face(100, 50, 32, sideways)], PLACES, 16)
        (warning,) = proposal.warnings()
        assert "turned away" in warning


def test_faces_that_cannot_be_edited_are_left_out() -> None:
    good, outside, small = face(100, 50, 32), face(2, 2, 32), face(50, 50, 1)
    (proposal,) = propose_by_faces(PHOTOGRAPH, [outside, good, small], PLACES, 16)
    assert proposal.face == good


@pytest.mark.parametrize(
    ("x", "y", "distance", "message"),
    [
        (2, 2, 32, "a face, but only 25% of the crop lie in the picture"),
        (50, 50, 1, "a face, but a crop of 2 pixels for a model of 16"),
        (50, 50, 0, "a face, but both eyes at one place"),
    ],
)
def test_where_none_can_be_edited_the_first_one_s_reason_is_told(
    x: float, y: float, distance: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        propose_by_faces(PHOTOGRAPH, [face(x, y, distance), face(1, 99, 20)], PLACES, 16)


def test_no_faces_no_parts() -> None:
    assert propose_by_faces(PHOTOGRAPH, [], PLACES, 16) == []


@pytest.mark.parametrize(
    ("one", "framed"),
    [
        (face(50, 50, 40), True),
        (face(53, 53, 40), True),
        (face(50, 50, 20), False),
        (face(50, 60, 40), False),
    ],
)
def test_a_square_picture_is_framed_when_one_face_has_its_eyes_there(
    one: Face, framed: bool
) -> None:
    square = Photograph(random_pixels(0, 100, 100))
    other = face(20, 20, 8)
    assert is_framed(square, [other, one], PLACES) is framed
    assert is_framed(square, [one], PLACES[::-1]) is framed
    assert not is_framed(square, [], PLACES)
