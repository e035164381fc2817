"""Faces: how they are framed; with the extra [faces], that they are found."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pixelguide.errors import InputError
from pixelguide.photo import find_face
from pixelguide.photo.find_face import CHIP_EYES, Face, open_finder
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.segment.picture_statistics import find_eyes

STRAIGHT = Face(((40, 50), (60, 50)), (50, 72))


def test_a_face_that_looks_straight_ahead_is_framed_by_its_eyes() -> None:
    assert np.allclose(STRAIGHT.level_eyes(), STRAIGHT.eyes)
    assert STRAIGHT.size == pytest.approx(20)
    assert not STRAIGHT.is_turned


def test_a_face_turned_away_keeps_its_size_by_the_distance_to_its_mouth() -> None:
    # its eyes are closer together, 14 pixels, the mouth still 22 below them: 0.9 · 22 = 19.8
    turned = Face(((43, 50), (57, 50)), (50, 72), sideways=0.45)
    assert np.allclose(turned.level_eyes(), [(40.1, 50), (59.9, 50)])
    assert turned.is_turned


@pytest.mark.parametrize("degrees", [-160, -20, 0, 20, 90])
def test_a_face_turned_in_the_picture_is_framed_alike(degrees: float) -> None:
    turn = np.exp(1j * np.deg2rad(degrees))

    def turned(point: tuple[float, float]) -> tuple[float, float]:
        there = complex(*point) * turn
        return there.real, there.imag

    left, right = map(turned, STRAIGHT.eyes)
    face = Face((left, right), turned(STRAIGHT.mouth))
    assert np.allclose(face.level_eyes(), face.eyes)
    assert face.size == pytest.approx(20)


def test_a_tilt_on_which_eyes_and_mouth_differ_is_the_one_between() -> None:
    # the mouth lies to the left of the middle of level eyes, as of a head that leans to the right
    leaning = Face(((40, 50), (60, 50)), (46, 70))
    (x1, y1), (x2, y2) = leaning.level_eyes()
    # across (20, 0); down (-4, 20), turned by 90 degrees (20, 4): (40, 4) together
    assert np.degrees(np.arctan2(y2 - y1, x2 - x1)) == pytest.approx(np.degrees(np.arctan2(4, 40)))


def test_points_that_fall_together_are_a_face_of_no_size() -> None:
    assert Face(((5, 5), (5, 5)), (5, 5)).size == 0


def test_without_the_extra_there_is_no_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert open_finder() is None


def test_weights_that_are_not_there_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = ModuleSpec("face_recognition_models", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)

    def refuse(path: str) -> Any:
        raise RuntimeError(f"Unable to open {path}\nfor reading")

    dlib = ModuleType("dlib")
    monkeypatch.setattr(dlib, "rectangle", None, raising=False)
    monkeypatch.setattr(dlib, "get_frontal_face_detector", lambda: None, raising=False)
    monkeypatch.setattr(dlib, "shape_predictor", refuse, raising=False)
    monkeypatch.setitem(sys.modules, "dlib", dlib)
    with pytest.raises(InputError, match=r"cannot open the face detector .*pip install") as raised:
        open_finder()
    assert "\n" not in str(raised.value)
    assert find_face.LANDMARKS in str(raised.value)


class _Box:
    """As dlib's rectangle: whole pixels, the last ones included."""

    def __init__(self, left: int, top: int, right: int, bottom: int) -> None:
        self.sides = left, top, right, bottom


class _Detector:
    """Says where it was made to find faces, in the picture as it is searched; knows no others."""

    def __init__(self, picture: np.ndarray, upright: bool) -> None:
        self.picture, self.upright, self.searched = picture, upright, 0

    def run(
        self, searched: Any, enlarged: int, lowest: float
    ) -> tuple[list[_Box], list[float], Any]:
        assert searched.flags.c_contiguous, "dlib reads other arrays wrongly"
        self.searched += 1
        if not self.upright and self.searched == 1:
            return [], [], []
        ys, xs = np.nonzero((searched == 255).all(-1))
        box = _Box(int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max()))
        return [box, box], [1.5, 0.5], [0, 0]


class _Point:
    def __init__(self, x: float, y: float) -> None:
        self.x, self.y = round(x), round(y)


class _Landmarks:
    def __init__(self, points: list[_Point]) -> None:
        self._points = points

    def parts(self) -> list[_Point]:
        return self._points


class _Predictor:
    """Sees the eyes and the mouth of a face painted in three colours, wherever the box is."""

    def __call__(self, picture: np.ndarray, box: _Box) -> _Landmarks:
        assert picture.flags.c_contiguous
        middles = []
        for channel in range(3):
            near = picture.astype(int)
            rest = near.sum(-1) - near[..., channel]
            ys, xs = np.nonzero((near[..., channel] > 180) & (rest < 150))
            middles.append((xs.mean(), ys.mean()))
        left, right, mouth = middles
        if left[0] > right[0]:  # in the mirror, left is right
            left, right = right, left
        middle = tuple(np.mean([left, right], 0))
        places = {range(36, 42): left, range(42, 48): right, range(48, 68): mouth}
        points = []
        for k in range(68):
            place = next((own for part, own in places.items() if k in part), middle)
            points.append(_Point(*place))
        return _Landmarks(points)


def _painted(degrees: float, size: float = 120) -> tuple[np.ndarray, Frame]:
    """A photograph with a white face, a red left eye, a green right one, a blue mouth."""
    rows, columns = np.mgrid[0:300, 0:400] + 0.5
    frame = Frame(150, 60, size, degrees)
    picture = np.full((300, 400, 3), 90, np.uint8)
    placement = Placement(Photograph(picture), frame, 100)
    points = np.stack([columns.ravel(), rows.ravel()], 1) - (frame.x, frame.y)
    turn = np.deg2rad(degrees)
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    x, y = (points @ back.T / size).T.reshape(2, 300, 400)
    assert placement.inside_share == 1
    picture[np.hypot(x - 0.5, y - 0.6) < 0.3] = 255
    for (u, v), colour in zip(
        (*CHIP_EYES, (0.498, 0.75)), ((255, 0, 0), (0, 255, 0), (0, 0, 255)), strict=True
    ):
        picture[np.hypot(x - u, y - v) < 0.05] = colour
    return picture, frame


@pytest.mark.parametrize(("degrees", "upright"), [(0, True), (12, True), (28, False)])
def test_eyes_are_found_where_they_are(degrees: float, upright: bool) -> None:
    picture, frame = _painted(degrees)
    detector = _Detector(picture, upright)
    finder = find_face._DlibFinder(_Box, detector, _Predictor())
    (face,) = finder(picture)  # found twice, it is one
    assert detector.searched == (1 if upright else 2), "turned only if there are none upright"
    assert face.score == 1.5
    placement = Placement(Photograph(picture), frame, 1)
    eyes = placement.to_picture(np.array(CHIP_EYES))
    assert np.abs(np.array(face.eyes) - eyes).max() < 1
    mouth = placement.to_picture(np.array([[0.498, 0.75]]))
    assert np.abs(np.array(face.mouth) - mouth).max() < 1


def test_the_mirror_s_landmarks_are_a_permutation_that_undoes_itself() -> None:
    mirrored = find_face._MIRRORED
    assert sorted(mirrored) == list(range(68))
    assert [mirrored[k] for k in mirrored] == list(range(68))
    assert [mirrored[k] for k in (0, 36, 39, 48, 30, 33, 8)] == [16, 45, 42, 54, 30, 33, 8]


# with the real detector


@pytest.mark.faces
def test_the_eyes_of_a_drawn_portrait_are_found() -> None:
    pytest.importorskip("dlib")
    finder = open_finder()
    assert finder is not None
    rendering = render(portrait_at(0, 0), 400)
    picture = np.full((600, 900, 3), 128, np.uint8)
    picture[150:550, 300:700] = rendering.image
    known = find_eyes(rendering.label_ids[None], LABELS)
    assert known is not None
    eyes = np.array(known) * 400 + (300, 150)
    (face,) = finder(picture)
    # a drawing's eyes are to the landmarks as a photograph's, only less precise
    assert np.abs(np.array(face.eyes) - eyes).max() < 0.1 * (eyes[1, 0] - eyes[0, 0])
    assert not face.is_turned


@pytest.mark.faces
def test_where_there_is_no_face_none_is_found() -> None:
    pytest.importorskip("dlib")
    finder = open_finder()
    assert finder is not None
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    assert finder(noise) == []
    assert finder(np.zeros((1, 2000, 3), np.uint8)) == []
    assert finder(np.zeros((1, 1, 3), np.uint8)) == []
