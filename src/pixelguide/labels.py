"""Semantic labels: the classes of a category, and label maps as arrays and as PNG files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import is_deep, open_image
from pixelguide.label_colours import Colour, ids_of_colours

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
        """Display colours of all 256 ids, uint8 256×3; ids that are no class are white."""
        table = np.full((256, 3), 255, np.uint8)
        table[: len(self.palette)] = self.palette
        return table

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
    """

    ids: NDArray[np.uint8]
    labels: LabelSet
    uncertainty: NDArray[np.float32] | None = None

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
        """Write the map as a palette PNG, in one piece or not at all. text: iTXt chunks for it."""
        info = PngInfo()
        for keyword, content in (text or {}).items():
            info.add_itxt(keyword, content)
        buffer = io.BytesIO()
        self.to_image().save(buffer, "PNG", optimize=True, pnginfo=info)
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path, labels: LabelSet, snap: float = 0) -> LabelMap:
        """Read a map from a PNG by the rules of `from_image`; other formats are an InputError."""
        path = Path(path)
        return cls.from_image(open_map(path), labels, path.name, snap)

    @classmethod
    def from_image(
        cls, image: Image.Image, labels: LabelSet, where: str = "label map", snap: float = 0
    ) -> LabelMap:
        """A decoded map: palette or grey values are ids, RGB(A) must match the palette.

        White means `IGNORE` unless a class claims it; red and blue may be swapped; colours at most
        `snap` away from a class become that class, see `ids_of_colours`. Raises InputError that
        names `where` for ids and colours that are no class, and for transparent pixels.
        """
        if image.mode in ("P", "L"):  # never convert("L"): that would replace ids by brightness
            ids = np.array(image, np.uint8)
        elif image.mode in ("RGB", "RGBA"):
            pixels = np.asarray(image)
            if image.mode == "RGBA" and (pixels[..., 3] != 255).any():
                raise InputError(
                    "label map with transparent pixels", where, "Flatten it before saving."
                )
            classes = {(255, 255, 255): IGNORE, **{c: i for i, c in enumerate(labels.palette)}}
            ids = ids_of_colours(pixels[..., :3], classes, where, snap)
        else:
            raise InputError(
                f"label map with pixels of type {image.mode}",
                where,
                "Save it as an 8-bit palette, grey or RGB PNG.",
            )
        try:
            return cls(ids, labels)
        except InputError as error:
            raise InputError(error.what, where, error.hint) from None


def open_map(path: Path) -> Image.Image:
    """A label map's PNG, decoded but not read yet. Raises InputError as `open_image` does."""
    try:
        return open_image(path, ("PNG",), _refuse_deep)
    except InputError:
        if path.is_file() and path.suffix.lower() in (".jpg", ".jpeg", ".webp"):
            raise InputError(
                "JPEG and WebP change labels", path.name, "Save the map as PNG."
            ) from None
        raise


def _refuse_deep(image: ImageFile.ImageFile, where: str) -> None:
    if is_deep(image):
        raise InputError("label map with 16 bits a pixel", where, "Save it with 8: ids end at 255.")
