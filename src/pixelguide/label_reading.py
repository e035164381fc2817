"""The one way from a decoded file to class ids: colours, palettes and grey values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.label_colours import Colour, first_pixel, match_colours
from pixelguide.label_files import LabelFile
from pixelguide.label_palettes import Told, match_palette, used_values
from pixelguide.picture_rows import ImageRows, Rows, bands

_IGNORE = 255


@dataclass(frozen=True)
class MapOrigin:
    """What told the ids of a map: colours, grey values, or indices into a palette.

    notes: what to be warned of, one sentence each. palette: of a palette image, the colour of each
    index that is used.
    """

    told: Told
    notes: tuple[str, ...] = ()
    palette: Mapping[int, Colour] = field(default_factory=dict)


def read_ids(
    file: LabelFile, classes: Mapping[Colour, int], names: Sequence[str], snap: float = 0
) -> tuple[NDArray[np.uint8], MapOrigin]:
    """Ids by the rules of `LabelMap.from_image`, uint8 H×W, not yet checked against the classes.

    classes: id of each colour. names: of the classes, in order of their ids. Raises InputError.
    """
    image, where = file.image, file.where
    if image.mode == "P":
        return _of_palette(image, classes, where, snap, names)
    if image.mode in ("RGB", "RGBA"):
        _check_visible(image, where, unpainted=file.unpainted)
        none = next(colour for colour, index in classes.items() if index == _IGNORE)
        pixels = _Painted(ImageRows(image), file.unpainted, np.array(none, np.uint8))
        if _holds_grey_ids(pixels, classes, len(names)):
            return _first_channel(pixels), MapOrigin("values")
        found = match_colours(pixels, classes, where, snap, names)
        return found.ids, MapOrigin("colours", found.notes)
    if image.mode in ("L", "LA"):
        step = 255 // (2**file.bits - 1)  # from one value to the next, as Pillow scales them
        _check_visible(image, where, step)
        grey = _first_channel(ImageRows(image))
        return _of_grey(grey, file.bits, step, len(names), where), MapOrigin("values")
    if image.mode == "1":  # programs that save bits write 0 and 255 so, others write 0 and 1
        raise InputError(
            "grey with 1 bit a pixel, where 1 may be the id or stand for 255, no label",
            where,
            "Save it with 8 bits, or with the classes' colours.",
        )
    raise InputError(
        f"label map with pixels of type {image.mode}",
        where,
        "Save it as an 8-bit palette, grey or RGB PNG.",
    )


def _of_palette(
    image: Image.Image,
    classes: Mapping[Colour, int],
    where: str,
    snap: float,
    names: Sequence[str],
) -> tuple[NDArray[np.uint8], MapOrigin]:
    values = np.array(image, np.uint8)
    palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    alpha = np.full(len(palette), 255, np.uint8)
    transparency = image.info.get("transparency")
    if isinstance(transparency, int) and transparency < len(alpha):
        alpha[transparency] = 0
    elif isinstance(transparency, bytes):
        given = np.frombuffer(transparency, np.uint8)[: len(alpha)]
        alpha[: len(given)] = given
    found, told = match_palette(values, palette, alpha, classes, where, snap, names)
    used = {index: _colour(palette[index]) for index in used_values(values)}
    return found.ids, MapOrigin(told, found.notes, used)


@dataclass(frozen=True)
class _Painted:
    """Rows of RGB(A) as RGB, with a colour where a layer has no pixel (bool H×W)."""

    rows: ImageRows
    unpainted: NDArray[np.bool_] | None
    colour: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.rows.shape

    def __getitem__(self, rows: slice, /) -> NDArray[np.uint8]:
        pixels = self.rows[rows][..., :3]
        if self.unpainted is None:
            return pixels
        return np.where(self.unpainted[rows][..., None], self.colour, pixels)


def _first_channel(pixels: Rows) -> NDArray[np.uint8]:
    found = np.empty(pixels.shape[:2], np.uint8)
    for rows in bands(pixels.shape):
        part = pixels[rows]
        found[rows] = part[..., 0] if part.ndim == 3 else part
    return found


def _holds_grey_ids(pixels: Rows, classes: Mapping[Colour, int], count: int) -> bool:
    """Whether colours are grey ids that a program without grey has written as RGB.

    They are if all are grey, all ids, and no class has one of these greys as its colour. Black and
    white alone are more likely a mask.
    """
    counts = np.zeros(256, np.int64)
    for rows in bands(pixels.shape):
        part = pixels[rows]
        red = np.ascontiguousarray(part[..., 0])
        if not all((red == part[..., channel]).all() for channel in (1, 2)):
            return False
        counts += np.bincount(red.reshape(-1), minlength=256)
    used = [int(value) for value in np.flatnonzero(counts)]
    return (
        any(0 < value < count for value in used)
        and all(value < count or value == _IGNORE for value in used)
        and all(classes.get((value, value, value), value) == value for value in used)
    )


def _of_grey(
    grey: NDArray[np.uint8], bits: int, step: int, classes: int, where: str
) -> NDArray[np.uint8]:
    """Ids of grey values that Pillow scaled from so many bits to 0 … 255.

    Who writes ids with few bits means them as they are. But a program that saves bits writes grey 0
    and 17 as 4 bits, 0 and 1: InputError where it may have done so.
    """
    if bits == 8:
        return grey
    ids = grey // np.uint8(step)
    used, scaled = (np.array(used_values(each)) for each in (ids, grey))
    both = ((used < classes) | (used == _IGNORE)).all() and (
        (scaled < classes) | (scaled == _IGNORE)
    ).all()
    if both and not np.array_equal(used, scaled) and _fewest_bits(scaled) == bits:
        y, x = first_pixel(grey == scaled[-1])
        raise InputError(
            f"grey with {bits} bits a pixel: {used[-1]} at ({x}, {y}) may be the id, or stand for "
            f"{scaled[-1]}",
            where,
            "Save it with 8 bits, or with the classes' colours.",
        )
    return ids


def _fewest_bits(values: NDArray[np.uint8]) -> int:
    """How many bits hold grey values without loss: what a program that saves bits would write."""
    return next(bits for bits in (1, 2, 4, 8) if not (values % (255 // (2**bits - 1))).any())


def _check_visible(
    image: Image.Image, where: str, step: int = 1, unpainted: NDArray[np.bool_] | None = None
) -> None:
    """Raise InputError for pixels that are not opaque: by their alpha, or by a colour said to be
    transparent, which counts in values of the file, `step` apart in the image. Those `unpainted`
    (bool H×W) may be so."""
    key = image.info.get("transparency")
    if image.mode not in ("RGBA", "LA") and key is None:
        return
    keys = np.atleast_1d(key or 0) * step
    pixels, colour, count = ImageRows(image), list[int](), 0
    for rows in bands(pixels.shape):
        part = pixels[rows]
        if image.mode in ("RGBA", "LA"):
            hidden = np.not_equal(part[..., -1], 255)
        else:
            hidden = np.ones(part.shape[:2], np.bool_)
            for channel, value in zip(np.moveaxis(np.atleast_3d(part), -1, 0), keys, strict=True):
                hidden &= channel == value
        if unpainted is not None:
            hidden = hidden & ~unpainted[rows]
        if not colour and hidden.any():
            y, x = first_pixel(hidden)
            place = x, rows.start + y
            colour = [int(value) for value in np.atleast_1d(part[y, x])]
        count += int(np.count_nonzero(hidden))
    if colour:
        shown = tuple(colour[:3]) if len(colour) > 2 else colour[0]
        raise InputError(
            f"colour {shown} at {place}: label map with {count} transparent pixels",
            where,
            "Flatten it before saving.",
        )


def _colour(entry: NDArray[np.uint8]) -> Colour:
    r, g, b = (int(value) for value in entry)
    return r, g, b
