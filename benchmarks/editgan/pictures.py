"""Real pictures in memory, on the device that trains."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from pixelguide.prior.pictures import PictureFolder


class DecodedPictures:
    """The pictures of a folder, decoded once: 20,000 of 64² are 250 MB.

    A training step then only picks some of them, which a GPU does not have to wait for.
    """

    def __init__(self, folder: PictureFolder, device: torch.device, threads: int = 1) -> None:
        self.size = folder.size
        with ThreadPoolExecutor(threads) as pool:
            decoded = np.stack(list(pool.map(folder.picture, range(len(folder)))))
        self._pixels = torch.from_numpy(decoded).permute(0, 3, 1, 2).contiguous().to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self._pixels.device

    def batch(self, chosen: Tensor, mirror: Tensor | None = None) -> Tensor:
        """Pictures `chosen` (int64 N) as float32 N×3×S×S in [-1, 1], mirrored where `mirror`
        (bool N)."""
        found = self._pixels[chosen.to(self.device, non_blocking=True)].float() / 127.5 - 1
        if mirror is not None:
            turned = mirror.to(self.device, non_blocking=True)[:, None, None, None]
            found = torch.where(turned, found.flip(-1), found)
        return found.contiguous(memory_format=torch.channels_last)
