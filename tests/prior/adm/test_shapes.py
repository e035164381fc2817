"""What the names and shapes of an ADM's weights tell, what has to be given, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from adm_network import AdmNetwork
from pixelguide.errors import InputError
from pixelguide.prior.adm.shapes import AdmSettings, AdmShape, read_shape
from pixelguide.prior.taps import default_taps, list_taps

DEFAULTS = AdmSettings()

PUBLISHED: dict[int, dict[str, Any]] = {
    64: {"base": 192, "multipliers": (1, 2, 3, 4), "layers": 3, "attends": (1, 2, 3)},
    128: {"base": 256, "multipliers": (1, 1, 2, 3, 4), "layers": 2, "attends": (2, 3, 4)},
    256: {"base": 256, "multipliers": (1, 1, 2, 2, 4, 4), "layers": 2, "attends": (3, 4, 5)},
    512: {"base": 256, "multipliers": (0.5, 1, 1, 2, 2, 4, 4), "layers": 2, "attends": (4, 5, 6)},
}
"""Widths and depths of the networks in guided-diffusion's README; they attend at 32, 16 and 8."""


@cache
def _published(size: int) -> AdmNetwork:
    """The network without its values; a single head is quickest and does not show in weights."""
    return AdmNetwork(heads=1, **PUBLISHED[size])


@pytest.mark.parametrize("size", PUBLISHED)
def test_published_shapes_are_read_from_their_weights(size: int) -> None:
    network = _published(size)
    shape = read_shape(network.state, "a.pt")
    assert shape.base == network.base
    assert shape.channels == tuple(int(m * network.base) for m in network.multipliers)
    assert shape.layers == network.layers
    assert tuple(level for level, attends in enumerate(shape.attends) if attends) == network.attends
    assert (shape.out_channels, shape.scale_shift, shape.residual_resampling) == (6, True, True)
    unet = shape.network(DEFAULTS, "a.pt")
    assert unet.config.sample_size == size
    assert unet.config.attention_head_dim == 64
    parameters = sum(value.numel() for value in network.state.values())
    if shape.base == shape.channels[0]:
        assert unet.num_parameters() == parameters


def test_the_256_network_is_the_papers() -> None:
    unet = read_shape(_published(256).state, "a.pt").network(DEFAULTS, "a.pt")
    assert unet.num_parameters() == 552_814_086  # as counted for the published LSUN networks
    taps = list_taps(unet)
    assert [taps[index].channels for index in default_taps(unet)] == [1024, 512, 512, 512, 256]


@pytest.mark.parametrize(
    "changes",
    [
        {"scale_shift": False},
        {"residual_resampling": False},
        {"out_channels": 3},
        {"layers": 3, "attends": ()},
        {"multipliers": (1, 2, 1), "attends": (0, 2)},
        {"multipliers": (2,), "attends": (0,), "layers": 2},
    ],
)
def test_every_difference_shows(changes: dict[str, Any]) -> None:
    network = AdmNetwork(**changes)
    levels = range(len(network.multipliers))
    assert read_shape(network.state, "a.pt") == AdmShape(
        base=32,
        channels=tuple(int(32 * multiplier) for multiplier in network.multipliers),
        layers=network.layers,
        attends=tuple(level in network.attends for level in levels),
        out_channels=network.out_channels,
        scale_shift=network.scale_shift,
        # without a second level nothing shows, and nothing matters
        residual_resampling=network.residual_resampling and len(levels) > 1,
    )


# Networks that are something else


def _without(prefix: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda state: {k: v for k, v in state.items() if not k.startswith(prefix)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: {**s, "label_emb.weight": torch.zeros(1000, 128)},
            r"class-conditional network \('label_emb\.weight'\)",
        ),
        (_without("output_blocks."), "a classifier of noisy pictures"),
        (_without("input_blocks.0"), r"'input_blocks\.0\.0\.weight' is missing"),
        (_without("time_embed.0"), r"'time_embed\.0\.weight' is missing"),
        (_without("input_blocks.3"), r"'input_blocks\.3\.0\.out_layers\.3\.weight' is missing"),
        (_without("output_blocks.2"), "3 output blocks"),
        (lambda s: {**s, "output_blocks.5000.0": torch.zeros(1)}, "5 output blocks"),
        (lambda s: {**s, "out.2.weight": torch.zeros(9, 32, 3, 3)}, r"'out\.2\.weight' has 9 ch"),
        (lambda s: {**s, "out.2.weight": torch.zeros(6)}, r"'out\.2\.weight' has shape \(6,\)"),
        (lambda s: {**s, "time_embed.0.weight": torch.zeros(0, 32)}, r"has shape \(0, 32\)"),
        (lambda s: {"conv_in.weight": torch.zeros(3)}, "not a guided-diffusion network"),
    ],
)
def test_other_networks_are_refused_with_a_reason(
    change: Callable[[dict[str, Tensor]], dict[str, Tensor]], message: str
) -> None:
    with pytest.raises(InputError, match=f"({message}).*, a.pt"):
        read_shape(change(AdmNetwork().state), "a.pt")


@pytest.mark.parametrize(
    ("channels", "message"), [(6, "a super-resolution network"), (1, "not a network for RGB")]
)
def test_other_pictures_are_refused(channels: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_shape(AdmNetwork(in_channels=channels).state, "a.pt")


def test_widths_that_cannot_be_in_32_groups_are_refused() -> None:
    state = AdmNetwork().state
    state["input_blocks.3.0.out_layers.3.weight"] = torch.zeros(48, 48, 3, 3)
    with pytest.raises(InputError, match=r"'input_blocks\.3\.0\.out_layers\.3\.weight' has 48"):
        read_shape(state, "a.pt")


# What has to be given


def _network(settings: AdmSettings, **shape: Any) -> Any:
    return read_shape(AdmNetwork(**shape).state, "a.pt").network(settings, "a.pt").config


def test_unknown_size_has_to_be_given() -> None:
    with pytest.raises(InputError, match=r"levels of 1, 2 × 32 channels.*--size"):
        _network(AdmSettings(head_channels=16))
    assert _network(AdmSettings(size=24, head_channels=16)).sample_size == 24


def test_given_size_counts_more_than_the_known_one() -> None:
    shape = read_shape(_published(256).state, "a.pt")
    assert shape.network(AdmSettings(size=512), "a.pt").config.sample_size == 512


def test_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(InputError, match=r"'input_blocks\.5'.*multiple of 4"):
        _network(AdmSettings(size=30, head_channels=16), multipliers=(1, 1, 1))


def test_heads_that_do_not_divide_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"24 channels.*'input_blocks\.3\.1\.qkv\.weight' \(64"):
        _network(AdmSettings(size=16, head_channels=24))
    with pytest.raises(InputError, match=r"5 heads.*'middle_block\.1\.qkv\.weight' \(64"):
        _network(AdmSettings(size=16, heads=5), attends=())
    with pytest.raises(InputError, match=r"heads of 64 channels.*'input_blocks\.1\.1\.qkv\.weight"):
        _network(AdmSettings(size=16), attends=(0, 1))


def test_number_of_heads_becomes_their_width() -> None:
    assert _network(AdmSettings(size=16, heads=4)).attention_head_dim == 16
    assert _network(AdmSettings(size=16, heads=1), attends=(0, 1)).attention_head_dim is None


def test_heads_of_several_widths_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"4 heads are of several widths \(8 in 'input_blocks\.1\."
    ):
        _network(AdmSettings(size=16, heads=4), attends=(0, 1))


def test_heads_are_assumed_for_the_papers_networks_alone() -> None:
    assert _network(AdmSettings(size=16)).attention_head_dim == 64
    with pytest.raises(InputError, match="do not tell the number of attention heads"):
        _network(AdmSettings(size=16), residual_resampling=False)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"size": 0}, "size 0"),
        ({"size": 4100}, "size 4100"),
        ({"heads": -1}, "heads -1"),
        ({"head_channels": 0}, "head_channels 0"),
        ({"heads": 4, "head_channels": 64}, "one of the two"),
        ({"attention_order": "old"}, "attention order 'old'"),
        ({"schedule": "sigmoid"}, "schedule 'sigmoid'"),
        ({"timesteps": 20}, "20 timesteps"),
        ({"timesteps": 10_001}, "10001 timesteps"),
    ],
)
def test_bad_settings_are_refused(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AdmSettings(**bad)


# Noise schedules, by the formulas of DDPM (linear) and of Nichol & Dhariwal 2021, eq. 17 (cosine)


@pytest.mark.parametrize("timesteps", [21, 250, 1000, 4000])
def test_linear_schedule(timesteps: int) -> None:
    betas = AdmSettings(timesteps=timesteps).scheduler(True).betas.double()
    k = torch.arange(timesteps) / (timesteps - 1)
    expected = 1000 / timesteps * (1e-4 + k * (0.02 - 1e-4))
    torch.testing.assert_close(betas, expected.double(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("timesteps", [50, 1000])
def test_cosine_schedule(timesteps: int) -> None:
    scheduler = AdmSettings(schedule="cosine", timesteps=timesteps).scheduler(True)

    def alpha_bar(t: int) -> float:
        return math.cos((t / timesteps + 0.008) / 1.008 * math.pi / 2) ** 2

    expected = [min(1 - alpha_bar(t + 1) / alpha_bar(t), 0.999) for t in range(timesteps)]
    torch.testing.assert_close(scheduler.betas, torch.tensor(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("learned", "kind"), [(True, "learned_range"), (False, "fixed_large")])
def test_variance_is_what_the_network_was_trained_for(learned: bool, kind: str) -> None:
    assert AdmSettings().scheduler(learned).config.variance_type == kind
