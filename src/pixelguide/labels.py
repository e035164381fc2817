"""Semantic labels: the classes of a category, and label maps as arrays and as PNG files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.label_colours import WHITE, Colour, file_colours, no_label_colour
from pixelguide.label_files import LabelFile, grey_bits, png_texts
from pixelguide.label_reading import MapOrigin, read_ids

IGNORE = 255
"""Id of pixels that carry no label: never trained on, never an edit target."""


@dataclass(frozen=True)
class LabelSet:
    """The classes of a category: names, display colours, and named groups of classes.

    The id of a class is its position in `names`; 255 is `IGNORE`. Names are unique, there are at
    most 255 of them, and every class has its own colour, so that maps survive a trip through RGB.
    """

    names: tuple[str, ...]
    palette: tuple[Colour, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= 255:
            raise InputError(f"{len(self.names)} classes", "labels", "Give 1 to 255.")
        if len(set(self.names)) != len(self.names):
            raise InputError("class names repeat", "labels", "Give each class its own name.")
        if len(self.palette) != len(self.names) or len(set(self.palette)) != len(self.palette):
            raise InputError(
                f"{len(self.names)} classes with {len(set(self.palette))} different colours",
                "labels",
                "Give each class one colour of its own.",
            )
        for colour in self.palette:
            if len(colour) != 3 or any(not 0 <= value <= 255 for value in colour):
                raise InputError(f"colour {colour}", "labels", "Give three numbers from 0 to 255.")
        for group, members in self.groups.items():
            for name in members:
                if name not in self.names:
                    raise InputError(f"unknown class '{name}' in group '{group}'", "labels")

    def __len__(self) -> int:
        return len(self.names)

    def id(self, name: str) -> int:
        """Id of the class called `name`; InputError that lists the classes if there is none, or
        those of the group of that name."""
        try:
            return self.names.index(name)
        except ValueError:
            if members := self.groups.get(name):
                raise InputError(
                    f"'{name}' is a group", hint=f"Name one of its classes: {', '.join(members)}."
                ) from None
            raise InputError(
                f"unknown class '{name}'", hint=f"Known classes: {', '.join(self.names)}."
            ) from None

    def ids(self, names: Iterable[str]) -> tuple[int, ...]:
        """Ids of several classes, in ascending order. A group name stands for its members."""
        flat = (member for name in names for member in self.groups.get(name, (name,)))
        return tuple(sorted({self.id(name) for name in flat}))

    def colours(self) -> NDArray[np.uint8]:
        """Colours of all 256 ids, uint8 256×3, no two alike. No label is white, or if a class is
        white another colour; ids that are no class have colours that no class has."""
        return file_colours(self.palette)

    def colour_ids(self) -> dict[Colour, int]:
        """The id of each colour that means something in a map: the classes', and no label's."""
        none = {WHITE: IGNORE, no_label_colour(self.palette): IGNORE}
        return none | {colour: index for index, colour in enumerate(self.palette)}

    def to_json(self) -> str:
        """The text of `labels.json`: `id2label` with string keys (as on the HF hub) and more."""
        content = {
            "id2label": {str(i): name for i, name in enumerate(self.names)},
            "palette": [list(colour) for colour in self.palette],
            "groups": {group: list(members) for group, members in self.groups.items()},
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "labels.json") -> LabelSet:
        """Read what `to_json` wrote. Raises InputError naming `where` if it is something else."""
        try:
            content = json.loads(text)
            id2label = content["id2label"]
            names = tuple(str(id2label[str(i)]) for i in range(len(id2label)))
            palette = tuple((int(r), int(g), int(b)) for r, g, b in content["palette"])
            groups = {str(k): tuple(map(str, v)) for k, v in content.get("groups", {}).items()}
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise InputError(
                f"not a label set ({error})",
                where,
                'Expected {"id2label": {"0": name, …}, "palette": [[r, g, b], …]}.',
            ) from None
        return cls(names, palette, groups)


@dataclass
class LabelMap:
    """One class id per pixel.

    ids: uint8 H×W, values below `len(labels)` or `IGNORE`.
    uncertainty: float32 H×W in [0, 1] (see `Segmenter`), or None.
    origin: of one that was read from a file, how; None of any other.
    """

    ids: NDArray[np.uint8]
    labels: LabelSet
    uncertainty: NDArray[np.float32] | None = None
    origin: MapOrigin | None = None

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype != np.uint8:
            raise InputError(
                f"label map of shape {self.ids.shape} and type {self.ids.dtype}",
                hint="Give a H×W array of uint8 class ids.",
            )
        self._check_ids("label map")

    def _check_ids(self, where: str) -> None:
        bad = (self.ids >= len(self.labels)) & (self.ids != IGNORE)
        if bad.any():
            y, x = np.argwhere(bad)[0]
            raise InputError(
                f"unknown class id {self.ids[y, x]} on {bad.sum()} pixels, first at ({x}, {y})",
                where,
                f"Ids run from 0 to {len(self.labels) - 1}; {IGNORE} means no label.",
            )

    def copy(self) -> LabelMap:
        """An independent copy to paint on; the uncertainty of the old map is not carried over."""
        return LabelMap(self.ids.copy(), self.labels)

    def paint(self, name: str, mask: NDArray[np.bool_]) -> None:
        """Give class `name` to the pixels where `mask` (bool H×W) is True."""
        if mask.shape != self.ids.shape or mask.dtype != np.bool_:
            raise InputError(
                f"mask of shape {mask.shape} and type {mask.dtype}",
                hint=f"Give bool of shape {self.ids.shape}.",
            )
        self.ids[mask] = self.labels.id(name)

    def present(self) -> tuple[str, ...]:
        """Names of the classes that occur, in order of their ids."""
        return tuple(self.labels.names[i] for i in np.unique(self.ids) if i != IGNORE)

    def colour(self) -> NDArray[np.uint8]:
        """The map in its display colours, uint8 H×W×3."""
        return self.labels.colours()[self.ids]

    def to_image(self) -> Image.Image:
        """The map as a palette image: pixel values are the ids, colours only how it is shown."""
        image = Image.fromarray(self.ids)
        image.putpalette(self.labels.colours().reshape(-1).tolist())
        return image

    def save(self, path: str | Path, text: Mapping[str, str] | None = None) -> None:
        """Write the map as a palette PNG, in one piece or not at all. text: JSON by keyword, as
        text chunks and the first as the comment too."""
        buffer = io.BytesIO()
        self.to_image().save(buffer, "PNG", optimize=True, pnginfo=png_texts(text or {}))
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(
        cls, path: str | Path, labels: LabelSet, snap: float = 0, layer: str | None = None
    ) -> LabelMap:
        """Read a map from a PNG, or from the layer of an OpenRaster file that is called `layer` (by
        default "Label map", or the only one), by the rules of `from_image`; other formats are an
        InputError."""
        return cls.from_file(LabelFile.open(Path(path), layer), labels, snap)

    @classmethod
    def from_file(cls, file: LabelFile, labels: LabelSet, snap: float = 0) -> LabelMap:
        """Read a map from a file that was opened; see `from_image`."""
        try:
            ids, origin = read_ids(file, labels.colour_ids(), labels.names, snap)
            return cls(ids, labels, origin=origin)
        except InputError as error:
            raise InputError(error.what, file.where, error.hint) from None

    @classmethod
    def from_image(
        cls, image: Image.Image, labels: LabelSet, where: str = "label map", snap: float = 0
    ) -> LabelMap:
        """A map by its colours if these are the classes', else by its values.

        RGB(A) must match the palette. So must the entries that a palette image uses: its colours
        decide; if they are all grey, the grey value is the id; if none is a class's, the index.
        Grey values are ids, also those of files with 1, 2 or 4 bits a pixel, if the image was
        opened and not decoded yet (`load` needs no such care).

        White means `IGNORE` unless a class claims it; red and blue may be swapped; colours at most
        `snap` away from a class become that class, see `match_colours`. Raises InputError that
        names `where` for ids and colours that are no class, for transparent pixels, and for files
        that can be read in two ways.
        """
        bits = grey_bits(image)
        return cls.from_file(LabelFile(image, where, bits), labels, snap)
