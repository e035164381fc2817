"""Distances between pictures and descent on latents."""

from __future__ import annotations

import torch

from benchmarks.editgan.inversion import Distance, descend, refine, style_statistics
from benchmarks.editgan.networks import Generator, Shape, Trunk
from conftest import seeded


def distance_of(shape: Shape, pixel: float = 10.0) -> Distance:
    return Distance(Trunk(shape, seeded(2)), pixel)


def test_a_picture_is_no_distance_from_itself_and_some_from_another(shape: Shape) -> None:
    x, y = torch.randn(2, 3, 3, 16, 16, generator=seeded(0))
    distance = distance_of(shape)
    assert not distance(x, x).any()
    assert (distance(x, y) > 0).all()
    torch.testing.assert_close(distance(x, y), distance(y, x))
    torch.testing.assert_close(distance(x, y, distance.features(y)), distance(x, y))


def test_squared_errors_are_added_by_their_weight(shape: Shape) -> None:
    x, y = torch.randn(2, 3, 3, 16, 16, generator=seeded(0))
    squared = (x - y).square().mean((1, 2, 3))
    torch.testing.assert_close(
        distance_of(shape, 7.0)(x, y) - distance_of(shape, 0.0)(x, y), 7 * squared
    )


def test_perceptual_distance_is_of_directions_at_most_four_a_level(shape: Shape) -> None:
    x, y = torch.randn(2, 3, 3, 16, 16, generator=seeded(0))
    levels = len(distance_of(shape).features(x))
    assert (distance_of(shape, 0.0)(x, y) <= 4 * levels).all()


def test_descent_finds_the_minimum_of_a_bowl() -> None:
    goal = torch.randn(2, 3, 4, generator=seeded(0))
    found = descend(
        torch.zeros(2, 3, 4), lambda ws: (ws - goal).square().sum((1, 2)), steps=300, rate=0.1
    )
    torch.testing.assert_close(found, goal, atol=1e-2, rtol=0)


def test_no_steps_change_nothing() -> None:
    ws = torch.randn(1, 3, 4, generator=seeded(0))
    assert torch.equal(descend(ws, lambda ws: ws.sum((1, 2)), 0, 0.1), ws)


def test_refinement_lowers_the_distance_of_each_picture_by_itself(
    gan_generator: Generator, shape: Shape
) -> None:
    distance = distance_of(shape)
    true = gan_generator.styles(torch.randn(3, shape.latent, generator=seeded(1)))
    pictures, _ = gan_generator.synthesis(true)
    start = gan_generator.styles(torch.randn(3, shape.latent, generator=seeded(2)))
    found = refine(gan_generator.synthesis, distance, start, pictures, 40, 0.05)
    before = distance(gan_generator.synthesis(start)[0], pictures)
    after = distance(gan_generator.synthesis(found)[0], pictures)
    assert (after < 0.5 * before).all()
    alone = refine(gan_generator.synthesis, distance, start[1:2], pictures[1:2], 40, 0.05)
    torch.testing.assert_close(found[1:2], alone, atol=2e-3, rtol=0)


def test_style_statistics(gan_generator: Generator, shape: Shape) -> None:
    centre, variance = style_statistics(gan_generator)
    w = gan_generator.mapping(torch.randn(20_000, shape.latent, generator=seeded(5)))
    torch.testing.assert_close(centre, w.mean(0), atol=0.05, rtol=0)
    torch.testing.assert_close(variance, float(w.var(0).mean()), atol=0.05, rtol=0)
