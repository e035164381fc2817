"""The colours that somebody asks for, on a picture and its map; and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.colour_difference import delta_e
from pixelguide.colours import Picked, read_colour, to_hex
from pixelguide.edit.result import Candidate
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.class_colours import ClassColour
from pixelguide.labels import LabelMap


def asked_colours(
    colours: Mapping[str, str], target: LabelMap, subject: Subject
) -> tuple[ClassColour, ...]:
    """Colours by class or group, as `read_colour` takes them, for the picture as `target` (S×S) has
    it.

    Raises InputError for names that are no class, that the map does not show or that are given two
    colours, for a point outside the picture, and where picture or model have no colours.
    """
    found: list[ClassColour] = []
    for name, text in colours.items():
        where = f"the colour of '{name}'"
        read, ids = read_colour(text, where), target.labels.ids((name,))
        if not np.isin(target.ids, ids).any():
            raise InputError(
                f"no '{name}' in the picture's map", where, "Paint it there, or leave it out."
            )
        for other in found:
            if twice := sorted({*ids} & {*other.ids}):
                raise InputError(
                    f"two colours for '{target.labels.names[twice[0]]}'", where, "Give one."
                )
        colour = (
            _picked(subject, read, where) if isinstance(read, Picked) else np.array(read, float)
        )
        _check_not_grey(subject, where)
        found.append(ClassColour(name, ids, colour, asked=True))
    return tuple(found)


def _check_not_grey(subject: Subject, where: str) -> None:
    placement = subject.placement
    if placement and placement.photograph.pixels.shape[2] < 3:
        raise InputError("a grey picture has no colours", where, "Convert it to RGB first.")
    if subject.knows_lightness_alone:
        hint = "Take a model of colour pictures."
        raise InputError("the model knows lightness alone", where, hint)


def _picked(subject: Subject, at: Picked, where: str) -> NDArray[np.float64]:
    """The mean of 3×3 pixels there, of the whole picture."""
    height, width = subject.image.shape[:2]
    if subject.placement:
        width, height = subject.placement.photograph.size
    if at.x >= width or at.y >= height:
        raise InputError(
            f"from:{at.x},{at.y} lies outside the picture of {width}×{height} pixels",
            where,
            "Give column and row, counted from 0 at the top left.",
        )
    rows, columns = (slice(max(0, place - 1), place + 2) for place in (at.y, at.x))
    part = subject.image[rows, columns]
    if subject.placement:
        part = subject.placement.photograph.rgb(rows, columns)
    mean: NDArray[np.float64] = np.rint(part.mean((0, 1)))  # as a report can say it
    return mean


def with_colours(
    candidates: Sequence[Candidate],
    target: LabelMap,
    wanted: Sequence[ClassColour],
    roi: NDArray[np.bool_],
) -> tuple[Candidate, ...]:
    """Candidates that know which of the `wanted` colours they have reached inside `roi`."""
    return tuple(
        replace(each, colours=reached_colours(each.image, target, wanted, roi))
        for each in candidates
    )


def reached_colours(
    image: NDArray[np.uint8],
    target: LabelMap,
    wanted: Sequence[ClassColour],
    roi: NDArray[np.bool_],
) -> dict[str, Any]:
    """Of each wanted colour what `image` (uint8 S×S×3) has of it inside `roi` (bool S×S), as
    `report.json` says it: {"wanted", "asked", "reached", "delta_e"} by class or group."""
    found = {}
    for each in wanted:
        pixels = image[each.pixels(target) & roi]
        if len(pixels):
            mean = pixels.mean(0)
            found[each.name] = {
                "wanted": to_hex(each.colour),
                "asked": each.asked,
                "reached": to_hex(mean),
                "delta_e": round(float(delta_e(mean, each.colour)), 2),
            }
    return found
