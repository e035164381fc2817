"""True edits: changes of a portrait's parameters whose result can be rendered exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pixelguide.portraits.hair import CUTS
from pixelguide.portraits.portrait import Portrait

_EYES = ("eye white", "iris", "closed eyelid")
_MOUTH = ("lips", "mouth interior", "teeth")


@dataclass(frozen=True, slots=True)
class Edit:
    """One kind of edit.

    `classes` are the label classes a user would redraw for it. `apply(portrait, rng)` gives the
    edited portrait; it may be called only where `applies(portrait)`.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    applies: Callable[[Portrait], bool]
    apply: Callable[[Portrait, np.random.Generator], Portrait]


def _open_mouth(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    return portrait.replace(mouth_open=float(rng.uniform(0.65, 1.0)))


def _close_mouth(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    return portrait.replace(mouth_open=0.0)


def _move_eye(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    # Look to the other side: at least 1.9 units, so that a person sees it at 64 pixels.
    side = 1.0 if portrait.gaze_x >= 0 else -1.0
    least = max(1.3, 1.9 - abs(portrait.gaze_x))
    return portrait.replace(gaze_x=-side * float(rng.uniform(least, 2.2)))


def _close_eye(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    return portrait.replace(left_eye_open=0.0, right_eye_open=0.0)


def _open_eye(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    # A winking portrait opens the closed eye as far as the other one.
    opened = max(portrait.left_eye_open, portrait.right_eye_open) or float(rng.uniform(0.78, 1.0))
    return portrait.replace(left_eye_open=opened, right_eye_open=opened)


def _edit_eyebrow(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    # Each change goes where there is more room, so that it is as clear on every portrait.
    raised = portrait.brow_height + (1.6 if portrait.brow_height < 0.4 else -1.6)
    thick = 3.1 if portrait.brow_thickness < 2.5 else 2.0
    steep = portrait.brow_angle + (0.18 if portrait.brow_angle < -0.05 else -0.18)
    kind = int(rng.integers(3))
    if kind == 0:
        return portrait.replace(brow_height=raised)
    if kind == 1:
        return portrait.replace(brow_height=raised, brow_thickness=thick)
    return portrait.replace(brow_height=raised, brow_angle=steep)


def _change_hairstyle(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    styles = [style for style in CUTS if style != portrait.hair_style]
    return portrait.replace(hair_style=styles[int(rng.integers(len(styles)))])


def _remove_glasses(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    return portrait.replace(glasses="none")


_ALL = (
    Edit("open_mouth", "Open the mouth", _MOUTH, lambda q: q.mouth_open == 0, _open_mouth),
    Edit("close_mouth", "Close the mouth", _MOUTH, lambda q: q.mouth_open > 0, _close_mouth),
    Edit(
        "move_eye",
        "Look the other way",
        ("eye white", "iris"),
        lambda q: max(q.left_eye_open, q.right_eye_open) > 0,
        _move_eye,
    ),
    Edit(
        "close_eye",
        "Close the eyes",
        _EYES,
        lambda q: max(q.left_eye_open, q.right_eye_open) > 0,
        _close_eye,
    ),
    Edit(
        "open_eye",
        "Open the eyes",
        _EYES,
        lambda q: min(q.left_eye_open, q.right_eye_open) == 0,
        _open_eye,
    ),
    Edit("edit_eyebrow", "Reshape the eyebrows", ("eyebrow",), lambda q: True, _edit_eyebrow),
    Edit("change_hairstyle", "Change the hairstyle", ("hair",), lambda q: True, _change_hairstyle),
    Edit(
        "remove_glasses",
        "Take off the glasses",
        ("glasses",),
        lambda q: q.glasses != "none",
        _remove_glasses,
    ),
)

EDITS: Mapping[str, Edit] = MappingProxyType({edit.name: edit for edit in _ALL})
"""Every edit by its name."""
