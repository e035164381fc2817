"""Edits of a face's label map, made by geometry: what a user would paint.

The classes are those of FASSEG's frontal faces: eyebrows count as hair.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pixelguide.guidance.region import dilate
from pixelguide.labels import LabelMap

Mask = NDArray[np.bool_]


def open_mouth(face: LabelMap) -> LabelMap:
    """The mouth is 2.2 times as high, as far as there is skin."""
    return _stretched(face, face.ids == face.labels.id("mouth"), "mouth", 1.0, 2.2)


def narrow_mouth(face: LabelMap) -> LabelMap:
    """The mouth has two thirds of its width."""
    return _stretched(face, face.ids == face.labels.id("mouth"), "mouth", 0.65, 1.0)


def bigger_eyes(face: LabelMap) -> LabelMap:
    """Both eyes are half as high again."""
    return _each_eye(face, 1.1, 1.6)


def narrow_eyes(face: LabelMap) -> LabelMap:
    """Both eyes have half their height."""
    return _each_eye(face, 1.0, 0.5)


def raise_brows(face: LabelMap) -> LabelMap:
    """Both eyebrows move up by a twentieth of the picture's height."""
    target = face.copy()
    brows = eyebrows(face)
    up = max(1, round(face.ids.shape[0] / 20))
    skin = face.ids == face.labels.id("skin")
    moved = np.zeros_like(brows)
    moved[:-up] = brows[up:]
    target.paint("skin", brows)
    target.paint("hair", moved & (skin | brows))
    return target


EDITS: dict[str, Callable[[LabelMap], LabelMap]] = {
    "open mouth": open_mouth,
    "narrow mouth": narrow_mouth,
    "bigger eyes": bigger_eyes,
    "narrow eyes": narrow_eyes,
    "raise brows": raise_brows,
}


def eyebrows(face: LabelMap) -> Mask:
    """The pixels of hair that lie above the eyes, apart from the hair of the head: bool H×W."""
    hair = face.ids == face.labels.id("hair")
    eyes = face.ids == face.labels.id("eyes")
    brows = np.zeros_like(hair)
    for eye in pieces(eyes):
        rows, columns = np.nonzero(eye)
        height = face.ids.shape[0] // 6
        above = np.zeros_like(hair)
        above[max(0, rows.min() - height) : rows.min(), columns.min() : columns.max() + 1] = True
        for piece in pieces(hair):
            # the head's hair is larger than any brow
            if (piece & above).any() and piece.sum() < hair.size / 40:
                brows |= piece
    return brows


def pieces(mask: Mask, smallest: int = 4) -> list[Mask]:
    """The connected parts (by sides and corners) of at least `smallest` pixels, bool H×W each."""
    left, found = mask.copy(), []
    while left.any():
        piece = np.zeros_like(mask)
        piece[tuple(np.argwhere(left)[0])] = True
        while (grown := dilate(piece, 1) & mask).sum() > piece.sum():
            piece = grown
        left &= ~piece
        if piece.sum() >= smallest:
            found.append(piece)
    return found


def _each_eye(face: LabelMap, across: float, down: float) -> LabelMap:
    target = face
    for eye in pieces(face.ids == face.labels.id("eyes")):
        target = _stretched(target, eye, "eyes", across, down)
    return target


def _stretched(face: LabelMap, part: Mask, name: str, across: float, down: float) -> LabelMap:
    """`part` of class `name`, stretched about its middle; it takes skin only, and leaves skin."""
    target = face.copy()
    rows, columns = np.nonzero(part)
    if len(rows) == 0:
        return target
    middle_y, middle_x = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    y, x = np.indices(part.shape)
    from_y = np.rint(middle_y + (y - middle_y) / down).astype(int)
    from_x = np.rint(middle_x + (x - middle_x) / across).astype(int)
    inside = (from_y >= 0) & (from_y < part.shape[0]) & (from_x >= 0) & (from_x < part.shape[1])
    stretched = np.zeros_like(part)
    stretched[inside] = part[from_y[inside], from_x[inside]]
    free = part | (face.ids == face.labels.id("skin"))
    target.paint("skin", part)
    target.paint(name, stretched & free)
    return target
