"""The same weights, classifiers and picture for the authors' code and for ours."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.authors import BLOCKS, Authors
from pixelguide.guidance.guidance import guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.sampling import sample_edit
from pixelguide.prior.adm.convert import convert_adm
from pixelguide.prior.adm.shapes import AdmSettings
from pixelguide.prior.adm.torch_files import read_state_dict
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS, InferenceOptions, prepare
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import list_taps
from pixelguide.seeds import generator
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.foreign_classifiers import find_classifiers, import_guide

CLASSES = 34
SCALE = 100.0


@dataclass(frozen=True)
class Scene:
    """What both edit. x_0: 1×3×S×S. x_t: N×3×S×S, the same for all. target: int64 S×S. roi: bool
    S×S, a sixteenth of the picture."""

    x_0: Tensor
    x_t: Tensor
    target: Tensor
    roi: Tensor


@dataclass(frozen=True)
class Ours:
    """Our prior and guide on the levels that theirs visits."""

    denoiser: Denoiser
    guide: ClassifierBank
    schedule: Schedule

    def prepared(self, options: InferenceOptions) -> Ours:
        """The same network, changed in place, run as `options` says."""
        known = self.denoiser
        prepare(known.unet, known.device, options)
        taps = tuple(tap.index for tap in known.taps)
        denoiser = Denoiser(
            known.unet, known.schedule, taps, known.prediction_type, graphs=options.graphs
        )
        return replace(self, denoiser=denoiser)

    def sample(self, scene: Scene) -> Tensor:
        """A guided step at each level."""
        predict = guided(self.denoiser, self.guide, scene.target, scene.roi)
        draws = [generator(0, "candidate", k) for k in range(len(scene.x_t))]
        return sample_edit(predict, scene.x_0, scene.x_t, scene.roi, self.schedule, SCALE, draws)

    def inversion_step(self, scene: Scene) -> Tensor:
        """From the first level to the second."""
        return invert(self.denoiser, scene.x_0, self.schedule)


def same_parts(
    theirs: Authors, checkpoint: Path | None, options: InferenceOptions = DEFAULT_OPTIONS
) -> Ours:
    """Give both the same weights and classifiers, ours by way of files in the authors' formats."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if checkpoint is None:
            checkpoint = folder / "adm.pt"
            torch.save(random_weights(theirs.network), checkpoint)
        theirs.load(read_state_dict(checkpoint))
        settings = AdmSettings(theirs.flags.image_size, theirs.flags.num_head_channels)
        convert_adm(checkpoint, folder / "model", settings, dtype=torch.float32)
        opened = ModelFolder.open(folder / "model")
        unet = prepare(opened.unet(), theirs.device, options)
        denoiser = Denoiser.from_parts(unet, opened.scheduler(), BLOCKS)

        channels = sum(tap.channels for tap in denoiser.taps)
        states = {t: random_classifier(channels, t) for t in theirs.timesteps}
        theirs.set_classifiers(states, CLASSES)
        for t, state in states.items():
            own = folder / "classifiers" / "_".join(map(str, (t, *BLOCKS)))
            own.mkdir(parents=True)
            torch.save({"model_state_dict": state}, own / "model_0.pth")
        found = find_classifiers(folder / "classifiers")
        guide = import_guide(found, list_taps(unet), theirs.timesteps).to(theirs.device)
    return Ours(denoiser, guide, denoiser.schedule.respaced(theirs.timesteps))


def random_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """Weights that keep the variance, gains near 1: a new network's last layers are all zero."""
    draws = generator(0, "weights")
    state = {}
    for name, value in network.state_dict().items():
        spread = 0.2 if value.ndim == 1 else value[0].numel() ** -0.5
        drawn = torch.randn(value.shape, generator=draws) * spread
        state[name] = drawn + 1 if value.ndim == 1 and name.endswith("weight") else drawn
    return state


def random_classifier(inputs: int, t: int) -> dict[str, Tensor]:
    """A pixel classifier of `CLASSES` classes in DatasetDDPM's names."""
    draws = generator(0, "classifier", t)
    widths = (inputs, 256, 128, CLASSES)
    state = {}
    for position, fan_in, fan_out in zip((0, 3, 6), widths, widths[1:], strict=False):
        spread = math.sqrt(2 / fan_in)
        state[f"layers.{position}.weight"] = torch.randn(fan_out, fan_in, generator=draws) * spread
        state[f"layers.{position}.bias"] = torch.randn(fan_out, generator=draws) * 0.1
        if position < 6:
            norm = f"layers.{position + 2}"
            state[f"{norm}.weight"] = torch.rand(fan_out, generator=draws) + 0.5
            state[f"{norm}.bias"] = torch.randn(fan_out, generator=draws) * 0.1
            state[f"{norm}.running_mean"] = torch.rand(fan_out, generator=draws)
            state[f"{norm}.running_var"] = torch.rand(fan_out, generator=draws) + 0.5
            state[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return state


def make_scene(ours: Ours, batch: int) -> Scene:
    """A random picture, its noised version, a random map, and a square to edit."""
    size, device = ours.denoiser.size, ours.denoiser.device
    draws = generator(0, "scene")
    x_0 = torch.rand(1, 3, size, size, generator=draws) * 2 - 1
    noise = torch.randn(x_0.shape, generator=draws)
    x_t = ours.schedule.add_noise(x_0, noise, torch.tensor([len(ours.schedule) - 1]))
    target = torch.randint(CLASSES, (size, size), generator=draws)
    roi = np.zeros((size, size), np.bool_)
    roi[3 * size // 8 : 5 * size // 8, 3 * size // 8 : 5 * size // 8] = True
    return Scene(
        x_0.to(device), x_t.to(device).expand(batch, -1, -1, -1).contiguous(), target.to(device),
        torch.from_numpy(roi).to(device),
    )  # fmt: skip
