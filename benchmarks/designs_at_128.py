"""Which network learns 128² pictures best in the same processor time.

    python -m benchmarks.designs_at_128 PICTURES OUT --design grown --inner portraits-64

Designs: `thin`, an outer level of 16 channels and fresh weights; `blocks`, the network of half the
size on blocks of 2×2 pixels (Hoogeboom et al. 2023, arXiv 2301.11093, sec. 3.3), fresh, which
answers v so that the noise need not pass through few channels, with the loss on ε that the others
have; `grown`, `thin` with the weights of `--inner` inside. Each is trained alike: batches, noise
levels and augmentation as `train prior` draws them, the rate up and down by the share of the time,
averaged weights. Time is this process's processor time with one thread, so that other work on the
machine takes nothing away.

Writes OUT/DESIGN.json (loss on held-out pictures, by timestep), OUT/DESIGN.png (samples) and, of
networks that diffusers knows, OUT/DESIGN/ (the weights).
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from diffusers import UNet2DModel
from diffusers.training_utils import EMAModel
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.setup import option_parser
from pixelguide.images import save_png
from pixelguide.prior.architecture import Architecture, fresh_network
from pixelguide.prior.augmentation import Augmentation, reduce
from pixelguide.prior.batches import batches, split
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.growing import grown
from pixelguide.prior.loss import hybrid_loss
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.sampling import sample
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.training_settings import PriorTraining
from pixelguide.seeds import generator

SIZE = 128
BANDS = ((0, 100), (100, 300), (300, 600), (600, 1000))
"""Timesteps between which the loss is told by itself."""


class Answer:
    """What diffusers' networks return."""

    def __init__(self, sample: Tensor) -> None:
        self.sample = sample


class Blocks(nn.Module):
    """A network of half the size on blocks of 2×2 pixels; outside it answers as one of full size.

    Inside it answers v and the variance for each pixel of a block; ε = √ᾱ v + √(1-ᾱ) x_t.
    """

    def __init__(self, inner: UNet2DModel, schedule: Schedule) -> None:
        super().__init__()
        self.inner, self.alpha_bar = inner, schedule.alpha_bar.float()

    def forward(self, x_t: Tensor, t: Tensor) -> Answer:
        """ε and v: N×3×S×S and t int64 N to N×6×S×S."""
        velocity, variance = self.inner(functional.pixel_unshuffle(x_t, 2), t).sample.chunk(2, 1)
        alpha_bar = self.alpha_bar[t][:, None, None, None]
        eps = alpha_bar.sqrt() * functional.pixel_shuffle(velocity, 2)
        eps = eps + (1 - alpha_bar).sqrt() * x_t
        return Answer(torch.cat([eps, functional.pixel_shuffle(variance, 2)], 1))


def design(name: str, inner: UNet2DModel, schedule: Schedule) -> nn.Module:
    """The network of that name around, or of the shape of, `inner`."""
    widths = tuple(inner.config.block_out_channels)
    draw = generator(0, "weights", 0)
    if name == "grown":
        larger: nn.Module = grown(inner, 16, draw)
        return larger
    if name == "thin":
        fresh: nn.Module = Architecture(SIZE, (16, *widths)).build(draw)
        return fresh
    config = {key: value for key, value in inner.config.items() if not key.startswith("_")}
    return Blocks(fresh_network({**config, "in_channels": 12, "out_channels": 24}, draw), schedule)


def main() -> None:
    """Train one design and measure it."""
    parser = option_parser(__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--design", choices=("thin", "blocks", "grown"), required=True)
    parser.add_argument("--inner", default="portraits-64", help="a prior of 64²")
    parser.add_argument("--cpu-minutes", type=float, default=60)
    parser.add_argument("--augment", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = PriorTraining(
        augmentation=Augmentation() if arguments.augment else None, shift_noise=True
    )
    schedule = Schedule.linear()
    network = design(arguments.design, ModelFolder.open(arguments.inner).unet(), schedule)
    pictures = PictureFolder(arguments.pictures, settings.picture_size(SIZE))
    ema = EMAModel(network.parameters(), decay=settings.ema_decay, use_ema_warmup=True, power=0.75)
    seen = train(network, ema, pictures, settings, schedule, arguments.cpu_minutes * 60)
    ema.copy_to(network.parameters())
    _, held_out = split(len(pictures), settings.held_out)
    unseen = pictures.batch(held_out)
    unseen = reduce(unseen) if settings.augmentation else unseen
    content = {
        "design": arguments.design,
        "inner": arguments.inner,
        "cpu_minutes": arguments.cpu_minutes,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "pictures_seen": seen,
        "pictures_per_second": seen / (arguments.cpu_minutes * 60),
        **held_out_losses(network, unseen, schedule),
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"{arguments.design}.json"
    path.write_text(json.dumps(content, indent=2) + "\n")
    sys.stdout.write(path.read_text())
    save_sheet(network, schedule, path.with_suffix(".png"))
    if isinstance(network, UNet2DModel):
        network.save_pretrained(arguments.out / arguments.design)


def train(
    network: nn.Module,
    ema: EMAModel,
    pictures: PictureFolder,
    settings: PriorTraining,
    schedule: Schedule,
    seconds: float,
) -> int:
    """Train for so many seconds of processor time; the number of pictures seen."""
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=0.0, betas=(0.9, 0.99)
    )
    train_on, _ = split(len(pictures), settings.held_out)
    endless = range(10**9)
    began = time.process_time()
    with ThreadPoolExecutor(1) as pool:
        drawn = batches(pictures, train_on, settings, slice(None), endless, pool)
        for step, (x_0, eps, t) in enumerate(drawn):
            share = (time.process_time() - began) / seconds
            if share >= 1:
                return step * settings.batch_size
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * min(
                    1.0, share / 0.05 + 0.001, (1 - share) / settings.cooldown
                )
            x_t = schedule.add_noise(x_0, eps, t)
            simple, vlb = hybrid_loss(network(x_t, t).sample, x_0, x_t, eps, t, schedule)
            (simple + vlb).mean().backward()
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            ema.step(network.parameters())
    raise AssertionError("an endless training ended")


@torch.no_grad()
def held_out_losses(network: nn.Module, x_0: Tensor, schedule: Schedule) -> dict[str, float]:
    """Mean L_simple on N×3×S×S never trained on, timesteps spread evenly, and by `BANDS`."""
    t = ((torch.arange(len(x_0)) + 0.5) * len(schedule) / len(x_0)).long()
    t = t[torch.randperm(len(t), generator=generator(0, "levels", 0))]
    eps = torch.randn(x_0.shape, generator=generator(0, "held out", 0))
    losses = []
    for part in torch.arange(len(x_0)).split(16):
        x_t = schedule.add_noise(x_0[part], eps[part], t[part])
        output = network(x_t, t[part]).sample
        losses.append(hybrid_loss(output, x_0[part], x_t, eps[part], t[part], schedule)[0])
    loss = torch.cat(losses)
    bands = {f"{low}-{high}": loss[(t >= low) & (t < high)].mean() for low, high in BANDS}
    return {name: float(value) for name, value in {"held_out": loss.mean(), **bands}.items()}


def save_sheet(network: nn.Module, schedule: Schedule, path: Path) -> None:
    """Eight samples in two rows, the same noise for every design."""
    noise = torch.randn(8, 3, SIZE, SIZE, generator=generator(0, "samples", 0))
    rows = sample(network, schedule, noise).reshape(2, 4, SIZE, SIZE, 3)
    save_png(path, rows.transpose(0, 2, 1, 3, 4).reshape(2 * SIZE, 4 * SIZE, 3))


if __name__ == "__main__":
    main()
