"""Stacked classifiers are the separate ones of DatasetDDPM, in training and in use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from conftest import randomized, seeded
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.features import pixel_features

MEMBERS, INPUTS, CLASSES = 3, 7, 4


def _bank(seed: int = 0, **changes: object) -> ClassifierBank:
    """Three members on two taps (3 + 4 channels) at one timestep each."""
    shape = {
        "num_classes": CLASSES,
        "timesteps": [[10], [20], [30]],
        "taps": [1, 3],
        "tap_channels": [3, 4],
        "hidden": (6, 5),
    }
    return randomized(ClassifierBank(**{**shape, **changes}), seed).double()


def _separate(bank: ClassifierBank, k: int) -> nn.Sequential:
    """Member k as DatasetDDPM writes it: Linear, ReLU, BatchNorm, twice, and Linear."""
    (first, second), classes = bank.weight2.shape[:0:-1], bank.weight3.shape[1]
    layers = nn.Sequential(
        nn.Linear(bank.weight1.shape[2], first),
        nn.ReLU(),
        nn.BatchNorm1d(first),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.BatchNorm1d(second),
        nn.Linear(second, classes),
    ).double()
    state = {}
    for place, layer in ((0, 1), (3, 2), (6, 3)):
        state[f"{place}.weight"] = getattr(bank, f"weight{layer}")[k]
        state[f"{place}.bias"] = getattr(bank, f"bias{layer}")[k]
    for place, layer in ((2, 1), (5, 2)):
        state[f"{place}.weight"] = getattr(bank, f"gain{layer}")[k]
        state[f"{place}.bias"] = getattr(bank, f"shift{layer}")[k]
        state[f"{place}.running_mean"] = getattr(bank, f"mean{layer}")[k]
        state[f"{place}.running_var"] = getattr(bank, f"variance{layer}")[k]
        state[f"{place}.num_batches_tracked"] = torch.tensor(0)
    layers.load_state_dict({name: value.detach().clone() for name, value in state.items()})
    return layers


def _features(seed: int, batch: int = 9) -> Tensor:
    return torch.randn(MEMBERS, batch, INPUTS, generator=seeded(seed), dtype=torch.float64)


def _same(ours: Tensor, theirs: Tensor) -> None:
    assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_stack_equals_separate_classifiers(training: bool) -> None:
    bank = _bank().train(training)
    separate = [_separate(bank, k).train(training) for k in range(MEMBERS)]
    features = _features(1)
    logits = bank(features)
    assert logits.shape == (MEMBERS, 9, CLASSES)
    for k, layers in enumerate(separate):
        _same(logits[k], layers(features[k]))
        for place, layer in ((2, 1), (5, 2)):  # tracked in training, left alone in use
            _same(getattr(bank, f"mean{layer}")[k], layers[place].running_mean)
            _same(getattr(bank, f"variance{layer}")[k], layers[place].running_var)


def test_training_a_stack_trains_each_as_if_alone() -> None:
    bank = _bank().train()
    separate = [_separate(bank, k).train() for k in range(MEMBERS)]
    targets = torch.arange(9) % CLASSES
    optimizers = [torch.optim.Adam(module.parameters(), lr=1e-2) for module in (bank, *separate)]
    for step in range(4):
        features = _features(step)
        loss = torch.stack(
            [nn.functional.cross_entropy(own, targets) for own in bank(features)]
        ).sum()
        for layers, own in zip(separate, features, strict=True):
            nn.functional.cross_entropy(layers(own), targets).backward()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    features = _features(100)
    logits = bank.eval()(features)
    for k, layers in enumerate(separate):
        assert torch.allclose(logits[k], layers.eval()(features[k]), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("member", range(MEMBERS))
def test_logits_at_pixels_equal_the_forward_pass(member: int) -> None:
    bank = _bank().eval()
    generator = seeded(2)
    activations = [
        torch.randn(2, channels, side, side, generator=generator, dtype=torch.float64)
        for channels, side in ((3, 2), (4, 8))
    ]
    pixels = torch.tensor([0, 5, 63, 17])
    logits = bank.logits(member, activations, pixels, 8)
    assert logits.shape == (2, 4, CLASSES)
    features = pixel_features(activations, pixels, 8)
    for n in range(2):
        _same(logits[n], bank(features[n].expand(MEMBERS, -1, -1))[member])


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_standardized_inputs_are_absorbed_exactly(seed: int) -> None:
    trained, used = _bank(seed).eval(), _bank(seed).eval()
    generator = seeded(seed)
    mean = torch.randn(MEMBERS, INPUTS, generator=generator, dtype=torch.float64) * 5
    deviation = torch.rand(MEMBERS, INPUTS, generator=generator, dtype=torch.float64) * 3 + 0.01
    used.standardize_inputs(mean, deviation)
    features = _features(seed % 1000)
    expected = trained((features - mean[:, None]) / deviation[:, None])
    assert torch.allclose(used(features), expected, rtol=1e-8, atol=1e-9)


def test_initial_weights_are_those_of_a_linear_layer() -> None:
    bank = ClassifierBank(5, [[1]], [0], [400], (300, 200))
    bank.initialize(0, seeded(3))
    for layer, fan_in in ((1, 400), (2, 300), (3, 200)):
        weight, bias = getattr(bank, f"weight{layer}"), getattr(bank, f"bias{layer}")
        bound = fan_in**-0.5  # torch.nn.Linear: uniform in ±1/√fan-in
        for values in (weight, bias):
            assert values.abs().max() <= bound
        assert weight.abs().max() > 0.95 * bound
        assert abs(float(weight.detach().std()) / (bound / 3**0.5) - 1) < 0.05
    assert (bank.gain1 == 1).all()
    assert not bank.shift2.any()
    assert not bank.mean1.any()
    assert (bank.variance2 == 1).all()


def test_initialization_of_one_member_leaves_the_others() -> None:
    bank = _bank()
    before = {name: value.clone() for name, value in bank.state_dict().items()}
    bank.initialize(1, seeded(9))
    for name, value in bank.state_dict().items():
        for k in range(MEMBERS):
            drawn = k == 1 and name.startswith(("weight", "bias"))
            assert torch.equal(value[k], before[name][k]) != drawn, (name, k)


def test_initialization_depends_on_the_generator_alone() -> None:
    first, second, third = _bank(1), _bank(1), _bank(2)
    assert torch.equal(first.weight1, second.weight1)
    assert not torch.equal(first.weight1, third.weight1)


@pytest.mark.parametrize(
    ("classes", "hidden"), [(2, (128, 32)), (29, (128, 32)), (30, (256, 128)), (34, (256, 128))]
)
def test_default_widths_are_those_of_datasetddpm(classes: int, hidden: tuple[int, int]) -> None:
    # Baranchuk et al. 2021: hidden layers of 128 and 32 below 30 classes, else of 256 and 128
    bank = ClassifierBank(classes, [[50, 150, 250]], [5, 6], [8, 4])
    assert bank.weight1.shape == (1, hidden[0], 3 * 12)
    assert bank.weight2.shape == (1, hidden[1], hidden[0])
    assert bank.weight3.shape == (1, classes, hidden[1])


def test_nearest_member() -> None:
    bank = _bank()
    assert [bank.nearest(t) for t in (0, 10, 14, 16, 24, 26, 999)] == [0, 0, 0, 1, 1, 2, 2]


def test_saved_bank_comes_back(tmp_path: Path) -> None:
    bank = _bank().float().eval()
    bank.save_pretrained(tmp_path, safe_serialization=True)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]
    back = ClassifierBank.from_pretrained(tmp_path, use_safetensors=True)
    assert back.taps == bank.taps == (1, 3)
    assert back.timesteps == bank.timesteps == ((10,), (20,), (30,))
    assert not back.training
    for name, value in bank.state_dict().items():
        assert torch.equal(back.state_dict()[name], value), name
    features = _features(4).float()
    assert torch.equal(back(features), bank(features))


def test_state_makes_an_equal_bank() -> None:
    bank = _bank()
    again = ClassifierBank(**bank.state())
    assert {n: v.shape for n, v in again.state_dict().items()} == {
        n: v.shape for n, v in bank.state_dict().items()
    }
    assert again.timesteps == bank.timesteps
