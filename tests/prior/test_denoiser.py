"""One pass of the network, as the samplers see it."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel
from torch import Tensor

from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.prior.taps import TapReader, list_taps


@pytest.fixture(scope="module")
def x_t() -> Tensor:
    return torch.randn(2, 3, 16, 16, generator=seeded(0))


@pytest.mark.parametrize("steps", [1000, 50])
@pytest.mark.parametrize("i", [0, 20, 49])
def test_prediction(
    denoiser: Denoiser, tiny_unet: UNet2DModel, x_t: Tensor, steps: int, i: int
) -> None:
    spaced = spaced_timesteps(1000, steps)
    schedule = denoiser.schedule.respaced(spaced)
    prediction = denoiser(x_t, schedule, i)
    # the network is asked at its own timestep, not at the position in the respaced schedule
    output, taps = TapReader(tiny_unet, (0, 1, 3))(x_t, torch.full((2,), spaced[i]))
    torch.testing.assert_close(prediction.eps, output[:, :3])
    assert prediction.v is not None
    torch.testing.assert_close(prediction.v, output[:, 3:])
    alpha_bar = float(denoiser.schedule.alpha_bar[spaced[i]])
    expected = (x_t - (1 - alpha_bar) ** 0.5 * output[:, :3]) / alpha_bar**0.5
    assert torch.allclose(prediction.x_0, expected, rtol=1e-4, atol=1e-4 / alpha_bar**0.5)
    for ours, theirs in zip(prediction.taps, taps, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_x_0_is_not_clipped(denoiser: Denoiser, x_t: Tensor) -> None:
    assert denoiser(x_t, denoiser.schedule, 999).x_0.abs().max() > 10


def test_network_without_variance(schedule: Schedule, x_t: Tensor) -> None:
    with torch.random.fork_rng(devices=[]):
        unet = UNet2DModel(
            sample_size=16,
            block_out_channels=(8, 8),
            down_block_types=("DownBlock2D",) * 2,
            up_block_types=("UpBlock2D",) * 2,
            attention_head_dim=8,
            norm_num_groups=4,
        ).eval()
    prediction = Denoiser(unet, schedule, (0,))(x_t, schedule, 10)
    assert prediction.v is None
    assert prediction.eps.shape == x_t.shape


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_every_kind_of_answer_means_the_same_picture_and_noise(
    tiny_unet: UNet2DModel, schedule: Schedule, x_t: Tensor, kind: str
) -> None:
    i = 300
    scheduler = DDPMScheduler(prediction_type=kind)
    prediction = Denoiser.from_parts(tiny_unet, scheduler, (0,))(x_t, schedule, i)
    answer = TapReader(tiny_unet, (0,))(x_t, torch.full((2,), i))[0][:, :3]
    signal = float(schedule.alpha_bar[i]) ** 0.5
    noise = (1 - signal**2) ** 0.5
    told = {
        "epsilon": prediction.eps,
        "sample": prediction.x_0,
        "v_prediction": signal * prediction.eps - noise * prediction.x_0,
    }
    assert torch.allclose(told[kind], answer, atol=1e-4)
    assert torch.allclose(signal * prediction.x_0 + noise * prediction.eps, x_t, atol=1e-4)


def test_an_answer_of_another_kind_is_refused(tiny_unet: UNet2DModel, schedule: Schedule) -> None:
    with pytest.raises(InputError, match="prediction_type 'noise'"):
        Denoiser(tiny_unet, schedule, (0,), "noise")


def test_features_are_those_of_the_full_pass(denoiser: Denoiser, x_t: Tensor) -> None:
    features = denoiser.features(x_t, 300)
    prediction = denoiser(x_t, denoiser.schedule, 300)
    for ours, theirs in zip(features, prediction.taps, strict=True):
        assert torch.equal(ours, theirs)


def test_passes_are_counted_within_a_block(denoiser: Denoiser, x_t: Tensor) -> None:
    with denoiser.counted() as outer:
        denoiser(x_t, denoiser.schedule, 3)
        with denoiser.counted() as inner:
            denoiser.features(x_t[:1], 3)
        denoiser.features(x_t, 3)
    denoiser(x_t, denoiser.schedule, 3)
    assert outer == [len(x_t), 1, len(x_t)]
    assert inner == [1]


def test_pictures_of_a_batch_do_not_touch_each_other(denoiser: Denoiser, x_t: Tensor) -> None:
    together = denoiser(x_t, denoiser.schedule, 300)
    for k in range(2):
        alone = denoiser(x_t[k : k + 1], denoiser.schedule, 300)
        assert torch.allclose(alone.eps, together.eps[k : k + 1], atol=1e-5)


def test_description(denoiser: Denoiser, tiny_unet: UNet2DModel) -> None:
    assert denoiser.size == 16
    assert denoiser.device == torch.device("cpu")
    every = list_taps(tiny_unet)
    assert denoiser.taps == (every[0], every[1], every[3])


def test_unknown_tap_is_refused(tiny_unet: UNet2DModel, schedule: Schedule) -> None:
    with pytest.raises(InputError, match="no decoder block 7"):
        Denoiser(tiny_unet, schedule, (7,))
