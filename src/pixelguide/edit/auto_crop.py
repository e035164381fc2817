"""The part of a photograph that `crop="auto"` takes."""

from __future__ import annotations

from collections.abc import Callable

from pixelguide.edit.part_search import search_part
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.photo.find_face import Face, FaceFinder
from pixelguide.photo.framing import Frame, Point
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.proposals import Proposal, is_framed, propose_by_faces
from pixelguide.segment.picture_statistics import PictureStatistics

Look = Callable[[Frame], Subject]
"""Takes a square of the photograph as a picture of the model's size."""

BY_HAND = "Say which part to edit: --crop x,y,size"
BY_EYES = "or where the eyes are: --eyes x1,y1,x2,y2."


def propose_parts(
    photograph: Photograph,
    side: int,
    statistics: PictureStatistics,
    open_finder: Callable[[], FaceFinder | None],
    look: Look,
) -> list[Proposal]:
    """Parts of a photograph for a model of `side`² pixels, the one to take first.

    A picture of the model's own size is taken whole, and so is a square one that the category finds
    usual (`familiarity`). Else, of a category with eyes, it is the faces that `open_finder`'s
    finder finds, the largest first; a square picture in which none can be edited, or one is framed
    already, stays whole. Without eyes or finder it is the square that the category knows best
    (`search_part`), where the category says what is usual. Raises InputError if nothing is
    found.
    """
    square = photograph.size[0] == photograph.size[1]
    if photograph.size == (side, side) or (
        square and statistics.pictures and not look(_whole(photograph).frame).familiarity().far
    ):
        return [_whole(photograph)]
    finder = open_finder() if statistics.eyes else None
    try:
        if finder is not None and statistics.eyes:
            return _by_faces(photograph, finder(photograph.rgb()), statistics.eyes, side)
        if statistics.pictures:
            return [_by_category(photograph, side, look, has_eyes=statistics.eyes is not None)]
    except InputError:
        if not square:
            raise
    return [_whole(photograph)]


def _by_faces(
    photograph: Photograph, faces: list[Face], places: tuple[Point, Point], side: int
) -> list[Proposal]:
    if not faces:
        raise InputError("no face found", "crop", f"{BY_HAND}, {BY_EYES}")
    if photograph.size[0] == photograph.size[1] and is_framed(photograph, faces, places):
        return [_whole(photograph)]
    return propose_by_faces(photograph, faces, places, side)


def _by_category(photograph: Photograph, side: int, look: Look, has_eyes: bool) -> Proposal:
    found = search_part(photograph.size, side, lambda frame: look(frame).strangeness())
    if found is None:
        hint = f"{BY_HAND}."
        if has_eyes:
            hint = f"{BY_HAND}, {BY_EYES} pip install pixelguide[faces] finds faces."
        raise InputError("no part looks like the model's pictures", "crop", hint)
    return Proposal(found)


def _whole(photograph: Photograph) -> Proposal:
    """All of a square picture; InputError, saying what to give, for another."""
    return Proposal(Frame.whole(*photograph.size))
