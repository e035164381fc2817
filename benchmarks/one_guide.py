"""One guide for every timestep instead of one for each: is a tiny MLP conditioned on t as good?

    python -m benchmarks.one_guide LABELLED [--model portraits-64] [--first 400] [--edits 24]
        [--held-out 12] [--steps 16] [--start 400]

Matsunaga et al. 2022 train one classifier for each t, since one that is told t is difficult. Here
an embedding of t scales and shifts what the first layer gives, before its ReLU (FiLM, Perez et al.
2018, arXiv 1709.07871); everything else is a member of {C_t}. Both see the same pixels of the same
pictures at the same timesteps, under as many noises, and take as many steps: the one guide those of
the common classifier and of all that are tuned from it. Prints the accuracy at some t on portraits
that were held out, PSNR and accuracy of edits `first` … (strength 3 in units of the noise), the
processor time of the training, and the size of the weights in half precision.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.setup import add_edits, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.portrait_edits import held_out_portraits
from pixelguide.images import to_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.plan import ClassifierTraining, guide_timesteps
from pixelguide.segment.samples import PixelSample, moments, prepared
from pixelguide.segment.training import train_guide, untrained_bank

EMBEDDING, WIDTH = 32, 64


class OneGuide(nn.Module):
    """A pixel classifier (see `PixelClassifiers`) whose first layer is modulated by t."""

    def __init__(self, bank: ClassifierBank) -> None:
        """bank: of one member, which has the rest of the weights."""
        super().__init__()
        self.bank = bank
        width = bank.weight1.shape[1]
        last = nn.Linear(WIDTH, 2 * width)
        self.of_t = nn.Sequential(nn.Linear(EMBEDDING, WIDTH), nn.SiLU(), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def modulation(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Factor and shift of the first layer, each B×width, for timesteps B."""
        rates = torch.exp(-math.log(1000) * torch.arange(EMBEDDING // 2) / (EMBEDDING // 2))
        angles = t[:, None].float() * rates
        gain, shift = self.of_t(torch.cat([angles.sin(), angles.cos()], 1)).chunk(2, 1)
        return 1 + gain, shift

    def forward(self, features: Tensor, t: Tensor) -> Tensor:
        """Logits B×classes of features B×inputs at timesteps B."""
        bank = self.bank
        gain, shift = self.modulation(t)
        hidden = functional.linear(features, bank.weight1[0], bank.bias1[0])
        hidden = (gain * hidden + shift).T[None]  # 1×F×B
        hidden = torch.baddbmm(bank.bias2[..., None], bank.weight2, bank._normalize(hidden, 1))
        hidden = torch.baddbmm(bank.bias3[..., None], bank.weight3, bank._normalize(hidden, 2))
        return hidden[0].T

    @torch.no_grad()
    def at(self, timesteps: Sequence[int]) -> PixelClassifiers:
        """The same function as a bank with a member for each timestep, to guide with."""
        bank = ClassifierBank(**{**self.bank.state(), "timesteps": [[t] for t in timesteps]})
        gain, shift = self.modulation(torch.tensor(list(timesteps)))
        for name, value in bank.state_dict().items():
            value.copy_(self.bank.state_dict()[name].expand_as(value))
        bank.weight1.mul_(gain[:, :, None])
        bank.bias1.mul_(gain).add_(shift)
        frozen: PixelClassifiers = bank.eval().requires_grad_(False)
        return frozen


def trained_one(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> OneGuide:
    """The one guide, trained on all timesteps of `settings` at once."""
    timesteps = guide_timesteps(settings)
    pictures = prepared(denoiser, pictures, settings)
    sample = PixelSample(denoiser, pictures, settings, settings.pixels)
    rows = torch.cat([sample.features([t]) for t in timesteps])
    labels = sample.labels.repeat(len(timesteps))
    times = torch.tensor(timesteps).repeat_interleave(len(sample))
    mean, deviation = moments(rows)
    torch.manual_seed(settings.seed)  # torch initializes layers from its global generator only
    one = OneGuide(untrained_bank(denoiser, pictures, [(timesteps[0],)]))
    one.bank.initialize(0, generator(settings.seed, "member", 0))
    steps = settings.iterations + settings.tuning * len(timesteps)
    optimizer = torch.optim.AdamW(
        one.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    draws = generator(settings.seed, "order")
    one.train()
    for step in range(steps):
        chosen = torch.randint(len(rows), (settings.batch_size,), generator=draws)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        x = (rows[chosen].float() - mean) / deviation
        loss = functional.cross_entropy(one(x, times[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    one.eval()
    one.bank.standardize_inputs(mean[None], deviation[None])
    return one


@torch.no_grad()
def accuracy(denoiser: Denoiser, guide: PixelClassifiers, count: int, t: int) -> float:
    """Share of the pixels of `count` held-out portraits that are read right at timestep t."""
    images, ids = held_out_portraits(count, denoiser.size)
    right = []
    for k, (image, own) in enumerate(zip(images, ids, strict=True)):
        x_0 = to_model(image)
        noise = torch.randn(x_0.shape, generator=generator(0, "accuracy", k, t))
        taps = denoiser.features(denoiser.schedule.add_noise(x_0, noise, torch.tensor([t])), t)
        pixels = torch.arange(own.size)
        read = guide.logits(guide.nearest(t), taps, pixels, denoiser.size).argmax(2)
        right.append(float((read[0].numpy() == own.ravel()).mean()))
    return float(np.mean(right))


def edited(
    editor: Editor, guide: PixelClassifiers, tasks: Sequence[EditTask]
) -> tuple[float, float]:
    """Mean PSNR to the truth, dB, and accuracy by f_multi, of the edits with this guide."""
    editor._guide = guide
    scores = []
    for task in tasks:
        editor.set_image(task.image)
        best = editor.edit(
            task.target, source=task.source, edit_classes=task.classes, num_images=1,
            roi=task.roi_mode, dilation=task.dilation, rank="agreement", guidance_scale=3,
            guidance_unit="noise",
        ).best  # fmt: skip
        truth = task.image if task.truth is None else task.truth
        scores.append((psnr(best.image, truth, task.roi), best.roi_accuracy))
    near, right = np.mean(scores, 0)
    return float(near), float(right)


def weight_bytes(*modules: nn.Module) -> int:
    """In half precision."""
    count: int = sum(value.numel() for own in modules for value in own.state_dict().values())
    return 2 * count


def main() -> None:
    """Train both, measure, print."""
    parser = option_parser(__doc__)
    parser.add_argument("labelled", type=Path)
    add_edits(parser, 400, 24)
    parser.add_argument("--held-out", type=int, default=12)
    parser.add_argument("--start", type=int, default=400)
    parser.add_argument("--steps", type=int, default=16)
    arguments: argparse.Namespace = parser.parse_args()
    torch.set_num_threads(1)
    editor = Editor.from_pretrained(arguments.model, "cpu")
    denoiser = editor.denoiser
    pictures = LabelledPictures.load(arguments.labelled, editor.size)
    settings = ClassifierTraining(
        starts=(arguments.start,), steps=arguments.steps, iterations=3000, tuning=200,
        noise_draws=2, pixels=512,
    )  # fmt: skip
    timesteps = guide_timesteps(settings)
    tasks = list(portrait_tasks(editor, arguments.edits, arguments.first))
    shown = [timesteps[int(k)] for k in np.linspace(0, len(timesteps) - 1, 5)]
    titles = [f"accuracy, t = {t}" for t in shown]
    header = ["guide", *titles, "PSNR, dB", "accuracy, f_multi", "CPU s", "KiB"]
    sys.stdout.write(f"| {' | '.join(header)} |\n|{'---|' * len(header)}\n")
    for name in ("one for each t", "one for all t"):
        began = time.process_time()
        if name == "one for each t":
            guide: PixelClassifiers = train_guide(denoiser, pictures, settings)
            size = weight_bytes(guide)
        else:
            one = trained_one(denoiser, pictures, settings)
            guide, size = one.at(timesteps), weight_bytes(one)
        took = time.process_time() - began
        right = [f"{accuracy(denoiser, guide, arguments.held_out, t):.3f}" for t in shown]
        near, agreed = edited(editor, guide.requires_grad_(False), tasks)
        cells = [name, *right, f"{near:.2f}", f"{agreed:.4f}", f"{took:.0f}", f"{size / 1024:.0f}"]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
