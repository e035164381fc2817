"""The encoder and its training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.editgan import encoder as module
from benchmarks.editgan.encoder import Encoder, EncoderTraining, train_encoder
from benchmarks.editgan.networks import Shape
from benchmarks.editgan.pictures import DecodedPictures
from conftest import seeded
from pixelguide.errors import InputError

BRIEF = EncoderTraining(images=32, batch_size=4, checkpoint_images=16)


def test_pictures_become_latents_around_the_centre(shape: Shape) -> None:
    encoder = Encoder(shape, seeded(0))
    x = torch.randn(2, 3, 16, 16, generator=seeded(1))
    encoder.centre += 3
    assert torch.equal(encoder(x), torch.full((2, shape.ws, shape.latent), 3.0))
    with torch.no_grad():
        encoder.out.weight.normal_(generator=seeded(2))
    first, second = encoder(x)
    assert not torch.equal(first, second)


def test_training_comes_closer(gan_folder: Path, pictures: DecodedPictures) -> None:
    told: list[dict[str, Any]] = []
    settings = EncoderTraining(images=240, batch_size=4, checkpoint_images=16, learning_rate=5e-3)
    train_encoder(pictures, gan_folder, settings, told.append)
    assert told[-1]["loss"] < 0.8 * told[0]["loss"]
    assert told[-1]["done"] == told[-1]["total"] == 240


def test_a_killed_training_goes_on_to_the_same_weights(
    gan_folder: Path, pictures: DecodedPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = train_encoder(pictures, gan_folder, BRIEF).state_dict()

    class KilledError(Exception):
        pass

    def kill(progress: dict[str, Any]) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        train_encoder(pictures, gan_folder, BRIEF, kill)
    starts: list[int] = []
    resume = module.load_training

    def watched(*arguments: Any) -> int:
        starts.append(resume(*arguments))
        return starts[-1]

    monkeypatch.setattr(module, "load_training", watched)
    found = train_encoder(pictures, gan_folder, BRIEF).state_dict()
    assert starts == [4]
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


def test_without_a_generator(tmp_path: Path, pictures: DecodedPictures) -> None:
    with pytest.raises(InputError, match="no shape of a network"):
        train_encoder(pictures, tmp_path, BRIEF)
