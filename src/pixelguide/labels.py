"""Label maps: as arrays, and as PNG files. The classes themselves are those of `label_set`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import is_deep, open_image
from pixelguide.label_colours import ids_of_colours
from pixelguide.label_set import LabelSet

__all__ = ["IGNORE", "LabelMap", "LabelSet", "open_map"]

IGNORE = 255
"""Id of pixels that carry no label: never trained on, never an edit target."""


@dataclass
class LabelMap:
    """One class id per pixel.

    Parameters
    ----------
    ids : numpy.ndarray
        Class of each pixel, uint8 H×W: values below `len(labels)`, or `IGNORE`.
    labels : LabelSet
        The classes.
    uncertainty : numpy.ndarray, optional
        How much f_multi's members disagree, float32 H×W in [0, 1] (see `Segmenter`).

    Raises
    ------
    InputError
        If the ids are of another type or shape, or one of them is no class.
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
        """Copy the map, to paint on it.

        Returns
        -------
        LabelMap
            The same ids; the uncertainty of the old map is not carried over.
        """
        return LabelMap(self.ids.copy(), self.labels)

    def paint(self, name: str, mask: NDArray[np.bool_]) -> None:
        """Give a class to pixels.

        Parameters
        ----------
        name : str
            The class.
        mask : numpy.ndarray
            Where, bool H×W.

        Raises
        ------
        InputError
            If there is no such class, or the mask is of another type or shape.
        """
        if mask.shape != self.ids.shape or mask.dtype != np.bool_:
            raise InputError(
                f"mask of shape {mask.shape} and type {mask.dtype}",
                hint=f"Give bool of shape {self.ids.shape}.",
            )
        self.ids[mask] = self.labels.id(name)

    def present(self) -> tuple[str, ...]:
        """List the classes that occur.

        Returns
        -------
        tuple of str
            Their names, in order of their ids.
        """
        return tuple(self.labels.names[i] for i in np.unique(self.ids) if i != IGNORE)

    def colour(self) -> NDArray[np.uint8]:
        """Show the map in its display colours.

        Returns
        -------
        numpy.ndarray
            The picture, uint8 H×W×3 in RGB.
        """
        return self.labels.colours()[self.ids]

    def to_image(self) -> Image.Image:
        """Make a palette image of the map.

        Returns
        -------
        PIL.Image.Image
            Pixel values are the ids, colours only how it is shown.
        """
        image = Image.fromarray(self.ids)
        image.putpalette(self.labels.colours().reshape(-1).tolist())
        return image

    def save(self, path: str | Path, text: Mapping[str, str] | None = None) -> None:
        """Write the map as a palette PNG, in one piece or not at all.

        Parameters
        ----------
        path : str or Path
            The file.
        text : mapping of str to str, optional
            Contents of iTXt chunks by their keywords.

        Raises
        ------
        InputError
            If the file cannot be written.
        ResourceError
            If the disk is full.
        """
        info = PngInfo()
        for keyword, content in (text or {}).items():
            info.add_itxt(keyword, content)
        buffer = io.BytesIO()
        self.to_image().save(buffer, "PNG", optimize=True, pnginfo=info)
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path, labels: LabelSet, snap: float = 0) -> LabelMap:
        """Read a map from a PNG by the rules of `from_image`.

        Parameters
        ----------
        path : str or Path
            The file.
        labels : LabelSet
            The classes.
        snap : float
            How far colours may be off, 0 … 441.

        Returns
        -------
        LabelMap
            The map.

        Raises
        ------
        InputError
            If it is another format, damaged, or no map of these classes.
        """
        path = Path(path)
        return cls.from_image(open_map(path), labels, path.name, snap)

    @classmethod
    def from_image(
        cls, image: Image.Image, labels: LabelSet, where: str = "label map", snap: float = 0
    ) -> LabelMap:
        """Read a decoded map: palette or grey values are ids, RGB(A) must match the palette.

        White means `IGNORE` unless a class claims it; red and blue may be swapped.

        Parameters
        ----------
        image : PIL.Image.Image
            The map.
        labels : LabelSet
            The classes.
        where : str
            What an error calls it.
        snap : float
            Colours at most so far from a class's, 0 … 441, become that class, see
            `ids_of_colours`.

        Returns
        -------
        LabelMap
            The map.

        Raises
        ------
        InputError
            For ids and colours that are no class, and for transparent pixels.
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
