"""The adversarial training: its formulas, and that a killed run loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.editgan.networks import Generator, Shape
from benchmarks.editgan.pictures import DecodedPictures
from benchmarks.editgan.training import (
    GanTraining,
    follow,
    gradient_penalty,
    sample_sheet,
    train_gan,
)
from conftest import seeded
from pixelguide.errors import InputError

BRIEF = GanTraining(images=16, batch_size=4, r1_every=2, checkpoint_images=8)


class Linear(nn.Module):
    """D(x) = Σ a x, whose gradient is a everywhere."""

    def __init__(self, a: Tensor) -> None:
        super().__init__()
        self.a = nn.Parameter(a)

    def forward(self, x: Tensor) -> Tensor:
        return (self.a * x).sum((1, 2, 3))


class Bowl(nn.Module):
    """D(x) = c/2 ‖x‖², whose gradient is c x."""

    def __init__(self, c: float) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(c))

    def forward(self, x: Tensor) -> Tensor:
        return self.c / 2 * x.square().sum((1, 2, 3))


def test_gradient_penalty_of_functions_with_known_gradients() -> None:
    x = torch.randn(3, 2, 4, 4, generator=seeded(0))
    a = torch.randn(2, 4, 4, generator=seeded(1))
    torch.testing.assert_close(gradient_penalty(Linear(a), x), a.square().sum())
    bowl = Bowl(3.0)
    penalty = gradient_penalty(bowl, x)
    torch.testing.assert_close(penalty, 9 * x.square().sum() / 3)
    penalty.backward()
    torch.testing.assert_close(bowl.c.grad, 6 * x.square().sum() / 3)


def test_a_resumed_training_ends_with_the_same_weights(
    tmp_path: Path, pictures: DecodedPictures, shape: Shape
) -> None:
    whole = train_gan(pictures, tmp_path / "whole", shape, BRIEF)
    train_gan(pictures, tmp_path / "parts", shape, replace(BRIEF, images=8))
    parts = train_gan(pictures, tmp_path / "parts", shape, BRIEF)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
    for name in ("generator.safetensors", "discriminator.safetensors", "training.safetensors"):
        made = [(tmp_path / run / name).read_bytes() for run in ("whole", "parts")]
        assert made[0] == made[1], name


def test_both_players_and_the_average_move(
    tmp_path: Path, pictures: DecodedPictures, shape: Shape
) -> None:
    told: list[dict[str, Any]] = []
    average = train_gan(pictures, tmp_path, shape, BRIEF, told.append)
    first = Generator(shape, torch.Generator())
    for (name, value), start in zip(average.named_parameters(), first.parameters(), strict=True):
        assert not torch.equal(value, start), name
        assert torch.isfinite(value).all()
    assert [each["done"] for each in told if each["stage"] == "checkpoint"] == [8, 16]
    assert (tmp_path / "samples.png").exists()


def test_other_settings_do_not_go_on(
    tmp_path: Path, pictures: DecodedPictures, shape: Shape
) -> None:
    train_gan(pictures, tmp_path, shape, replace(BRIEF, images=4))
    with pytest.raises(InputError, match="another training"):
        train_gan(pictures, tmp_path, shape, replace(BRIEF, r1_gamma=1.0))


@pytest.mark.parametrize("bad", [{"images": 2}, {"batch_size": 0}])
def test_bad_settings(
    tmp_path: Path, pictures: DecodedPictures, shape: Shape, bad: dict[str, int]
) -> None:
    with pytest.raises(InputError, match="batches"):
        train_gan(pictures, tmp_path, shape, replace(BRIEF, **bad))  # type: ignore[arg-type]


def test_pictures_of_another_size(tmp_path: Path, pictures: DecodedPictures) -> None:
    with pytest.raises(InputError, match="pictures of 16 pixels"):
        train_gan(pictures, tmp_path, Shape(channels=(4, 4)), BRIEF)


def test_the_average_halves_its_lag_in_a_half_life(shape: Shape) -> None:
    settings = GanTraining(batch_size=4, ema_images=40, ema_rampup=0.1)
    average = Generator(shape, seeded(0))
    goal = Generator(shape, seeded(1)).requires_grad_(False)
    name = "synthesis.constant"
    lag = goal.state_dict()[name] - average.state_dict()[name]
    for _ in range(10):  # 40 pictures, long after the ramp
        follow(average, goal, 10_000, settings)
    left = goal.state_dict()[name] - average.state_dict()[name]
    torch.testing.assert_close(left, lag / 2)
    follow(average, goal, 0, settings)  # before any picture there is nothing to average with
    assert torch.equal(average.state_dict()[name], goal.state_dict()[name])


def test_a_training_stops_in_time_and_goes_on(
    tmp_path: Path, pictures: DecodedPictures, shape: Shape
) -> None:
    long = replace(BRIEF, images=400)
    told: list[dict[str, Any]] = []
    train_gan(pictures, tmp_path, shape, replace(long, seconds=0.0), told.append)
    assert [each["stage"] for each in told] == ["checkpoint"]
    done = told[0]["done"]
    assert done < long.images
    train_gan(pictures, tmp_path, shape, replace(long, images=done + 8), told.append)
    assert told[-1]["done"] == done + 8
    assert (tmp_path / "generator.safetensors").exists()


def test_sample_sheet(gan_generator: Generator) -> None:
    sheet = sample_sheet(gan_generator, 0)
    assert sheet.shape == (4 * 16, 8 * 16, 3)
    assert (sheet == sample_sheet(gan_generator, 0)).all()
