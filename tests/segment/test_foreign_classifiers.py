"""Classifiers of DatasetDDPM and of the paper's code answer as they did there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from conftest import seeded
from foreign_networks import Original, original, save
from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.taps import Tap, list_taps
from pixelguide.segment.foreign_classifiers import (
    find_classifiers,
    import_ensemble,
    import_guide,
)

TAPS = (Tap(0, 4, 2), Tap(1, 6, 2), Tap(2, 5, 1))


def answers(network: Original, features: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network.layers(features)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_an_ensemble_answers_as_it_did(tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / "50_150_250_0_2"
    networks = [original(3 * 9, seed) for seed in range(12)]
    for k, network in enumerate(networks):
        save(network, folder / f"model_{k}.pth", prefix)
    (found,) = find_classifiers(tmp_path)
    bank = import_ensemble(found, TAPS)
    assert bank.taps == (0, 2)
    assert bank.timesteps == ((50, 150, 250),) * 12
    features = torch.randn(5, 27, generator=seeded(0))
    read = bank(features.expand(12, -1, -1))
    for k, network in enumerate(networks):  # model_10 comes after model_9, not after model_1
        torch.testing.assert_close(read[k], answers(network, features))


def test_a_guide_takes_the_classifiers_nearest_to_the_wanted_timesteps(tmp_path: Path) -> None:
    networks = {t: original(11, t) for t in (0, 10, 20, 30)}
    for t, network in networks.items():
        save(network, tmp_path / f"{t}_1_2" / "model_0.pth")
    bank = import_guide(find_classifiers(tmp_path), TAPS, wanted=(1, 14, 16, 29, 900))
    assert bank.timesteps == ((0,), (10,), (20,), (30,))
    bank = import_guide(find_classifiers(tmp_path), TAPS, wanted=(1, 29, 30))
    assert bank.timesteps == ((0,), (30,))
    features = torch.randn(5, 11, generator=seeded(0))
    read = bank(features.expand(2, -1, -1))
    torch.testing.assert_close(read[0], answers(networks[0], features))
    torch.testing.assert_close(read[1], answers(networks[30], features))


def test_the_width_tells_timesteps_from_blocks(tmp_path: Path) -> None:
    save(original(15, 0), tmp_path / "0_1_2" / "model_0.pth")  # t = 0 of blocks 1, 2 has 11
    (found,) = find_classifiers(tmp_path)
    with pytest.raises(InputError, match=r"15 input channels.*0_1_2"):
        import_ensemble(found, TAPS)
    bank = import_ensemble(found, TAPS, blocks=[0, 1, 2])
    assert (bank.timesteps, bank.taps) == (((0,),), (0, 1, 2))
    bank = import_ensemble(found, TAPS, timesteps=[7, 8, 9], blocks=[2])
    assert (bank.timesteps, bank.taps) == (((7, 8, 9),), (2,))


def test_unnamed_folders_need_to_be_told(tmp_path: Path) -> None:
    save(original(11, 0), tmp_path / "mine" / "model_0.pth")
    (found,) = find_classifiers(tmp_path)
    with pytest.raises(InputError, match="Give --timesteps and --taps"):
        import_ensemble(found, TAPS)
    assert import_ensemble(found, TAPS, [100], [1, 2]).timesteps == ((100,),)
    with pytest.raises(InputError, match="no folder is named by its timestep"):
        import_guide([found], TAPS, [100])


def test_they_work_on_a_network(tmp_path: Path, denoiser: Denoiser) -> None:
    taps = list_taps(denoiser.unet)
    save(original(taps[0].channels + taps[1].channels, 0), tmp_path / "100_0_1" / "model_0.pth")
    bank = import_ensemble(find_classifiers(tmp_path)[0], taps)
    x_t = torch.randn(1, 3, 16, 16, generator=seeded(1))
    activations = denoiser.features(x_t, 100)[:2]
    read = bank.logits(0, activations, torch.arange(256), 16)
    assert read.shape == (1, 256, 3)
    assert read.isfinite().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers.3.weight": None}, "'layers.3.weight' is missing"),
        ({"layers.0.weight": torch.zeros(8)}, r"'layers.0.weight' has shape \(8,\)"),
        ({"layers.2.running_var": torch.full((8,), torch.nan)}, "not finite"),
        ({"layers.3.weight": torch.zeros(7, 9)}, "layer 3 does not fit"),
        ({"layers.5.bias": torch.zeros(6)}, "layer 3 does not fit"),
        ({"layers.6.bias": torch.zeros(4)}, "layer 6 does not fit"),
    ],
)
def test_other_layouts_name_file_and_key(
    tmp_path: Path, change: dict[str, torch.Tensor | None], message: str
) -> None:
    state = {**original(11, 0).state_dict(), **change}
    (tmp_path / "5_1_2").mkdir()
    kept = {name: value for name, value in state.items() if value is not None}
    torch.save({"model_state_dict": kept}, tmp_path / "5_1_2" / "model_0.pth")
    with pytest.raises(InputError, match=f"{message}.*model_0.pth"):
        import_ensemble(find_classifiers(tmp_path)[0], TAPS)


def test_members_of_different_shapes_are_refused(tmp_path: Path) -> None:
    for k, classes in enumerate((3, 4)):
        save(original(11, 0, classes=classes), tmp_path / "5_1_2" / f"model_{k}.pth")
        save(original(11, 0, classes=classes), tmp_path / "guide" / f"{k}_1_2" / "model_0.pth")
    ensemble = next(f for f in find_classifiers(tmp_path) if f.path.name == "5_1_2")
    with pytest.raises(InputError, match=r"another shape than in model_0\.pth, model_1\.pth"):
        import_ensemble(ensemble, TAPS)
    with pytest.raises(InputError, match="different shapes, 1_1_2"):
        import_guide(find_classifiers(tmp_path / "guide"), TAPS, [0, 1])


def test_nothing_to_import_and_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model_<i>\.pth"):
        find_classifiers(tmp_path)
    (tmp_path / "5_1_2").mkdir()
    torch.save({"model_state_dict": Path("x")}, tmp_path / "5_1_2" / "model_0.pth")
    with pytest.raises(SafetyError, match=r"pickle.*model_0\.pth"):
        import_ensemble(find_classifiers(tmp_path)[0], TAPS)
