"""What `crop="auto"` takes: the model's own size, a framed square, a face, or what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from photographs import random_pixels
from pixelguide.edit.auto_crop import propose_parts
from pixelguide.edit.editor import Editor
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.photo.find_face import Face, FaceFinder
from pixelguide.photo.framing import Frame
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.proposals import Proposal
from pixelguide.segment.familiarity import Familiarity
from pixelguide.segment.picture_statistics import PictureStatistics, Range

SIDE = 16
PLACES = ((0.3, 0.5), (0.7, 0.5))
KNOWN = Range(median=1, highest=2)
FACES = PictureStatistics(eyes=PLACES, denoising=KNOWN, doubt=KNOWN, pictures=20)
CARS = PictureStatistics(denoising=KNOWN, doubt=KNOWN, pictures=20)
WIDE = Photograph(random_pixels(0, 200, 100))
SQUARE = Photograph(random_pixels(0, 100, 100))
LARGE = Face(((84, 50), (116, 50)), (100, 80))
SMALL = Face(((34, 40), (50, 40)), (42, 55))


@dataclass
class _Looker:
    """Finds `target` known and usual, and what has its eyes elsewhere neither."""

    target: Frame | None = None
    looked: int = 0

    def __call__(self, frame: Frame) -> Subject:
        self.looked += 1
        return cast("Subject", _Looked(frame, self.target))


@dataclass
class _Looked:
    frame: Frame
    target: Frame | None

    def strangeness(self) -> float:
        if self.target is None:
            return 1.0
        apart = abs(self.frame.x - self.target.x) + abs(self.frame.y - self.target.y)
        return 0.1 + (apart + abs(self.frame.size - self.target.size)) / 100

    def familiarity(self) -> Familiarity:
        known = self.frame == self.target
        return Familiarity(
            denoising=1,
            doubt=1,
            limits={"doubt": 3},
            far=() if known else ("doubt",),
            distance=0 if known else 2,
            degree="usual" if known else "far",
        )


def _refused() -> FaceFinder | None:
    raise AssertionError("no faces are to be looked for")


def propose(
    photograph: Photograph,
    statistics: PictureStatistics = FACES,
    faces: list[Face] | None = None,
    look: _Looker | None = None,
) -> list[Proposal]:
    """What is proposed with a finder that finds `faces`; without one for None."""

    def open_finder() -> FaceFinder | None:
        if faces is None:
            return None

        def finder(pixels: NDArray[np.uint8]) -> list[Face]:
            assert pixels.shape == (*photograph.size[::-1], 3)
            assert pixels.dtype == np.uint8
            return faces

        return finder

    return propose_parts(photograph, SIDE, statistics, open_finder, look or _Looker())


def whole(size: int) -> list[Proposal]:
    """All of a square picture."""
    return [Proposal(Frame(0, 0, size))]


def test_a_picture_of_the_model_s_size_is_never_searched() -> None:
    own, look = Photograph(random_pixels(0, SIDE, SIDE)), _Looker()
    assert propose_parts(own, SIDE, FACES, _refused, look) == whole(SIDE)
    assert look.looked == 0


def test_a_square_picture_that_is_usual_stays_whole() -> None:
    look = _Looker(Frame(0, 0, 100))
    assert propose_parts(SQUARE, SIDE, FACES, _refused, look) == whole(100)
    assert look.looked == 1


def test_the_largest_face_is_the_first_of_all() -> None:
    first, second = propose(WIDE, faces=[LARGE, SMALL])
    assert str(first.frame) == "60,10,80"
    assert (first.face, second.face) == (LARGE, SMALL)


def test_grey_and_transparent_photographs_have_faces_too() -> None:
    for channels in (1, 2, 4):
        photograph = Photograph(random_pixels(0, 200, 100, channels, bits=16))
        assert len(propose(photograph, faces=[LARGE])) == 1


def test_no_face_is_an_error_that_says_what_to_give() -> None:
    with pytest.raises(InputError, match=r"^no face found, crop\..*--crop.*--eyes") as raised:
        propose(WIDE, faces=[])
    assert "\n" not in str(raised.value)


def test_a_square_picture_stays_whole_without_a_face_or_with_a_framed_one() -> None:
    framed = Face(((31, 50), (70, 51)), (50, 85))
    outside = Face(((1, 1), (41, 1)), (21, 41))
    for faces in ([], [framed], [SMALL, framed], [outside]):
        assert propose(SQUARE, faces=faces) == whole(100)
    (proposal,) = propose(SQUARE, faces=[SMALL])
    assert str(proposal.frame) == "22,20,40"


def test_a_category_without_eyes_is_found_by_what_it_knows() -> None:
    target = Frame(100, 25, 64)
    (proposal,) = propose_parts(WIDE, SIDE, CARS, _refused, _Looker(target))
    assert proposal.face is None
    assert abs(proposal.frame.x - 100) + abs(proposal.frame.y - 25) < 6
    with pytest.raises(InputError, match=r"no part looks like .*--crop x,y,size\.$"):
        propose_parts(WIDE, SIDE, CARS, _refused, _Looker())


def test_faces_without_a_finder_too_and_then_the_extra_is_named() -> None:
    (proposal,) = propose(WIDE, look=_Looker(Frame(100, 25, 64)))
    assert proposal.frame.size == pytest.approx(64, abs=6)
    with pytest.raises(InputError, match=r"--eyes .* pip install pixelguide\[faces\]"):
        propose(WIDE)


def test_a_square_picture_without_such_a_part_stays_whole() -> None:
    assert propose(SQUARE) == whole(100)
    assert propose(SQUARE, CARS) == whole(100)


def test_a_category_that_says_nothing_is_not_searched() -> None:
    nothing, look = PictureStatistics(), _Looker(Frame(100, 25, 64))
    assert propose(SQUARE, nothing, [LARGE], look) == whole(100)
    with pytest.raises(InputError, match="200×100 pixels are no square"):
        propose(WIDE, nothing, [LARGE], look)
    assert look.looked == 0
    eyes = PictureStatistics(eyes=PLACES)  # said by hand, nothing measured
    assert str(propose(WIDE, eyes, [LARGE], look)[0].frame) == "60,10,80"
    with pytest.raises(InputError, match="200×100 pixels are no square"):
        propose(WIDE, eyes, None, look)


# by the editor


def test_the_editor_takes_the_first_proposal_and_keeps_the_others(
    tiny_editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_editor, "statistics", PictureStatistics(eyes=PLACES))
    monkeypatch.setattr("pixelguide.edit.reader.open_finder", lambda: lambda pixels: [LARGE, SMALL])
    tiny_editor.set_image(WIDE, crop="auto")
    assert tiny_editor.placement is not None
    assert str(tiny_editor.placement.frame) == "60,10,80"
    assert [proposal.face for proposal in tiny_editor.proposals] == [LARGE, SMALL]
    chosen = tiny_editor.image
    tiny_editor.set_image(WIDE, crop=tiny_editor.proposals[0].frame)
    assert np.array_equal(tiny_editor.image, chosen)
    assert tiny_editor.proposals == ()


def test_a_picture_without_a_face_leaves_the_one_before(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = editor.image
    monkeypatch.setattr(editor, "statistics", PictureStatistics(eyes=PLACES))
    monkeypatch.setattr("pixelguide.edit.reader.open_finder", lambda: lambda pixels: [])
    with pytest.raises(InputError, match="no face found"):
        editor.set_image(WIDE, crop="auto")
    assert np.array_equal(editor.image, before)


def test_a_usual_square_is_read_once(tiny_editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    high = Range(median=0, highest=1000)
    usual = PictureStatistics(denoising=high, doubt=high, pictures=20)
    monkeypatch.setattr(tiny_editor, "statistics", usual)
    tiny_editor.set_image(SQUARE, crop="auto")
    assert tiny_editor._opened().known_familiarity is not None
    tiny_editor.set_image(SQUARE, crop=Frame(0, 0, 100))
    assert tiny_editor._opened().known_familiarity is None


def test_an_untrained_category_knows_no_part(
    tiny_editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = Range(median=0, highest=0.01)
    monkeypatch.setattr(
        tiny_editor, "statistics", PictureStatistics(denoising=low, doubt=low, pictures=20)
    )
    with pytest.raises(InputError, match="no part looks like"):
        tiny_editor.set_image(Photograph(random_pixels(0, 40, 24)), crop="auto")
