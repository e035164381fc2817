"""Faces in a photograph: both eyes of each, by dlib and its landmarks (extra [faces])."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.photo.framing import Frame, Placement, Point
from pixelguide.photo.photograph import Photograph

Points = NDArray[np.float64]
"""N×2 (x, y), in pixels."""

LANDMARKS = "models/shape_predictor_68_face_landmarks.dat"
SEARCHED_PIXELS = 6_000_000
"""At most so many are searched: a larger photograph is reduced, a small one enlarged."""
LARGEST_ENLARGEMENT = 2.0
"""The detector finds faces of 80 pixels from chin to brows; enlarged so, of 40."""
TURNS = (0.0, -30.0, 30.0)
"""Degrees by which the photograph is turned to search it, until there are faces: the detector knows
upright ones."""
MARGIN = 0.1
"""Of the shorter side, around the photograph: the detector finds no face that is cut off."""
LOWEST_SCORE = 0.0
"""Of the detector, whose scores are near 2 for faces seen from the front."""
CHIP = 256
"""Side in pixels of the upright square in which landmarks are found precisely."""
CHIP_EYES = ((0.374, 0.475), (0.622, 0.475))
CHIP_FACE = (0.498, 0.598, 0.586)
"""Centre and side of the detector's box there, for faces whose eyes lie at `CHIP_EYES`."""
ROUNDS = 2
SHIFTS, SCALES = (-0.03, 0.0, 0.03), (0.93, 1.07)
"""Of the box, from which landmarks are found again and again: their mean is steadier than one."""
LARGEST_SPREAD = 0.08
"""Of the eyes between these boxes, in distances of the eyes: what is no face has more."""
TURNED = 0.3
"""So far the tip of the nose is off the middle of the eyes, in distances of the eyes, when a face
is seen half from the side."""


@dataclass(frozen=True)
class Face:
    """A face in a photograph, in its pixels.

    eyes: the centres of the left and the right eye as seen. mouth: the middle between its corners.
    sideways: how far the tip of the nose is off the middle between the eyes, along the line through
    them, in their distances; beyond ±`TURNED` the face is turned away. score: of the detector.
    """

    eyes: tuple[Point, Point]
    mouth: Point
    sideways: float = 0.0
    score: float = 0.0

    @property
    def is_turned(self) -> bool:
        """Whether it looks to the side."""
        return abs(self.sideways) > TURNED

    def level_eyes(self) -> tuple[Point, Point]:
        """Where the eyes would be if the face looked straight ahead, for framing it.

        In a face turned away they are closer together than its size tells, and the distance to the
        mouth tells it then; the line through the eyes and that to the mouth agree on its tilt. As
        FFHQ's pictures were aligned (Karras et al. 2019, arXiv 1812.04948, appendix A).
        """
        left, right, mouth = (complex(*point) for point in (*self.eyes, self.mouth))
        middle, across, down = (left + right) / 2, right - left, mouth - (left + right) / 2
        along = across - 1j * down  # down, turned by 90 degrees counter-clockwise as seen
        size = max(abs(across), 0.9 * abs(down))
        half = along / abs(along) * size / 2 if along else across / 2
        first, second = middle - half, middle + half
        return (first.real, first.imag), (second.real, second.imag)

    @property
    def size(self) -> float:
        """The distance between the level eyes, in pixels."""
        (x1, y1), (x2, y2) = self.level_eyes()
        return float(np.hypot(x2 - x1, y2 - y1))


class FaceFinder(Protocol):
    """Finds faces in uint8 H×W×3, the largest first."""

    def __call__(self, pixels: NDArray[np.uint8]) -> list[Face]:
        """The faces, the largest first."""
        ...


def open_finder() -> FaceFinder | None:
    """The finder that the extra [faces] brings; None where it is not installed.

    Raises InputError for an installation that is not whole.
    """
    # the package of the weights is not imported: it needs pkg_resources, which is going away
    weights = importlib.util.find_spec("face_recognition_models")
    if weights is None or importlib.util.find_spec("dlib") is None:
        return None
    where = Path((weights.submodule_search_locations or [""])[0]) / LANDMARKS
    try:
        import dlib

        return _DlibFinder(
            dlib.rectangle, dlib.get_frontal_face_detector(), dlib.shape_predictor(str(where))
        )
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"cannot open the face detector ({str(error).splitlines()[0]})",
            "dlib",
            "Install it again: pip install --force-reinstall pixelguide[faces].",
        ) from None


@dataclass(frozen=True)
class _DlibFinder:
    """dlib's detector by histograms of gradients, and its 68 landmarks of iBUG 300-W."""

    rectangle: Callable[[int, int, int, int], Any]
    detector: Any
    predictor: Any

    def __call__(self, pixels: NDArray[np.uint8]) -> list[Face]:
        found: list[Face] = []
        photograph = Photograph(pixels)
        for searched, to_picture in _searched(pixels):
            boxes, scores, _ = self.detector.run(searched, 0, LOWEST_SCORE)
            for box, score in zip(boxes, scores, strict=True):
                landmarks = to_picture(self._landmarks(searched, box))
                face = self._refined(photograph, landmarks, float(score))
                found += [face] if face is not None else []
            if found:
                break
        found.sort(key=lambda face: face.score, reverse=True)
        distinct: list[Face] = []
        for face in found:
            if not any(_is_same(face, other) for other in distinct):
                distinct.append(face)
        return sorted(distinct, key=lambda face: face.size, reverse=True)

    def _landmarks(self, picture: NDArray[np.uint8], box: Any) -> Points:
        """The 68 landmarks of a face in `box`."""
        found = self.predictor(picture, box).parts()
        return np.array([(point.x + 0.5, point.y + 0.5) for point in found])

    def _refined(self, photograph: Photograph, landmarks: Points, score: float) -> Face | None:
        """The face, by landmarks in upright squares of one size; None if it turns out to be none,
        or is too small or too far outside to be edited."""
        face = _face(landmarks, score)
        spread = 0.0
        for _ in range(ROUNDS):
            try:
                frame = Frame.from_eyes(face.level_eyes(), CHIP_EYES)
                placement = Placement(photograph, frame, CHIP)
            except InputError:
                return None
            again = self._all_landmarks(placement.extract())
            spread = float(_eyes(again).std(0).max()) / (CHIP_EYES[1][0] - CHIP_EYES[0][0]) / CHIP
            face = _face(placement.to_picture(again.mean(0)), score)
        return face if spread <= LARGEST_SPREAD else None

    def _all_landmarks(self, chip: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The landmarks (K×68×2) that are found from K boxes in the square and its mirror image."""
        mirrored = np.ascontiguousarray(chip[:, ::-1])
        x, y, side = (value * CHIP for value in CHIP_FACE)
        found = []
        for shift in SHIFTS:
            for scale in SCALES:
                half = scale * side / 2
                left, right = x + shift * CHIP - half, x + shift * CHIP + half
                for picture, a, b in ((chip, left, right), (mirrored, CHIP - right, CHIP - left)):
                    box = self.rectangle(
                        round(a), round(y - half), round(b) - 1, round(y + half) - 1
                    )
                    points = self._landmarks(picture, box)
                    if picture is mirrored:
                        points = np.stack([CHIP - points[:, 0], points[:, 1]], 1)[_MIRRORED]
                    found.append(points)
        return np.array(found)


def _searched(
    pixels: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[np.uint8], Callable[[Points], Points]]]:
    """The photograph as it is searched, turned in one way after the other (uint8 h×w×3), and the
    way of points from there back to the photograph."""
    height, width = pixels.shape[:2]
    scale = min(LARGEST_ENLARGEMENT, (SEARCHED_PIXELS / (width * height)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
    margin = round(MARGIN * min(size))
    around = Image.fromarray(np.pad(scaled, ((margin,) * 2, (margin,) * 2, (0, 0)), "edge"))
    for degrees in TURNS:
        image = around.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        turn = np.deg2rad(degrees)
        back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle, own = np.array(around.size) / 2, np.array(image.size) / 2

        def to_picture(
            points: Points, back: Points = back, middle: Points = middle, own: Points = own
        ) -> Points:
            there: Points = ((points - own) @ back.T + middle - margin) / scale
            return there

        yield np.asarray(image), to_picture


_MIRRORED = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
]  # fmt: skip
"""Which of the 68 landmarks each becomes in a mirror."""


def _eyes(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The centres of both eyes, …×2×2, of landmarks …×68×2."""
    centres = [landmarks[..., 36:42, :].mean(-2), landmarks[..., 42:48, :].mean(-2)]
    return np.stack(centres, -2)


def _face(landmarks: Points, score: float) -> Face:
    """The face of 68 landmarks in the photograph."""
    left, right = _eyes(landmarks)
    across = right - left
    off = landmarks[30] - (left + right) / 2
    sideways = float(off @ across / max(float(across @ across), 1e-9))
    (x1, y1), (x2, y2) = left.tolist(), right.tolist()
    mouth_x, mouth_y = landmarks[[48, 54]].mean(0).tolist()
    return Face(((x1, y1), (x2, y2)), (mouth_x, mouth_y), sideways, score)


def _is_same(first: Face, second: Face) -> bool:
    """Whether two finds are one face: their middles lie closer together than its eyes."""
    one, other = (np.mean(face.eyes, 0) for face in (first, second))
    return float(np.hypot(*(one - other))) < max(first.size, second.size)
