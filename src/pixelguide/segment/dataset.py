"""Pictures with label maps, as classifiers are trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.pictures import SUFFIXES


@dataclass(frozen=True)
class LabelledPictures:
    """N pictures of one size with their label maps.

    images: uint8 N×S×S×3. label_ids: uint8 N×S×S, class ids or `IGNORE`.
    """

    images: NDArray[np.uint8]
    label_ids: NDArray[np.uint8]
    labels: LabelSet

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def load(cls, folder: str | Path, size: int, limit: int | None = None) -> LabelledPictures:
        """Read `labels.json` and every pair `NAME.png` (or another picture), `NAME_label.png`.

        size: side the pictures must have. limit: use the first so many, in order of their names.
        Raises InputError for a folder without pairs or labels, and for wrong sizes.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError("no such folder", str(folder), "Give a folder of labelled pictures.")
        try:
            text = (folder / "labels.json").read_text("utf-8")
        except FileNotFoundError:
            raise InputError(
                "labels.json is missing", str(folder), "It names the classes; see docs/formats.md."
            ) from None
        labels = LabelSet.from_json(text)
        images, maps = [], []
        for map_path in sorted(folder.glob("*_label.png"))[:limit]:
            stem = map_path.stem.removesuffix("_label")
            picture = next(
                (p for s in SUFFIXES if (p := map_path.with_name(stem + s)).exists()), None
            )
            if picture is None:
                raise InputError("label map without its picture", map_path.name)
            image, label_map = load_rgb(picture), LabelMap.load(map_path, labels)
            for path, shape in ((picture, image.shape[:2]), (map_path, label_map.ids.shape)):
                if shape != (size, size):
                    raise InputError(
                        f"{shape[1]}×{shape[0]} pixels, the model works at {size}×{size}",
                        path.name,
                        "Resize it (maps by nearest neighbour).",
                    )
            images.append(image)
            maps.append(label_map.ids)
        if not images:
            raise InputError("no labelled pictures", str(folder), "Expected NAME_label.png files.")
        return cls(np.stack(images), np.stack(maps), labels)

    def without_specks(self, smallest: int) -> LabelledPictures:
        """Labels that cover fewer than `smallest` pixels of a picture become `IGNORE` there.

        (DatasetDDPM's rule, with 20 pixels at 256²: so few are more often slips than parts.)
        """
        cleaned = self.label_ids.copy()
        for own in cleaned:
            ids, counts = np.unique(own, return_counts=True)
            own[np.isin(own, ids[counts < smallest])] = IGNORE
        return LabelledPictures(self.images, cleaned, self.labels)

    def mirrored(self) -> LabelledPictures:
        """These pictures followed by their mirror images."""
        images = np.concatenate([self.images, self.images[:, :, ::-1]])
        maps = np.concatenate([self.label_ids, self.label_ids[:, :, ::-1]])
        return LabelledPictures(images, maps, self.labels)
