from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from pixelguide.errors import InputError, SafetyError
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import write_parts
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.model_labels import load_labels
from pixelguide.segment.storage import check_bank, classifier_parts, load_bank


@pytest.fixture
def folder(
    tmp_path: Path, segmenter_bank: ClassifierBank, guide_bank: ClassifierBank, labels: LabelSet
) -> Path:
    """Both banks and the labels, without a manifest, to be damaged at will."""
    write_parts(tmp_path, classifier_parts(segmenter_bank, guide_bank, labels))
    (tmp_path / "manifest.json").unlink()
    return tmp_path


def test_banks_and_labels_come_back(
    folder: Path, segmenter_bank: ClassifierBank, guide_bank: ClassifierBank, labels: LabelSet
) -> None:
    model = ModelFolder.open(folder)
    assert load_labels(model) == labels
    for name, bank in (("segmenter", segmenter_bank), ("guide", guide_bank)):
        loaded = load_bank(model, name)
        assert (loaded.taps, loaded.timesteps) == (bank.taps, bank.timesteps)
        assert not loaded.training
        for key, value in bank.state_dict().items():
            own = loaded.state_dict()[key]
            assert own.dtype == torch.float32
            assert torch.equal(own, value.half().float()), "rounded to fp16, no more"
        assert not any(parameter.requires_grad for parameter in loaded.parameters())


@pytest.mark.parametrize("name", ["segmenter", "guide"])
def test_a_bank_that_is_not_there_says_how_to_get_one(folder: Path, name: str) -> None:
    (folder / name / "config.json").unlink()
    with pytest.raises(InputError, match=f"the model has no {name}.*pixelguide train classifiers"):
        load_bank(ModelFolder.open(folder), name)


def test_labels_that_are_not_there_are_an_error(folder: Path) -> None:
    (folder / "labels.json").unlink()
    with pytest.raises(InputError, match="the model has no labels"):
        load_labels(ModelFolder.open(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"timesteps": []},
        {"timesteps": "never"},
        {"timesteps": None},
        {"timesteps": [50]},
        {"tap_channels": [16, "wide"]},
        {"tap_channels": [-1]},
        {"num_classes": "three"},
        {"num_classes": -3},
        {"hidden": [8]},
        {"hidden": 8},
        {"taps": 3},
        {"timesteps": {"a": [1]}},
        {"timesteps": [["a", "b"]]},
        {"timesteps": [[]]},
        {"timesteps": [[-1]]},
        {"timesteps": [[0], [1, 2]]},
        {"num_classes": 3.5},
        {"taps": None},
        {"hidden": "ab"},
        {"tap_channels": [32.0, 32, 16]},
        {"hidden": [10**18, 10**18]},
        {"hidden": [10**30, 8]},
    ],
)
def test_configurations_that_make_no_sense_are_refused(folder: Path, changes: Any) -> None:
    path = folder / "guide" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(InputError, match="guide"):
        load_bank(ModelFolder.open(folder), "guide")


def test_a_configuration_alone_takes_no_memory(folder: Path) -> None:
    path = folder / "guide" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "hidden": [10**6, 10**6]}))
    with pytest.raises(InputError, match=r"'weight1' has shape"):  # 16 TB of weights otherwise
        load_bank(ModelFolder.open(folder), "guide")


def test_classifiers_must_read_what_the_network_gives(
    denoiser: Denoiser, segmenter_bank: ClassifierBank
) -> None:
    check_bank(segmenter_bank, denoiser, "segmenter")
    config = segmenter_bank.state()
    for changes, message in (
        ({"taps": [0, 1, 2]}, "another network's decoder, segmenter/config.json"),
        ({"taps": [3, 1, 0]}, "another network's decoder"),
        ({"tap_channels": [8, 32, 16]}, "another network's decoder"),
        ({"tap_channels": [32]}, "another network's decoder"),
        ({"timesteps": [[50, 1000]] * 2}, "timestep 1000 of 1000"),
    ):
        with pytest.raises(InputError, match=message):
            check_bank(ClassifierBank(**{**config, **changes}), denoiser, "segmenter")


@pytest.mark.parametrize("change", ["missing", "foreign", "shape", "nan"])
def test_wrong_weights_are_named(folder: Path, change: str) -> None:
    path = folder / "guide" / WEIGHTS
    tensors = safetensors.torch.load_file(path)
    if change == "missing":
        del tensors["bias2"]
    elif change == "foreign":
        tensors["bias4"] = torch.zeros(3)
    elif change == "shape":
        tensors["bias2"] = tensors["bias2"][:, :-1].contiguous()
    else:
        tensors["bias2"][0, 0] = torch.nan
    path.write_bytes(safetensors.torch.save(tensors))
    named = "bias4" if change == "foreign" else "bias2"
    with pytest.raises(InputError, match=rf"'{named}'.*guide/{WEIGHTS}"):
        load_bank(ModelFolder.open(folder), "guide")


def test_a_pickle_is_refused(folder: Path) -> None:
    torch.save({}, folder / "guide" / WEIGHTS)
    with pytest.raises(SafetyError):
        load_bank(ModelFolder.open(folder), "guide")
