"""Palette images as label maps: by their colours wherever these are the classes'.

Half of the programs that save a palette PNG put the palette in another order while every pixel
keeps its colour, so that an index alone says little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.label_colours import WHITE, Colour, Matched, entry_ids, first_pixel, match_colours
from pixelguide.label_snap import nearest_classes
from pixelguide.picture_rows import PaletteRows, Rows, bands

Told = Literal["colours", "values", "indices"]

_IGNORE = 255
_CHANCE = 0.01
"""Colours that lie so near to classes' that chance would do it this seldom were classes' once."""
_HINT = "Save it with the classes' colours, or as 8-bit grey whose values are the ids."


def match_palette(
    values: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    classes: Mapping[Colour, int],
    where: str,
    snap: float = 0,
    names: Sequence[str] = (),
) -> tuple[Matched, Told]:
    """Ids of the classes that a palette image stands for, and what told them.

    values: uint8 H×W, indices into palette, uint8 N×3, and alpha, uint8 N. classes, snap, names: as
    for `match_colours`; `names` in order of the ids.

    If all entries that are used are classes' colours (or stand for no label), the colours decide.
    If the palette is grey, grey values are ids. If none is a class's, the indices are. A mixture
    is an InputError, as of colours in `match_colours`; so are used entries that are transparent,
    and indices where the palette shows that they moved: by a transparent entry, or by colours that
    are nearly those of other classes. White at index 255 is no label for indices, too.
    """
    used = used_values(values)
    if used[-1] >= len(palette):
        raise _entry_error(values, used[-1], "palette has no entry", where, "Save it again.")
    for index in used:
        if alpha[index] != 255:
            what = f"transparent colour {_colour(palette[index])} of palette entry"
            raise _entry_error(values, index, what, where, "Flatten it before saving.")
    colours = [_colour(palette[index]) for index in used]
    known = entry_ids(colours, classes)
    if None not in known:
        table = np.zeros(256, np.uint8)
        table[used] = [index for index in known if index is not None]
        if _has_white_twice(palette, classes, names):  # maps of ours once had: one of them no label
            for index, colour in zip(used, colours, strict=True):
                if colour == WHITE and index >= len(names):
                    table[index] = _IGNORE
        return Matched(table[values]), "colours"
    if _is_grey(colours, known) and _is_ramp(values, used, palette, len(names), where):
        return Matched(palette[:, 0][values]), "values"
    # white at index 255 is no label whichever way one reads
    told = [k for k, index in enumerate(used) if index != _IGNORE or colours[k] != WHITE]
    used, colours = [used[k] for k in told], [colours[k] for k in told]
    near = nearest_classes(np.array(colours, np.uint8), classes)
    if any(known[k] is not None for k in told) or (snap > 0 and (near[1] <= snap).any()):
        return match_colours(PaletteRows(values, palette), classes, where, snap, names), "colours"
    _check_in_place(values, used, colours, alpha, *near, len(classes), where)
    return Matched(values), "indices"


def used_values(values: Rows) -> list[int]:
    """Which values of uint8 H×W occur, in order. A band at a time: counting makes large integers
    of all it is given."""
    counts = np.zeros(256, np.int64)
    for rows in bands(values.shape):
        counts += np.bincount(values[rows].reshape(-1), minlength=256)
    return [int(value) for value in np.flatnonzero(counts)]


def _is_grey(colours: Sequence[Colour], known: Sequence[int | None]) -> bool:
    """Whether grey values are ids; those of classes' colours must be these classes."""
    return all(
        r == g == b and index in (None, r) for (r, g, b), index in zip(colours, known, strict=True)
    )


def _is_ramp(
    values: NDArray[np.uint8],
    used: Sequence[int],
    palette: NDArray[np.uint8],
    classes: int,
    where: str,
) -> bool:
    """Whether the greys that are used are ids. False where a palette of colours happens to have
    some greys that are none; InputError where they could be ids as well as their indices could."""
    greys = [int(palette[index][0]) for index in used]
    if greys == list(used) or (palette == palette[:, :1]).all():
        return True
    if any(grey >= classes and grey != _IGNORE for grey in greys):
        return False
    first = next(index for index, grey in zip(used, greys, strict=True) if grey != index)
    what = f"id {first} by its index, {palette[first][0]} by its grey: palette entry"
    raise _entry_error(values, first, what, where, _HINT)


def _has_white_twice(
    palette: NDArray[np.uint8], classes: Mapping[Colour, int], names: Sequence[str]
) -> bool:
    """Whether the classes are at their places, one of them is white, and so is what follows."""
    places = {index: colour for colour, index in classes.items() if index < len(names)}
    if WHITE not in places.values() or len(palette) <= len(names):
        return False
    return all(_colour(palette[index]) == colour for index, colour in places.items())


def _check_in_place(
    values: NDArray[np.uint8],
    used: Sequence[int],
    colours: Sequence[Colour],
    alpha: NDArray[np.uint8],
    nearest: NDArray[np.int16],
    distance: NDArray[np.float64],
    classes: int,
    where: str,
) -> None:
    """Raise InputError where something says that the indices are no longer those of the ids."""
    if (alpha != 255).any():
        raise InputError(
            "palette with a transparent entry and colours of no class", where,
            f"What added it may have moved the others. {_HINT}",
        )  # fmt: skip
    moved = [k for k, index in enumerate(used) if nearest[k] != index]
    # of a colour drawn at random: how likely a ball so large around one of the classes holds it
    share = min(1.0, classes * 4 / 3 * math.pi * float(distance.max()) ** 3 / 256**3)
    if moved and share ** len(used) < _CHANCE:
        what = f"colour {colours[moved[0]]}, nearly a class's but not that of palette entry"
        raise _entry_error(values, used[moved[0]], what, where, _HINT)


def _entry_error(
    values: NDArray[np.uint8], index: int, what: str, where: str, hint: str
) -> InputError:
    y, x = first_pixel(values == index)
    count = int((values == index).sum())
    return InputError(f"{what} {index}: {count} pixels, first at ({x}, {y})", where, hint)


def _colour(entry: NDArray[np.uint8]) -> Colour:
    r, g, b = (int(value) for value in entry)
    return r, g, b
