"""The fast path gives what the plain one gives: outputs, activations and a whole guided step."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import UNet2DModel
from torch import Tensor

from conftest import seeded, wake
from pixelguide.errors import InputError
from pixelguide.guidance.guidance import GuidedPrediction, guided
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels import frozen, options
from pixelguide.prior.kernels.frozen import FrozenConv2d
from pixelguide.prior.kernels.options import InferenceOptions, choose_precision, prepare
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.classifier import ClassifierBank

CPU = torch.device("cpu")
TOLERANCE = 1e-4
"""Relative, of single precision either way; the comparison with the authors' code asks for 1e-3."""


def relative(own: Tensor, other: Tensor) -> float:
    return float((own - other).norm() / other.norm())


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> UNet2DModel:
    """Wide and large enough for Winograd's algorithm, with the other fast layers wherever."""
    monkeypatch.setattr(frozen, "LARGE", 1)
    unet = Architecture(32, (96, 128), 1, 1, 32).build(seeded(0))
    wake(unet, 1)
    return unet.eval().requires_grad_(False)


def step(unet: UNet2DModel, compile: bool = False) -> GuidedPrediction:
    """A guided step of two candidates, with random classifiers."""
    denoiser = Denoiser(unet, Schedule.linear(), (1, 2), compile=compile)
    bank = ClassifierBank(5, [[300]], (1, 2), [tap.channels for tap in denoiser.taps])
    bank.initialize(0, seeded(2))
    bank.eval().requires_grad_(False)
    draws = seeded(3)
    side = denoiser.size
    x_t = torch.randn(2, 3, side, side, generator=draws)
    target = torch.randint(5, (side, side), generator=draws)
    roi = torch.zeros(side, side, dtype=torch.bool)
    roi[side // 4 : side // 2, side // 4 : side // 2] = True
    return guided(denoiser, bank, target, roi)(x_t, denoiser.schedule, 300)


def compared(found: GuidedPrediction, expected: GuidedPrediction) -> dict[str, float]:
    own, other = found.prediction, expected.prediction
    assert own.v is not None
    assert other.v is not None
    pairs = {
        "loss": (found.loss, expected.loss),
        "gradient": (found.gradient, expected.gradient),
        "eps": (own.eps, other.eps),
        "x_0": (own.x_0, other.x_0),
        "v": (own.v, other.v),
    }
    return {name: relative(*pair) for name, pair in pairs.items()}


def test_a_guided_step_of_fast_layers_is_that_of_plain_ones(network: UNet2DModel) -> None:
    plain = prepare(copy.deepcopy(network), CPU, InferenceOptions(plain=True))
    fast = prepare(network, CPU)
    expected, found = step(plain), step(fast)
    assert max(compared(found, expected).values()) < TOLERANCE
    used = [each.transformed is not None for each in fast.modules() if type(each) is FrozenConv2d]
    assert sum(used) > 5
    assert not any(type(each) is FrozenConv2d for each in plain.modules())
    again = step(fast)
    assert torch.equal(again.gradient, found.gradient)
    assert torch.equal(again.prediction.eps, found.prediction.eps)


def test_bf16_weights_give_float32_that_is_near(tiny_unet: UNet2DModel) -> None:
    expected = step(tiny_unet)
    reduced = prepare(copy.deepcopy(tiny_unet), CPU, InferenceOptions("bf16"))
    assert {weight.dtype for weight in reduced.parameters()} == {torch.bfloat16}
    found = step(reduced)
    assert {own.dtype for own in (found.gradient, found.prediction.eps)} == {torch.float32}
    assert 0 < max(compared(found, expected).values()) < 0.2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler's own
def test_a_compiled_guided_step_is_that_of_plain_layers(tiny_unet: UNet2DModel) -> None:
    compiled = prepare(copy.deepcopy(tiny_unet), CPU, InferenceOptions(compile=True))
    found, expected = step(compiled, compile=True), step(tiny_unet)
    assert max(compared(found, expected).values()) < TOLERANCE


def test_preparing_freezes_and_keeps_what_is_saved(tiny_unet: UNet2DModel) -> None:
    unet = copy.deepcopy(tiny_unet).train().requires_grad_(True)
    assert prepare(unet, CPU) is unet
    assert not unet.training
    assert not any(weight.requires_grad for weight in unet.parameters())
    saved = tiny_unet.state_dict()
    assert all(torch.equal(value, saved[name]) for name, value in unet.state_dict().items())


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match=r"^precision 'fp8'\. Use fp32, bf16 or auto"):
        InferenceOptions("fp8")  # type: ignore[arg-type]


def test_graphs_need_a_gpu_and_are_no_second_way(tiny_unet: UNet2DModel) -> None:
    with pytest.raises(InputError, match=r"graphs on cpu.*CUDA"):
        prepare(copy.deepcopy(tiny_unet), CPU, InferenceOptions(graphs=True))
    with pytest.raises(InputError, match="compile and graphs"):
        InferenceOptions(compile=True, graphs=True)


@pytest.mark.parametrize(("native", "expected"), [(True, "bf16"), (False, "fp32")])
def test_automatic_precision_follows_the_processor(
    native: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "runs_bf16", lambda _device: native)
    assert choose_precision("auto", CPU) == expected
    assert choose_precision("fp32", CPU) == "fp32"
    with pytest.raises(InputError, match="precision 'half'"):
        choose_precision("half", CPU)


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), "fp32"), ((9, 0), "bf16")])
def test_automatic_precision_follows_the_gpu(
    capability: tuple[int, int], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    assert choose_precision("auto", torch.device("cuda")) == expected
