"""Common edits that the page offers at one click, where the labels name what they need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Starter:
    """One edit. `needs`: alternatives, in each of which every class must be known.

    The page performs it on the label canvas; the server only knows where it makes sense.
    """

    name: str
    title: str
    description: str
    needs: tuple[frozenset[str], ...]


def _needs(*alternatives: Sequence[str]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(classes) for classes in alternatives)


# Class names of portraits-64, then those of CelebAMask-HQ and its kin.
_MOUTHS = _needs(("lips", "mouth interior"), ("mouth", "u_lip", "l_lip"))
_STARTERS = (
    Starter("close_mouth", "Close the mouth", "Lips take the place of what is inside.", _MOUTHS),
    Starter("open_mouth", "Open the mouth", "The lips part.", _MOUTHS),
    Starter(
        "close_eye",
        "Close the eyes",
        "Eyelids take the place of the eyes.",
        _needs(("eye white", "iris", "closed eyelid")),
    ),
    Starter(
        "open_eye",
        "Open the eyes",
        "Eyes take the place of the eyelids.",
        _needs(("eye white", "iris", "closed eyelid")),
    ),
    Starter(
        "look_aside",
        "Look the other way",
        "The irises move across the eyes.",
        _needs(("eye white", "iris")),
    ),
    Starter(
        "bigger_eyes",
        "Bigger eyes",
        "The eyes grow by a quarter.",
        _needs(("eye white", "iris", "face"), ("l_eye", "r_eye", "skin")),
    ),
    Starter(
        "raise_eyebrows",
        "Raise the eyebrows",
        "The eyebrows move up.",
        _needs(("eyebrow", "face"), ("l_brow", "r_brow", "skin")),
    ),
    Starter(
        "shorter_hair",
        "Shorter hair",
        "The hair ends higher.",
        _needs(("hair", "background")),
    ),
    Starter(
        "remove_glasses",
        "Take off the glasses",
        "The face shows where the glasses were.",
        _needs(("glasses", "face"), ("eye_g", "skin")),
    ),
)


def starters(names: Collection[str]) -> list[dict[str, str]]:
    """The starters for a category with classes `names`: name, title and description of each."""
    known = set(names)
    return [
        {"name": s.name, "title": s.title, "description": s.description}
        for s in _STARTERS
        if any(classes <= known for classes in s.needs)
    ]
