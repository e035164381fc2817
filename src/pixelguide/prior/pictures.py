"""A folder of pictures as training data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.files import entries_below, is_hidden
from pixelguide.images import SUFFIXES, load_rgb, to_model

KEPT_BYTES = 2**30
"""A folder whose pictures take no more at the model's size is kept in memory once decoded."""
USUAL_SIDE = 64
"""Of a new network, in pixels."""


def usual_size(folder: str | Path, divisor: int) -> int:
    """The side of a new network for the pictures of a folder: `USUAL_SIDE`, or where its first
    picture is smaller the largest multiple of `divisor` in it, at least that."""
    pictures = PictureFolder(folder, USUAL_SIDE)
    height, width = load_rgb(pictures.paths[0]).shape[:2]
    side: int = min(height, width)
    return min(USUAL_SIDE, max(divisor, side - side % divisor))


class PictureFolder:
    """All pictures of a folder and its subfolders, in order of their names.

    Each is cut to its central square and reduced to `size`. Files that end in `_label.png` are
    label maps and left out, and so is what starts with a dot, such as macOS's `._NAME.jpg`.
    Pictures are decoded when first asked for; the small ones of a folder that fits into
    `KEPT_BYTES` are kept, so that later epochs need no decoding.
    """

    def __init__(self, folder: str | Path, size: int) -> None:
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError("no such folder", str(folder), "Give a folder of pictures.")
        self.size = size
        self.paths = sorted(
            path
            for path in entries_below(folder)
            if path.suffix.lower() in SUFFIXES
            and not path.stem.endswith("_label")
            and not is_hidden(str(path.relative_to(folder)))
        )
        if not self.paths:
            raise InputError("no pictures", str(folder), f"Looked for {', '.join(SUFFIXES)}.")
        self._keep = len(self.paths) * size * size * 3 <= KEPT_BYTES
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Picture `index` as uint8 size×size×3."""
        picture = self._kept.get(index)
        if picture is None:
            picture = self._read(index)
            if self._keep:
                self._kept[index] = picture
        return picture

    def _read(self, index: int) -> NDArray[np.uint8]:
        image = load_rgb(self.paths[index])
        height, width = image.shape[:2]
        if height == width == self.size:
            return image
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = Image.fromarray(image[top : top + side, left : left + side])
        return np.array(square.resize((self.size, self.size), Image.Resampling.LANCZOS))

    def batch(self, indices: list[int], pool: ThreadPoolExecutor | None = None) -> torch.Tensor:
        """Several pictures as float32 N×3×size×size in [-1, 1]."""
        pictures = (pool.map if pool else map)(self.picture, indices)
        return to_model(np.stack(list(pictures)))
