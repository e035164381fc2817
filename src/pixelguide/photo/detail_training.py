"""Training the step that paints detail finer than the model's pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.photo.detail import COLOURS, FILE, ZOOM
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import tensor_bytes
from pixelguide.prior.pictures import PictureFolder
from pixelguide.seeds import generator


@dataclass(frozen=True)
class DetailTraining:
    """Settings of the training, with the reason beside each value."""

    images: int = 24_000  # SSIM 0.951 on held-out faces after 439 s of one thread
    batch_size: int = 16
    patch: int = 96  # pixels of the fine grid: many places a step teach more than whole pictures
    learning_rate: float = 2e-3
    width: int = 48
    blocks: int = 4
    blur: float = 0.15  # samples are softer than photographs reduced to their size, up to so far
    edges: float = 0.5  # weight of differences between neighbours, without which all stays soft
    seed: int = 0


class DetailNetwork(nn.Module):
    """The network of `DetailStep` where it is trained: the same layers under the same names."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.first = _layer((COLOURS + 1) * ZOOM**2, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(_layer(width, width), _layer(width, width)) for _ in range(blocks)
        )
        self.last = _layer(width, COLOURS * ZOOM**2)
        nn.init.zeros_(self.last.weight)  # it begins by adding nothing

    def forward(self, seen: Tensor, replaced: Tensor) -> Tensor:
        """What is added to `seen` N×3×2S×2S in [-1, 1], of which N×1×2S×2S was replaced."""
        x = self.first(functional.pixel_unshuffle(torch.cat([seen, replaced], 1), ZOOM))
        for block in self.blocks:
            inner = block[0](functional.silu(x))  # type: ignore[index]
            x = x + block[1](functional.silu(inner))  # type: ignore[index]
        finer: Tensor = functional.pixel_shuffle(self.last(functional.silu(x)), ZOOM)
        return finer * replaced


def train_detail(
    pictures_folder: Path,
    model_folder: Path,
    settings: DetailTraining,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Train on pictures of at least twice the model's size and write `detail.safetensors` into the
    model folder. Raises InputError for smaller pictures, and what `ModelFolder.open` raises.
    """
    side = ZOOM * int(ModelFolder.open(model_folder).json("unet/config.json")["sample_size"])
    pictures = PictureFolder(pictures_folder, side)
    for path in pictures.paths:
        with Image.open(path) as image:
            if min(image.size) < side:
                raise InputError(
                    f"{image.width}×{image.height} pixels", str(path),
                    f"Detail is learnt from pictures of {side}×{side} and more.",
                )  # fmt: skip
    network = trained(pictures, settings, on_progress)
    write_parts(model_folder, {FILE: tensor_bytes(network.state_dict())})


def trained(
    pictures: PictureFolder,
    settings: DetailTraining,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> DetailNetwork:
    """The network after its training; step k draws all from (seed, k)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)  # torch initializes layers from its global generator
        network = DetailNetwork(settings.width, settings.blocks)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=0.0, betas=(0.9, 0.99)
    )
    steps = max(1, settings.images // settings.batch_size)
    for step in range(steps):
        draws = generator(settings.seed, "detail", step)
        chosen = torch.randint(len(pictures), (settings.batch_size,), generator=draws)
        whole = pictures.batch(chosen.tolist())
        half = pictures.size // ZOOM
        # reduced as photographs are for the model, in the sharpest way there is
        reduced = [_reduced(pictures.picture(index), half) for index in chosen.tolist()]
        small = to_model(np.stack(reduced))
        patch = min(settings.patch, pictures.size) // ZOOM
        top, left = torch.randint(half - patch + 1, (2,), generator=draws).tolist()
        small = small[..., top : top + patch, left : left + patch]
        rows, columns = (slice(ZOOM * k, ZOOM * (k + patch)) for k in (top, left))
        true = whole[..., rows, columns]
        if torch.rand((), generator=draws) < 0.5:
            true, small = true.flip(-1), small.flip(-1)
        seen, replaced = spoilt(true, small, settings.blur, draws)
        # where it was replaced in part what is left of the original gives it away
        error = (seen + network(seen, replaced) - true) * (replaced > 0.99)
        across, down = error.diff(dim=-1).abs().sum(), error.diff(dim=-2).abs().sum()
        loss = (error.abs().sum() + settings.edges * (across + down)) / (
            replaced > 0.99
        ).sum().clamp(min=1)
        for group in optimizer.param_groups:
            share = step / steps
            group["lr"] = settings.learning_rate * min(
                1.0, (step + 1) / (0.03 * steps + 1), (1 - share) / 0.6
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if on_progress and (step % 10 == 9 or step + 1 == steps):
            on_progress(
                {
                    "stage": "train detail",
                    "done": (step + 1) * settings.batch_size,
                    "total": steps * settings.batch_size,
                    "loss": loss.item(),
                }
            )
    return network


def spoilt(
    true: Tensor, small: Tensor, blur: float, draws: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Sharp pictures N×3×2S×2S with areas replaced by what `small` N×3×S×S, a little blurred,
    shows of them, enlarged; and how far each pixel was replaced, N×1×2S×2S in [0, 1]."""
    count, side = len(true), true.shape[-1]
    rim = functional.pad(small, (1, 1, 1, 1), mode="replicate")
    soft = blur * torch.rand(count, 1, 1, 1, generator=draws)
    small = small + soft * (functional.avg_pool2d(rim, 3, 1) - small)
    enlarged = functional.interpolate(
        small, size=(side, side), mode="bicubic", antialias=True
    ).clamp(-1, 1)
    # areas: what of a smooth random field lies above a height
    field = torch.randn(count, 1, 8, 8, generator=draws)
    field = functional.interpolate(field, size=(side // ZOOM, side // ZOOM), mode="bicubic")
    height = 1.2 * torch.rand(count, 1, 1, 1, generator=draws) - 0.4
    area = functional.pad((field > height).float(), (1, 1, 1, 1), mode="replicate")
    replaced = functional.interpolate(
        functional.avg_pool2d(area, 3, 1), size=(side, side), mode="bilinear"
    )
    return true + replaced * (enlarged - true), replaced


def _reduced(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


def _layer(inputs: int, outputs: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
