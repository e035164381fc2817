"""The trained baseline: pictures to latents, latents to maps, and edits by descent on a latent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.editgan.classifier import (
    PixelTraining,
    new_bank,
    pixel_loss,
    read_maps,
    train_bank,
)
from benchmarks.editgan.encoder import Encoder
from benchmarks.editgan.inversion import Distance, descend, load_gan, refine, style_statistics
from benchmarks.editgan.layers import channels_last
from benchmarks.editgan.networks import Generator
from benchmarks.editgan.storage import fill_module, load_shape, tensor_bytes
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import from_model, to_model
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.prior.safe import load_weights, read_tensors
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures

BANK = "classifiers"


@dataclass(frozen=True)
class EditSettings:
    """Settings of inversion and editing, with the reason beside each value.

    Rates are Adam's, in standard deviations of W.
    """

    refine_steps: int = 500  # Matsunaga et al. 2022, sec. A.2
    refine_rate: float = 0.1  # 0.4 dB better than 0.05, and less far from W than 0.2
    edit_steps: int = 100  # Matsunaga et al. 2022, sec. 4
    edit_rate: float = 0.05
    members: int | None = None  # classifiers that an edit listens to; each costs as much as G does
    label_weight: float = 1.0  # weight of the cross-entropy beside the distance outside the ROI
    start: float = 0.01  # deviation of δw at the start, by which candidates differ


class EditGan:
    """EditGAN's editing by optimization (Ling et al. 2021, arXiv 2111.03186, sec. 3.2).

    Everything is seen through the generator: what it cannot reconstruct is lost outside the ROI as
    well as inside.
    """

    def __init__(
        self,
        generator: Generator,
        distance: Distance,
        encoder: Encoder,
        bank: ClassifierBank,
        labels: LabelSet,
        settings: EditSettings,
    ) -> None:
        self.generator, self.distance, self.encoder = generator, distance, encoder
        self.bank, self.labels, self.settings = bank, labels, settings
        self.size = generator.shape.size
        _, variance = style_statistics(generator)
        self._deviation = variance**0.5
        self.device = next(generator.parameters()).device

    @classmethod
    def load(
        cls,
        folder: str | Path,
        settings: EditSettings | None = None,
        device: torch.device | str = "cpu",
    ) -> EditGan:
        """The baseline whose parts were trained into `folder`.

        Raises InputError when one is missing, damaged or does not fit the others.
        """
        folder = Path(folder)
        shape = load_shape(folder / "generator")
        generator, distance = load_gan(folder, shape, device)
        encoder = load_encoder(folder, device)
        path = folder / f"{BANK}.json"
        try:
            content = json.loads(path.read_text())
            labels = LabelSet.from_json(json.dumps(content["labels"]))
            bank = new_bank(shape, len(labels), int(content["members"]), content["hidden"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"no classifiers ({error})", str(path), "Train them first.") from None
        load_weights(bank, read_tensors(folder / f"{BANK}.safetensors"), f"{BANK}.safetensors")
        bank.to(device).eval().requires_grad_(False)
        return cls(generator, distance, encoder, bank, labels, settings or EditSettings())

    def embed(self, images: NDArray[np.uint8]) -> Tensor:
        """Latents N×ws×latent of pictures uint8 N×S×S×3: the encoder's guess, refined."""
        return embed(self.generator, self.distance, self.encoder, images, self.settings)

    @torch.no_grad()
    def pictures(self, ws: Tensor) -> NDArray[np.uint8]:
        """What the generator makes of latents: uint8 N×S×S×3."""
        return from_model(self.generator.synthesis(ws)[0])

    @torch.no_grad()
    def maps(self, ws: Tensor) -> NDArray[np.uint8]:
        """Label maps uint8 N×S×S of what the generator makes of latents."""
        return read_maps(self.bank, self.generator.synthesis(ws)[1], self.size)

    def reconstruct(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture uint8 S×S×3 as the generator can show it, likewise."""
        picture: NDArray[np.uint8] = self.pictures(self.embed(image[None]))[0]
        return picture

    def edit(
        self,
        image: NDArray[np.uint8],
        target_ids: NDArray[np.uint8],
        roi: NDArray[np.bool_],
        generator: torch.Generator,
    ) -> NDArray[np.uint8]:
        """`image` (uint8 S×S×3) made to follow `target_ids` (uint8 S×S) where `roi` (bool S×S).

        Pixels whose target is `IGNORE` may become anything. generator: draws the start. Returns the
        generated picture, uint8 S×S×3; what lies outside the ROI is a reconstruction. Raises
        InputError for shapes that do not fit, unknown classes, and nothing to edit.
        """
        picture: NDArray[np.uint8] = self.edits([(image, target_ids, roi)], [generator])[0]
        return picture

    def edits(
        self,
        inputs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]],
        generators: Sequence[torch.Generator],
    ) -> NDArray[np.uint8]:
        """`edit` for several pictures at once, uint8 N×S×S×3. inputs: picture, target and ROI of
        each."""
        for each in inputs:
            self._check(*each)
        images, targets, rois = (np.stack(parts) for parts in zip(*inputs, strict=True))
        moved = self.edit_latents(self.embed(images), images, targets, rois, generators)
        return self.pictures(moved)

    def _check(
        self, image: NDArray[np.uint8], target_ids: NDArray[np.uint8], roi: NDArray[np.bool_]
    ) -> None:
        """Raise the errors of `edit`."""
        square = (self.size, self.size)
        if image.shape != (*square, 3) or target_ids.shape != square or roi.shape != square:
            raise InputError(
                f"picture {image.shape}, map {target_ids.shape}, ROI {roi.shape}",
                "edit",
                f"All must be {self.size}×{self.size}.",
            )
        wanted = target_ids[roi & (target_ids != IGNORE)]
        if not wanted.size or int(wanted.max()) >= len(self.labels):
            raise InputError("no pixel to edit, or no known class", "edit", "Paint known classes.")

    def edit_latents(
        self,
        ws: Tensor,
        images: NDArray[np.uint8],
        target_ids: NDArray[np.uint8],
        rois: NDArray[np.bool_],
        generators: Sequence[torch.Generator],
    ) -> Tensor:
        """`edit` from the latents of N pictures, N×ws×latent, to those of the edited ones. Each
        edit is its own, however many are made together.

        Minimizes over δw the cross-entropy of the maps read from G(w + δw) with the target inside
        the ROI, plus L_RGB of picture and G(w + δw), both blackened inside the ROI.
        """
        settings = self.settings
        asked = rois & (target_ids != IGNORE)
        pixels = np.flatnonzero(asked.any(0))  # of one edit or another
        wanted = torch.from_numpy(np.where(asked, target_ids, IGNORE).astype(np.int64))
        wanted = wanted.flatten(1)[:, pixels].to(self.device)
        chosen = torch.from_numpy(pixels).to(self.device)
        outside = torch.from_numpy(~rois).float()[:, None].to(self.device)
        kept = to_model(images, self.device) * outside
        known = self.distance.features(kept)
        synthesis = self.generator.synthesis

        def loss(moved: Tensor) -> Tensor:
            picture, activations = synthesis(moved)
            away = self.distance(picture * outside, kept, known)
            inside = pixel_loss(self.bank, activations, chosen, wanted, self.size, settings.members)
            total: Tensor = away + settings.label_weight * inside
            return total

        drawn = torch.stack([torch.randn(ws.shape[1:], generator=each) for each in generators])
        delta = drawn.to(self.device) * (settings.start * self._deviation)
        return descend(ws + delta, loss, settings.edit_steps, settings.edit_rate * self._deviation)


def embed(
    generator: Generator,
    distance: Distance,
    encoder: Encoder,
    images: NDArray[np.uint8],
    settings: EditSettings,
) -> Tensor:
    """Latents N×ws×latent of pictures uint8 N×S×S×3 (see `EditGan.embed`)."""
    device = next(generator.parameters()).device
    pictures = to_model(images, device).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        ws = encoder(pictures)
    _, variance = style_statistics(generator)
    rate = settings.refine_rate * variance**0.5
    return refine(generator.synthesis, distance, ws, pictures, settings.refine_steps, rate)


def learn_labels(
    pictures: LabelledPictures,
    folder: Path,
    training: PixelTraining,
    settings: EditSettings,
    device: torch.device | str = "cpu",
) -> None:
    """Train the classifiers from labelled real pictures and write them to `folder`.

    As in EditGAN (sec. 3.1), the pictures are embedded by encoder and refinement, and the
    activations behind their latents are learned with the pictures' own labels. (DatasetGAN has
    generated pictures labelled, for which nobody's 20 labels exist here.) Mirror images are
    embedded too: the diffusion classifiers see them as well.
    """
    shape = load_shape(folder / "generator")
    generator, distance = load_gan(folder, shape, device)
    encoder = load_encoder(folder, device)
    pictures = pictures.without_specks(max(1, round(20 * (shape.size / 256) ** 2))).mirrored()
    ws = embed(generator, distance, encoder, pictures.images, settings)
    bank = train_bank(generator.synthesis, ws, pictures.label_ids, len(pictures.labels), training)
    write_atomically(folder / f"{BANK}.safetensors", tensor_bytes(bank.state_dict()))
    content = {
        "members": training.members,
        "hidden": training.hidden,
        "labels": json.loads(pictures.labels.to_json()),
    }
    write_atomically(folder / f"{BANK}.json", (json.dumps(content, indent=2) + "\n").encode())


def load_encoder(folder: Path, device: torch.device | str = "cpu") -> Encoder:
    """The trained encoder of `folder`. Raises InputError when it is missing or damaged."""
    encoder = Encoder(load_shape(folder / "encoder"), torch.Generator())
    fill_module(folder / "encoder", encoder)
    channels_last(encoder.to(device))
    return encoder
