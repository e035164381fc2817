"""What every format is read into and written from: names with label maps and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.naming import Reading, id_table
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet


@dataclass(frozen=True)
class LoadedPicture:
    """A label map and its picture (uint8 H×W×3 of the same size; None if there is none)."""

    name: str
    label_map: LabelMap
    image: NDArray[np.uint8] | None


@dataclass(frozen=True)
class AnnotatedPicture:
    """One picture of a data set; nothing is read before it is asked for.

    label_map, image: functions that read the map and the picture (uint8 H×W×3; None if there is
    no picture). Both raise InputError naming the file if it is not what it should be.
    """

    name: str
    label_map: Callable[[], LabelMap]
    image: Callable[[], NDArray[np.uint8]] | None

    def load(self) -> LoadedPicture:
        """Read both. Raises InputError also when their sizes differ."""
        loaded = LoadedPicture(self.name, self.label_map(), self.image() if self.image else None)
        map_shape = loaded.label_map.ids.shape
        if loaded.image is not None and loaded.image.shape[:2] != map_shape:
            height, width = loaded.image.shape[:2]
            raise InputError(
                f"the map has {map_shape[1]}×{map_shape[0]} pixels, the picture {width}×{height}",
                self.name,
                "Resize one of them (maps by nearest neighbour).",
            )
        return loaded


@dataclass(frozen=True)
class Annotations:
    """A data set of annotated pictures in order of their names; iterating reads none of them.

    without_map: names of the pictures that have no label map, and are not among the others.
    """

    labels: LabelSet
    pictures: tuple[AnnotatedPicture, ...]
    without_map: tuple[str, ...] = ()

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

        def mapped(picture: AnnotatedPicture) -> AnnotatedPicture:
            def label_map() -> LabelMap:
                read = picture.label_map()
                return LabelMap(table[read.ids], target, origin=read.origin)

            return dataclasses.replace(picture, label_map=label_map)

        return dataclasses.replace(
            self, labels=target, pictures=tuple(mapped(picture) for picture in self.pictures)
        )
