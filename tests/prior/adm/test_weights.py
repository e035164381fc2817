"""A converted ADM computes what the original does, output and every decoder block."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DModel
from hypothesis import given, settings
from hypothesis import strategies as st

from adm_network import AdmNetwork
from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.prior.adm.shapes import AdmSettings, read_shape
from pixelguide.prior.adm.weights import convert_weights, embedding_table
from pixelguide.prior.taps import TapReader, list_taps


def _convert(network: AdmNetwork, **given: Any) -> UNet2DModel:
    order = "new" if network.new_order else "legacy"
    heads = {"heads": network.heads} if network.heads else {"head_channels": network.head_channels}
    given = {"size": 16, "attention_order": order, **heads, **given}
    choices = AdmSettings(**given)
    shape = read_shape(network.state, "a.pt")
    unet = shape.network(choices, "a.pt")
    weights = convert_weights(network.state, shape, unet, choices, "a.pt")
    unet.load_state_dict({name: weights[name].read() for name in weights}, assign=True)
    return unet.eval()


def _assert_same(network: AdmNetwork, unet: UNet2DModel, timesteps: list[int]) -> None:
    side = 2 << (len(network.multipliers) - 1)
    x = torch.randn(2, 3, side, side, generator=seeded(1))
    t = torch.tensor(timesteps)
    expected, leaving = network(x, t)
    with torch.no_grad():
        output, read = TapReader(unet, range(len(list_taps(unet))))(x, t)
    for ours, theirs in zip([output, *read], [expected, *leaving], strict=True):
        assert ours.shape == theirs.shape
        assert (ours - theirs).norm() <= 1e-4 * theirs.norm()


SHAPES: dict[str, dict[str, Any]] = {
    "paper": {"multipliers": (1, 1, 2), "layers": 2, "attends": (1, 2)},
    "new order": {"new_order": True},
    "shift only": {"scale_shift": False},
    "convolutions": {"residual_resampling": False, "attends": (0, 1)},
    "improved diffusion": {
        "residual_resampling": False,
        "scale_shift": False,
        "heads": 4,
        "attends": (),
        "out_channels": 3,
    },
    "attention but not at the end": {"multipliers": (1, 2, 1), "attends": (1,)},
    "one head of several widths": {"heads": 1, "attends": (0, 1)},
    "one level": {"multipliers": (1,), "layers": 3, "attends": ()},
}


@pytest.mark.parametrize("name", SHAPES)
def test_conversion_computes_the_same(name: str) -> None:
    network = AdmNetwork(**SHAPES[name])
    _assert_same(network, _convert(network), [3, 999])


@settings(max_examples=6)
@given(
    st.lists(st.sampled_from([1, 2]), min_size=1, max_size=3),
    st.integers(1, 2),
    st.sets(st.integers(0, 2)),
    *(st.booleans() for _ in range(3)),
)
def test_any_shape_computes_the_same(
    multipliers: list[int],
    layers: int,
    attends: set[int],
    residual: bool,
    scale_shift: bool,
    new_order: bool,
) -> None:
    network = AdmNetwork(
        multipliers=(1, *multipliers[1:]),  # the finest level is as wide as the embedding
        layers=layers,
        attends=tuple(attends),
        residual_resampling=residual,
        scale_shift=scale_shift,
        new_order=new_order,
    )
    _assert_same(network, _convert(network), [0, 500])


@pytest.mark.parametrize("choice", [{"attention_order": "new"}, {"head_channels": 32}])
def test_what_the_weights_do_not_tell_matters(choice: dict[str, Any]) -> None:
    # Else nothing above would show that rows are taken in the right order.
    network = AdmNetwork()
    with pytest.raises(AssertionError):
        _assert_same(network, _convert(network, **choice), [3, 999])


# A finest level narrower or wider than the sinusoids


@pytest.mark.parametrize("multipliers", [(0.5, 1), (2, 1)])
def test_other_width_than_the_embedding(multipliers: tuple[float, ...]) -> None:
    network = AdmNetwork(base=64, multipliers=multipliers)
    unet = _convert(network, timesteps=30)
    _assert_same(network, unet, [0, 29])
    assert unet.time_proj.weight.shape == (30, 64 * multipliers[0])


def test_a_thousand_timesteps_fit_into_half_the_channels_of_the_512_network() -> None:
    table, basis = embedding_table(256, 128, 1000, "a.pt")
    assert table.shape == (1000, 128)
    t = torch.arange(1000, dtype=torch.float64)
    phase = t[:, None] * 10_000 ** (-torch.arange(128, dtype=torch.float64) / 128)
    waves = torch.cat([phase.cos(), phase.sin()], 1)
    assert (table @ basis.T - waves).abs().max() < 2e-4  # with float32's own error in the phases
    assert (waves @ basis @ basis.T - waves).abs().max() < 1e-4


def test_timesteps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"'time_embed\.0\.weight' \(64 channels\).*32 channels"):
        _convert(AdmNetwork(base=64, multipliers=(0.5, 1)), timesteps=1000)


# Types


@pytest.mark.parametrize(
    ("own", "wanted", "stored"),
    [
        (torch.float32, None, torch.float32),
        (torch.float16, None, torch.float16),
        (torch.bfloat16, None, torch.bfloat16),
        (torch.float64, None, torch.float32),
        (torch.float16, torch.float32, torch.float32),
        (torch.float32, torch.float16, torch.float16),
    ],
)
def test_weights_keep_their_type_unless_told(
    own: torch.dtype, wanted: torch.dtype | None, stored: torch.dtype
) -> None:
    network = AdmNetwork()
    state = {name: value.to(own) for name, value in network.state.items()}
    shape, choices = read_shape(state, "a.pt"), AdmSettings(size=16, head_channels=16)
    unet = shape.network(choices, "a.pt")
    weights = convert_weights(state, shape, unet, choices, "a.pt", wanted)
    assert weights.keys() == unet.state_dict().keys()
    for name, value in unet.state_dict().items():
        assert weights[name].dtype == stored
        assert weights[name].shape == value.shape
        assert weights[name].read().dtype == stored
    qkv = state["middle_block.1.qkv.bias"].to(stored)
    assert torch.equal(weights["mid_block.attentions.0.to_k.bias"].read()[:16], qkv[16:32])


# Wrong weights


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("out.0.bias", None, "'out.0.bias' is missing"),
        ("time_embed.0.weight", torch.zeros(128, 16), r"'time_embed.0.weight' has shape \(128, 16"),
        ("middle_block.1.qkv.weight", torch.zeros(192, 64), r"\(192, 64\), not \(192, 64, 1\)"),
        ("middle_block.1.qkv.bias", torch.zeros(64), r"has shape \(64,\), not \(192,\)"),
        ("input_blocks.2.0.skip_connection.weight", torch.zeros(32, 32, 1, 1), "is not of an ADM"),
        ("input_blocks.0.0.bias", torch.zeros(32, dtype=torch.int64), "has type torch.int64"),
        (f"output_blocks.{'9' * 5000}.0", torch.zeros(3), "'output_blocks.9+ is not of an ADM"),
        ("out.2.extra", torch.zeros(3), "'out.2.extra' is not of an ADM of this shape"),
        ("a\n\x1b[31m", torch.zeros(3), r"'a\\n\\x1b\[31m' is not of an ADM"),
    ],
)
def test_wrong_weights_are_named(key: str, value: torch.Tensor | None, message: str) -> None:
    network = AdmNetwork()
    network.state[key] = value  # type: ignore[assignment]
    if value is None:
        del network.state[key]
    with pytest.raises(InputError, match=f"{message}.*, a.pt"):
        _convert(network)


def test_missing_resampling_is_named() -> None:
    # as of conv_resample=False, which guided-diffusion's own settings never ask for
    for network in (AdmNetwork(), AdmNetwork(residual_resampling=False)):
        for key in [key for key in network.state if key.startswith("output_blocks.1.2")]:
            del network.state[key]
        with pytest.raises(InputError, match=r"'input_blocks\.\d.*, a\.pt"):
            _convert(network)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("key", ["middle_block.1.qkv.weight", "out.2.bias", "time_embed.2.weight"])
def test_values_that_are_not_finite_are_named(key: str, value: float) -> None:
    network = AdmNetwork()
    network.state[key].view(-1)[-1] = value
    with pytest.raises(InputError, match=f"'{key}' holds values that are not finite.*, a.pt"):
        _convert(network)


def test_values_beyond_float16_are_named() -> None:
    network = AdmNetwork()
    network.state["out.2.bias"][0] = 1e6
    choices, shape = AdmSettings(size=16, head_channels=16), read_shape(network.state, "a.pt")
    unet = shape.network(choices, "a.pt")
    weights = convert_weights(network.state, shape, unet, choices, "a.pt", torch.float16)
    with pytest.raises(InputError, match=r"'out\.2\.bias' holds values that float16 cannot hold"):
        weights["conv_out.bias"].read()
