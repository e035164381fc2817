"""Parts of a photograph that are proposed for editing, by the faces in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixelguide.errors import InputError
from pixelguide.photo.find_face import Face
from pixelguide.photo.framing import Frame, Placement, Point
from pixelguide.photo.photograph import Photograph

FRAMED = 0.05
"""Of the side: a square picture whose eyes are so near the category's stays whole."""
MOSTLY_INSIDE = 0.98
"""Of a part: with less of it in the picture, the proposal comes with a warning."""


@dataclass(frozen=True)
class Proposal:
    """A part of a photograph. face: the one it was chosen by, None for another reason. inside: the
    share of the part that lies in the picture; the rest is mirrored at its edges."""

    frame: Frame
    face: Face | None = None
    inside: float = 1.0

    def warnings(self) -> list[str]:
        """What is to be known before it is edited, a clause each."""
        found = []
        if self.inside < MOSTLY_INSIDE:
            found.append(
                f"{1 - self.inside:.0%} of the part lie outside the picture and are mirrored there"
            )
        if self.face is not None and self.face.is_turned:
            found.append("the face is turned away, which the model may know little of")
        return found


def propose_by_faces(
    photograph: Photograph, faces: list[Face], places: tuple[Point, Point], side: int
) -> list[Proposal]:
    """The parts that bring the eyes of `faces` to `places` (shares of the side), for a model of
    `side`² pixels, in the same order: without those that are too small for the model or lie too
    far outside. Raises InputError, the first one's, if this leaves none of some."""
    proposals, refused = [], None
    for face in faces:
        try:
            frame = Frame.from_eyes(face.level_eyes(), places)
            placement = Placement(photograph, frame, side)
        except InputError as error:
            refused = refused or InputError(f"a face, but {error.what}", error.where, error.hint)
        else:
            proposals.append(Proposal(frame, face, placement.inside_share))
    if refused is not None and not proposals:
        raise refused
    return proposals


def is_framed(photograph: Photograph, faces: list[Face], places: tuple[Point, Point]) -> bool:
    """Whether one of `faces` has its eyes at `places` (shares of the side) in all of a square
    photograph, by `FRAMED`."""
    side = photograph.size[0]
    return any(
        all(
            math.hypot(x / side - u, y / side - v) <= FRAMED
            for (x, y), (u, v) in zip(face.level_eyes(), sorted(places), strict=True)
        )
        for face in faces
    )
