"""What every format is read into and written from: names with label maps and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.naming import Reading, id_table
from pixelguide.annotations.painting import HiddenShape, Painted
from pixelguide.annotations.picture_files import PictureFile, turned
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet


@dataclass(frozen=True)
class LoadedPicture:
    """A label map and its picture (uint8 H×W×3 of the same size; None if there is none).

    hidden: shapes of which nothing is seen in the map. orientation: EXIF's, of the picture's file.
    drawn: the map is made of shapes, and is no file of ids or colours.
    """

    name: str
    label_map: LabelMap
    image: NDArray[np.uint8] | None
    hidden: tuple[HiddenShape, ...] = ()
    orientation: int = 1
    drawn: bool = False


@dataclass(frozen=True)
class AnnotatedPicture:
    """One picture of a data set; nothing is read before it is asked for.

    label_map, image: functions that read the map and the picture (uint8 H×W×3; None if there is
    no picture). Both raise InputError naming the file if it is not what it should be.
    painted: where the map is made of shapes, a function that gives it with those that are hidden.
    """

    name: str
    label_map: Callable[[], LabelMap]
    image: Callable[[], NDArray[np.uint8]] | None
    painted: Callable[[], Painted] | None = None

    @classmethod
    def of_shapes(
        cls,
        name: str,
        painted: Callable[[], Painted],
        image: Callable[[], NDArray[np.uint8]] | None,
    ) -> AnnotatedPicture:
        """One whose map is made of shapes."""
        return cls(name, lambda: painted().label_map, image, painted)

    def read_map(self) -> Painted:
        """The map, and the shapes of which nothing is seen in it."""
        return self.painted() if self.painted else Painted(self.label_map())

    @property
    def orientation(self) -> int:
        """EXIF's orientation of the picture's file: 1 if it is stored upright, or not known."""
        return self.image.header()[2] if isinstance(self.image, PictureFile) else 1

    def load(self) -> LoadedPicture:
        """Read both. Raises InputError also when their sizes differ."""
        painted = self.read_map()
        image = self.image() if self.image else None
        if image is not None and (what := self.mismatch(painted.label_map, image)):
            turned = "EXIF" in what
            hint = "Resize one of them (maps by nearest neighbour)."
            raise InputError(what, self.name, "Add that option." if turned else hint)
        return LoadedPicture(
            self.name,
            painted.label_map,
            image,
            painted.hidden,
            self.orientation,
            self.painted is not None,
        )

    def mismatch(self, label_map: LabelMap, image: NDArray[np.uint8]) -> str:
        """How the sizes of a map and its picture differ, "" if they do not."""
        (own_height, own_width), (height, width) = label_map.ids.shape, image.shape[:2]
        if (own_height, own_width) == (height, width):
            return ""
        what = f"the map has {own_width}×{own_height} pixels, the picture {width}×{height}"
        if (own_height, own_width) == (width, height) and self.orientation > 4:
            what += ", which EXIF turns: the map lies as it is stored (--stored-frame)"
        return what

    def changed(self, change: Callable[[LabelMap], LabelMap]) -> AnnotatedPicture:
        """The same with `change` made to its map."""

        def label_map() -> LabelMap:
            return change(self.label_map())

        def painted() -> Painted:
            found = self.read_map()
            return Painted(change(found.label_map), found.hidden)

        return dataclasses.replace(
            self, label_map=label_map, painted=painted if self.painted else None
        )


@dataclass(frozen=True)
class Annotations:
    """A data set of annotated pictures in order of their names; iterating reads none of them.

    without_map: names of the pictures that have no label map, and are not among the others.
    stored_frame: the maps came in the frame in which pictures are stored, and are turned by now.
    """

    labels: LabelSet
    pictures: tuple[AnnotatedPicture, ...]
    without_map: tuple[str, ...] = ()
    stored_frame: bool = False

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[AnnotatedPicture]:
        return iter(self.pictures)

    def wanted_as(self, reading: Reading) -> Annotations:
        """The same with the classes that `reading` asks for; the ids follow the names.

        Raises InputError that lists the classes which have no counterpart.
        """
        if reading.labels in (None, self.labels) and not reading.renames:
            return self
        target, table = id_table(self.labels, reading.labels, reading.renames)

        def mapped(label_map: LabelMap) -> LabelMap:
            return LabelMap(table[label_map.ids], target, origin=label_map.origin)

        pictures = tuple(picture.changed(mapped) for picture in self.pictures)
        return dataclasses.replace(self, labels=target, pictures=pictures)

    def understood(self, how: Interpretation) -> Annotations:
        """The same with maps of the stored frame turned upright, if `how` says that they are."""
        if not how.stored_frame:
            return self

        def upright(picture: AnnotatedPicture) -> AnnotatedPicture:
            def change(label_map: LabelMap) -> LabelMap:
                ids = turned(label_map.ids, picture.orientation)
                return LabelMap(ids, label_map.labels, origin=label_map.origin)

            return picture.changed(change)

        pictures = tuple(map(upright, self.pictures))
        return dataclasses.replace(self, pictures=pictures, stored_frame=True)
