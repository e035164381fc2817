"""Sampling before or after projecting: the same numbers as building the full-size map."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pixelguide.segment.features import pixel_features, project_pixels, sample_pixels

Case = tuple[list[Tensor], Tensor, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Activations of random strides and widths, and pixels in any order, some of them twice."""
    size = draw(st.sampled_from([8, 16, 24]))
    strides = draw(st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    count = draw(st.integers(1, 3))
    activations = [
        torch.randn(
            count,
            draw(st.integers(1, 5)),
            size // stride,
            size // stride,
            generator=generator,
            dtype=torch.float64,
        )
        for stride in strides
    ]
    pixels = draw(st.lists(st.integers(0, size * size - 1), max_size=20))
    return activations, torch.tensor(pixels, dtype=torch.int64), size


def _upsampled(activations: list[Tensor], size: int) -> Tensor:
    """What DatasetDDPM builds: N×(sum of C_b)×size×size."""
    return torch.cat(
        [F.interpolate(a, size, mode="bilinear", align_corners=False) for a in activations], 1
    )


def _all(size: int) -> Tensor:
    return torch.arange(size * size)


@given(cases())
def test_features_are_those_of_the_upsampled_map(case: Case) -> None:
    activations, pixels, size = case
    expected = _upsampled(activations, size).flatten(2)[:, :, pixels].transpose(1, 2)
    features = pixel_features(activations, pixels, size)
    assert features.shape == expected.shape
    assert torch.allclose(features, expected, rtol=0, atol=1e-12)


@given(cases(), st.integers(1, 6))
def test_projecting_first_equals_projecting_after(case: Case, width: int) -> None:
    activations, pixels, size = case
    channels = sum(a.shape[1] for a in activations)
    generator = torch.Generator().manual_seed(channels)
    weight = torch.randn(width, channels, generator=generator, dtype=torch.float64)
    projected = project_pixels(activations, weight, pixels, size)
    assert projected.shape == (len(activations[0]), len(pixels), width)
    expected = pixel_features(activations, pixels, size) @ weight.T
    assert torch.allclose(projected, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("coarse", [1, 2, 3, 5, 7, 12])
def test_strides_need_not_divide_the_size(coarse: int) -> None:
    activation = torch.randn(1, 2, coarse, coarse, dtype=torch.float64)
    sampled = sample_pixels(activation, _all(12), 12)
    expected = _upsampled([activation], 12).flatten(2).transpose(1, 2)
    assert torch.allclose(sampled, expected, rtol=0, atol=1e-12)


def test_full_resolution_is_picked_exactly() -> None:
    activation = torch.randn(2, 3, 6, 6)
    pixels = torch.tensor([0, 7, 35, 7])
    expected = activation[:, :, [0, 1, 5, 1], [0, 1, 5, 1]].transpose(1, 2)
    assert torch.equal(sample_pixels(activation, pixels, 6), expected)


def test_pixels_count_rows_first() -> None:
    activation = torch.zeros(1, 1, 4, 4)
    activation[0, 0, 1, 3] = 1
    assert sample_pixels(activation, torch.tensor([1 * 4 + 3]), 4).item() == 1


@given(cases())
def test_sampling_stays_within_the_activations(case: Case) -> None:
    activations, pixels, size = case
    for activation in activations:
        sampled = sample_pixels(activation, pixels, size)
        if len(pixels):
            assert sampled.max() <= activation.max() + 1e-12
            assert sampled.min() >= activation.min() - 1e-12


@pytest.mark.parametrize("size", [64, 256])
@pytest.mark.parametrize("stride", [2, 8, 32])
def test_single_precision_places_every_pixel_exactly(size: int, stride: int) -> None:
    coarse = size // stride
    ramp = torch.arange(coarse, dtype=torch.float32).expand(1, 1, coarse, coarse)
    row = sample_pixels(ramp, torch.arange(size), size)[0, :, 0]
    expected = ((torch.arange(size) + 0.5) / stride - 0.5).clamp(0, coarse - 1)
    assert torch.equal(row, expected)  # sixteenths and the like: exact in binary


def test_gradients_agree_with_the_upsampled_map() -> None:
    generator = torch.Generator().manual_seed(0)
    activations = [
        torch.randn(2, c, s, s, generator=generator, dtype=torch.float64).requires_grad_()
        for c, s in ((3, 2), (2, 4), (4, 8))
    ]
    weight = torch.randn(5, 9, generator=generator, dtype=torch.float64)
    pixels = torch.tensor([0, 9, 63, 30])
    ours = project_pixels(activations, weight, pixels, 8).square().sum()
    upsampled = _upsampled(activations, 8).flatten(2)[:, :, pixels].transpose(1, 2)
    theirs = (upsampled @ weight.T).square().sum()
    for a, b in zip(
        torch.autograd.grad(ours, activations),
        torch.autograd.grad(theirs, activations),
        strict=True,
    ):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_samples_at_the_same_places(dtype: torch.dtype) -> None:
    # a ramp across 512 pixels: a place that is rounded to the type is wrong by up to 2 pixels
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    pixels = torch.arange(512 * 300, 512 * 301)
    exact = sample_pixels(ramp, pixels, 512)
    half = sample_pixels(ramp.to(dtype), pixels, 512)
    assert half.dtype == dtype
    assert (half.float() - exact).abs().max() < 2 * torch.finfo(dtype).eps
