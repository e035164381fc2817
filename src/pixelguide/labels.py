"""Label maps: as arrays, and as PNG files. The classes themselves are those of `label_set`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.label_colours import first_pixel
from pixelguide.label_files import LabelFile, grey_bits, png_texts
from pixelguide.label_reading import MapOrigin, read_ids
from pixelguide.label_set import IGNORE, LabelSet
from pixelguide.picture_rows import bands

__all__ = ["IGNORE", "LabelMap", "LabelSet"]


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
    origin : MapOrigin, optional
        Of a map that was read from a file, how.

    Raises
    ------
    InputError
        If the ids are of another type or shape, or one of them is no class.
    """

    ids: NDArray[np.uint8]
    labels: LabelSet
    uncertainty: NDArray[np.float32] | None = None
    origin: MapOrigin | None = None

    def __repr__(self) -> str:
        if self.ids.ndim != 2:
            return "LabelMap"
        return f"LabelMap({'×'.join(map(str, self.ids.shape[::-1]))}: {', '.join(self.present())})"

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype != np.uint8:
            raise InputError(
                f"label map of shape {self.ids.shape} and type {self.ids.dtype}",
                hint="Give a H×W array of uint8 class ids.",
            )
        self._check_ids("label map")

    def _check_ids(self, where: str) -> None:
        count, place = 0, (0, 0)
        for rows in bands(self.ids.shape):
            bad = (self.ids[rows] >= len(self.labels)) & (self.ids[rows] != IGNORE)
            if not count and bad.any():
                y, x = first_pixel(bad)
                place = rows.start + y, x
            count += int(np.count_nonzero(bad))
        if count:
            y, x = place
            raise InputError(
                f"unknown class id {self.ids[y, x]} on {count} pixels, first at ({x}, {y})",
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
            JSON by keyword, written as text chunks, and the first as the comment too.

        Raises
        ------
        InputError
            If the file cannot be written.
        ResourceError
            If the disk is full.
        """
        buffer = io.BytesIO()
        self.to_image().save(buffer, "PNG", optimize=True, pnginfo=png_texts(text or {}))
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(
        cls, path: str | Path, labels: LabelSet, snap: float = 0, layer: str | None = None
    ) -> LabelMap:
        """Read a map from a PNG or a layer of an OpenRaster file by the rules of `from_image`.

        Parameters
        ----------
        path : str or Path
            The file.
        labels : LabelSet
            The classes.
        snap : float
            How far colours may be off, 0 … 441.
        layer : str, optional
            Name of the layer; by default "Label map", or the only one.

        Returns
        -------
        LabelMap
            The map.

        Raises
        ------
        InputError
            If it is another format, damaged, or no map of these classes.
        """
        return cls.from_file(LabelFile.open(Path(path), layer), labels, snap)

    @classmethod
    def from_file(cls, file: LabelFile, labels: LabelSet, snap: float = 0) -> LabelMap:
        """Read a map from a file that was opened, by the rules of `from_image`.

        Parameters
        ----------
        file : LabelFile
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
            If it is no map of these classes.
        """
        try:
            ids, origin = read_ids(file, labels.colour_ids(), labels.names, snap)
            return cls(ids, labels, origin=origin)
        except InputError as error:
            raise InputError(error.what, file.where, error.hint) from None

    @classmethod
    def from_image(
        cls, image: Image.Image, labels: LabelSet, where: str = "label map", snap: float = 0
    ) -> LabelMap:
        """Read a map by its colours if these are the classes', else by its values.

        RGB(A) must match the palette. So must the entries that a palette image uses: its colours
        decide; if they are all grey, the grey value is the id; if none is a class's, the index.
        Grey values are ids, also those of files with 1, 2 or 4 bits a pixel, if the image was
        opened and not decoded yet (`load` needs no such care). White means `IGNORE` unless a class
        claims it; red and blue may be swapped.

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
            `match_colours`.

        Returns
        -------
        LabelMap
            The map.

        Raises
        ------
        InputError
            For ids and colours that are no class, for transparent pixels, and for files that can
            be read in two ways.
        """
        bits = grey_bits(image)
        return cls.from_file(LabelFile(image, where, bits), labels, snap)
