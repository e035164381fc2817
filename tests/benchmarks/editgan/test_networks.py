"""Generator and discriminator as wholes."""

from __future__ import annotations

import pytest
import torch

from benchmarks.editgan.networks import Discriminator, Generator, Shape, deviation_channel
from conftest import seeded
from pixelguide.errors import InputError


def test_a_shape_follows_from_its_channels() -> None:
    shape = Shape(channels=(8, 8, 8, 8, 8))
    assert (shape.size, shape.layers, shape.ws) == (64, 9, 10)


@pytest.mark.parametrize("bad", [{"channels": (8,)}, {"channels": (8, 0)}, {"latent": 0}])
def test_impossible_shapes_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(InputError, match="shape"):
        Shape(**bad)  # type: ignore[arg-type]


def test_pictures_and_activations(gan_generator: Generator, shape: Shape) -> None:
    ws = gan_generator.styles(torch.randn(3, shape.latent, generator=seeded(0)))
    picture, activations = gan_generator.synthesis(ws)
    assert picture.shape == (3, 3, 16, 16)
    assert [tuple(each.shape[1:]) for each in activations] == [
        (12, 4, 4), (8, 8, 8), (8, 8, 8), (6, 16, 16), (6, 16, 16),
    ]  # fmt: skip
    again, _ = gan_generator.synthesis(ws)
    assert torch.equal(picture, again)


def test_every_latent_of_w_plus_matters(gan_generator: Generator, shape: Shape) -> None:
    ws = gan_generator.styles(torch.randn(1, shape.latent, generator=seeded(0)))
    picture, _ = gan_generator.synthesis(ws)
    for k in range(shape.ws):
        moved = ws.clone()
        moved[:, k] += 1
        assert not torch.equal(gan_generator.synthesis(moved)[0], picture)


def test_a_latents_length_does_not_matter(gan_generator: Generator, shape: Shape) -> None:
    z = torch.randn(2, shape.latent, generator=seeded(0))
    torch.testing.assert_close(gan_generator.mapping(z), gan_generator.mapping(z * 3))


def test_mixed_styles_change_over_at_their_layer(gan_generator: Generator, shape: Shape) -> None:
    z, other = torch.randn(2, 2, shape.latent, generator=seeded(0))
    mixed = gan_generator.mixed_styles(z, other, torch.tensor([2, shape.ws]))
    own, later = gan_generator.styles(z), gan_generator.styles(other)
    assert torch.equal(mixed[0, :2], own[0, :2])
    assert torch.equal(mixed[0, 2:], later[0, 2:])
    assert torch.equal(mixed[1], own[1])


def test_the_discriminator_gives_a_logit_a_picture(shape: Shape) -> None:
    logits = Discriminator(shape, seeded(0))(torch.randn(6, 3, 16, 16, generator=seeded(1)))
    assert logits.shape == (6,)


def test_deviation_channel_is_the_mean_deviation_of_a_group() -> None:
    x = torch.randn(8, 5, 4, 4, generator=seeded(0))
    made = deviation_channel(x)
    assert made.shape == (8, 1, 4, 4)
    for first in range(2):
        own = x[first::2].std(0, correction=0).mean()
        torch.testing.assert_close(made[first::2], own.expand(4, 1, 4, 4))
    assert float(deviation_channel(x[:1]).max()) < 1e-3  # one picture differs from no other
