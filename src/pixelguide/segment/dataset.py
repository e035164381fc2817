"""Pictures with label maps, as classifiers are trained on them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.annotations import Interpretation, read_annotations
from pixelguide.annotations.doubts import Doubts
from pixelguide.annotations.naming import IGNORED
from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelSet


@dataclass(frozen=True)
class LabelledPictures:
    """N pictures of one size with their label maps.

    images: uint8 N×S×S×3. label_ids: uint8 N×S×S, class ids or `IGNORE`. notes: what may be wrong
    with the maps they were read from.
    """

    images: NDArray[np.uint8]
    label_ids: NDArray[np.uint8]
    labels: LabelSet
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def load(
        cls,
        path: str | Path,
        size: int,
        limit: int | None = None,
        labels: LabelSet | None = None,
        how: Interpretation | None = None,
    ) -> LabelledPictures:
        """Read annotated pictures of any format that `pixelguide.annotations` knows.

        size: side of the result; square pictures of another size are resized (maps by nearest
        neighbour). limit: use the first so many, in order of their names. labels: the classes, for
        formats that do not name them. how: how maps are to be understood. Raises
        InputError for a set without annotations, and for maps that have no picture, that cannot be
        read, or are not square.
        """
        annotations = read_annotations(path, labels=labels, how=how or Interpretation())
        images, maps, doubts = [], [], Doubts(annotations)
        for annotated in annotations.pictures[:limit]:
            loaded = doubts.seen(annotated.load())
            if loaded.image is None:
                raise InputError("label map without its picture", loaded.name, "Put it beside.")
            height, width = loaded.image.shape[:2]
            if height != width:
                raise InputError(
                    f"{width}×{height} pixels", loaded.name, "Crop picture and map to squares."
                )
            images.append(_resized(loaded.image, size, Image.Resampling.LANCZOS))
            maps.append(_resized(loaded.label_map.ids, size, Image.Resampling.NEAREST))
        if not images:
            raise InputError("no labelled pictures", str(path), "Label some, see docs/formats.md.")
        notes = tuple(doubts.notes())
        return cls(np.stack(images), np.stack(maps), annotations.labels, notes)

    def check_classes(self) -> None:
        """Raise InputError if a class has no pixel: nothing can be learnt of it."""
        present = np.unique(self.label_ids)
        missing = [name for i, name in enumerate(self.labels.names) if i not in present]
        if missing:
            option = shlex.quote(f"{missing[0]}={IGNORED}")
            advice = (
                f"Label some, leave out what you do not need (labels convert --map {option}), or "
                "train all the same (--allow-absent)."
            )
            if self.notes:
                advice += f" Note: {'; '.join(self.notes)}."
            raise InputError(
                f"classes without a pixel: {', '.join(missing)}", "labelled pictures", advice
            )

    def without_specks(self, smallest: int) -> LabelledPictures:
        """Labels that cover fewer than `smallest` pixels of a picture become `IGNORE` there.

        (DatasetDDPM's rule, with 20 pixels at 256²: so few are more often slips than parts.)
        """
        cleaned = self.label_ids.copy()
        for own in cleaned:
            ids, counts = np.unique(own, return_counts=True)
            own[np.isin(own, ids[counts < smallest])] = IGNORE
        return replace(self, label_ids=cleaned)

    def mirrored(self) -> LabelledPictures:
        """These pictures followed by their mirror images."""
        images = np.concatenate([self.images, self.images[:, :, ::-1]])
        maps = np.concatenate([self.label_ids, self.label_ids[:, :, ::-1]])
        return replace(self, images=images, label_ids=maps)


def _resized(pixels: NDArray[np.uint8], size: int, how: Image.Resampling) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (size, size):
        return pixels
    return np.array(Image.fromarray(pixels).resize((size, size), how))
