"""Edits of faces by name: each repaints a map that was read, as a person would.

A map is uint8 H×W of class ids. Lengths follow the part that is edited, so they hold at any size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pixelguide.errors import InputError
from pixelguide.labels import LabelMap

Mask = NDArray[np.bool_]
_SKIN = ("face", "skin")
_INSIDE = ("mouth interior", "teeth", "mouth")
_LIPS = ("lips", "u_lip", "l_lip")
_BROWS = ("eyebrow", "l_brow", "r_brow")
_EYES = ("eye white", "iris", "l_eye", "r_eye", "eyes")
_GLASSES = ("glasses", "eye_g")


@dataclass(frozen=True)
class ScriptedEdit:
    """One edit. classes: the names that it may edit, in any of the known label sets. needs: of each
    group of names, the category must have one."""

    name: str
    classes: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    repaint: Callable[[LabelMap], None]


def _open_mouth(face: LabelMap) -> None:
    """The mouth grows downwards to 0.45 of its width, and what is inside of the lips shows."""
    names = _known(face, _INSIDE)
    lips = _where(face, _LIPS)
    mouth = _largest(lips | _where(face, _INSIDE))
    rows, columns = np.nonzero(mouth)
    width = int(np.ptp(columns)) + 1
    rim = max(1, round(width / 10)) if _known(face, _LIPS) else 0
    middle = (columns.min() + columns.max()) / 2
    top = int(rows.min())
    height = max(int(np.ptp(rows)) + 3, round(0.45 * width))
    y, x = np.indices(mouth.shape)
    centre = top + (height - 1) / 2
    across = ((x - middle) / (width / 2)) ** 2
    opened = across + ((y - centre) / (height / 2)) ** 2 <= 1
    free = mouth | _where(face, _SKIN)
    opened &= free
    inner = ndimage.binary_erosion(opened, iterations=rim) if rim else opened
    if rim:
        face.ids[opened] = face.labels.id(_known(face, _LIPS)[-1])
        if "u_lip" in face.labels.names:
            face.ids[opened & (y < centre)] = face.labels.id("u_lip")
    face.ids[inner] = face.labels.id(names[0])
    if "teeth" in names:
        teeth = inner & (y < np.nonzero(inner)[0].min() + max(1, round(height / 4)))
        face.ids[teeth] = face.labels.id("teeth")


def _close_mouth(face: LabelMap) -> None:
    """What is inside of the lips becomes lips, and the mouth half as high where it was open."""
    inside = _where(face, _INSIDE) if _known(face, _LIPS) else np.zeros(face.ids.shape, np.bool_)
    mouth = _largest(_where(face, _LIPS) | _where(face, _INSIDE))
    if _known(face, _LIPS) and not (mouth & inside).any():
        raise InputError("the mouth is closed", "map", "Take a picture of an open one.")
    rows, columns = np.nonzero(mouth)
    width = int(np.ptp(columns)) + 1
    lips = (_known(face, _LIPS) or _known(face, _INSIDE))[-1]
    middle = (columns.min() + columns.max()) / 2
    centre = rows.min() + np.ptp(rows) / 3
    height = max(2.0, min(float(np.ptp(rows)) + 1, 0.28 * width))
    y, x = np.indices(mouth.shape)
    closed = ((x - middle) / (width / 2)) ** 2 + ((y - centre) / (height / 2)) ** 2 <= 1
    closed &= mouth | _where(face, _SKIN)
    face.ids[mouth] = _skin_id(face)
    face.ids[closed] = face.labels.id(lips)
    if "u_lip" in face.labels.names:
        face.ids[closed & (y < centre)] = face.labels.id("u_lip")


def _close_eyes(face: LabelMap) -> None:
    """The lower third of each eye becomes the closed lid, the rest skin; without lids all skin."""
    for eye in _pieces(_where(face, _EYES)):
        rows = np.nonzero(eye)[0]
        face.ids[eye] = _skin_id(face)
        if "closed eyelid" in face.labels.names:
            line = rows.max() - max(1, (np.ptp(rows) + 1) // 3)
            low = eye & (np.indices(eye.shape)[0] > line)
            face.ids[low] = face.labels.id("closed eyelid")


def _bigger_eyes(face: LabelMap) -> None:
    """Each eye grows by 0.3 about its middle, over skin alone."""
    for eye in _pieces(_where(face, _EYES)):
        grown = _scaled(face.ids, eye, 1.3)
        free = eye | _where(face, (*_SKIN, "closed eyelid"))
        face.ids[free & (grown > 0)] = (grown - 1)[free & (grown > 0)]


def _raise_brows(face: LabelMap) -> None:
    """The eyebrows move up by 0.05 of the picture's height, over skin and hair."""
    up = max(1, round(face.ids.shape[0] / 20))
    brows = _where(face, _BROWS)
    moved = np.zeros_like(face.ids)
    moved[:-up] = np.where(brows, face.ids + 1, 0)[up:]
    free = brows | _where(face, (*_SKIN, "hair"))
    face.ids[brows] = _skin_id(face)
    face.ids[(moved > 0) & free] = (moved - 1)[(moved > 0) & free]


def _remove_glasses(face: LabelMap) -> None:
    """Glasses take the class of the nearest pixel that is none."""
    glasses = _where(face, _GLASSES)
    rows, columns = ndimage.distance_transform_edt(
        glasses, return_distances=False, return_indices=True
    )
    face.ids[glasses] = face.ids[rows, columns][glasses]


_MOUTH = (*_LIPS, *_INSIDE)
_ALL = (
    ScriptedEdit("open_mouth", _MOUTH, (_INSIDE, _SKIN), _open_mouth),
    ScriptedEdit("close_mouth", _MOUTH, (_INSIDE, _SKIN), _close_mouth),
    ScriptedEdit("close_eyes", (*_EYES, "closed eyelid"), (_EYES, _SKIN), _close_eyes),
    ScriptedEdit("bigger_eyes", _EYES, (_EYES, _SKIN), _bigger_eyes),
    ScriptedEdit("raise_brows", _BROWS, (_BROWS, _SKIN), _raise_brows),
    ScriptedEdit("remove_glasses", _GLASSES, (_GLASSES,), _remove_glasses),
)
SCRIPTED = {edit.name: edit for edit in _ALL}
"""Every scripted edit by its name."""
_ALIKE = {"eye": "eyes", "eyebrow": "brows", "eyebrows": "brows", "brow": "brows"}


def scripted_edit(name: str, known: Collection[str]) -> ScriptedEdit:
    """The edit called `name`, in any order of words: `mouth_open` is `open_mouth`.

    known: names of the category's classes. Raises InputError for another name, and for an edit
    whose classes the category has not.
    """
    words = {_ALIKE.get(word, word) for word in name.replace("-", "_").split("_")}
    for edit in _ALL:
        if words == set(edit.name.split("_")):
            break
    else:
        raise InputError(f"unknown edit '{name}'", "edit", f"Known: {', '.join(SCRIPTED)}.")
    for group in edit.needs:
        if not set(group) & set(known):
            raise InputError(f"edit '{name}' of a category without {group[0]}", "edit",
                             f"Classes: {', '.join(known)}.")  # fmt: skip
    return edit


def repainted(source: LabelMap, name: str) -> tuple[LabelMap, tuple[str, ...]]:
    """`source` after the edit `name`, and the edited classes: of the edit's, those in either map.

    Raises InputError as `scripted_edit` does, and where the picture does not show the part.
    """
    edit = scripted_edit(name, source.labels.names)
    if not _where(source, edit.classes).any():
        raise InputError(f"nothing to edit by '{name}' in the picture", "map", "Paint a map.")
    target = source.copy()
    edit.repaint(target)
    present = {*source.present(), *target.present()}
    return target, tuple(name for name in edit.classes if name in present)


def _known(face: LabelMap, names: Collection[str]) -> list[str]:
    return [name for name in names if name in face.labels.names]


def _where(face: LabelMap, names: Collection[str]) -> Mask:
    return np.isin(face.ids, [face.labels.names.index(name) for name in _known(face, names)])


def _skin_id(face: LabelMap) -> int:
    return face.labels.id(_known(face, _SKIN)[0])


def _pieces(mask: Mask) -> list[Mask]:
    numbers, count = ndimage.label(mask, np.ones((3, 3)))
    return [numbers == k for k in range(1, count + 1)]


def _largest(mask: Mask) -> Mask:
    return max(_pieces(mask), key=lambda piece: int(piece.sum()))


def _scaled(ids: NDArray[np.uint8], piece: Mask, factor: float) -> NDArray[np.int64]:
    """`ids` + 1 of `piece`, `factor` times as large about its middle; 0 elsewhere."""
    rows, columns = np.nonzero(piece)
    middle = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    y, x = np.indices(ids.shape)
    from_y = np.rint(middle[0] + (y - middle[0]) / factor).astype(int).clip(0, ids.shape[0] - 1)
    from_x = np.rint(middle[1] + (x - middle[1]) / factor).astype(int).clip(0, ids.shape[1] - 1)
    shown: NDArray[np.int64] = np.where(piece, ids.astype(np.int64) + 1, 0)[from_y, from_x]
    return shown
