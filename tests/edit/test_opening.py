"""Opening a category: its parts, its defaults, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from conftest import make_bank
from model_folders import PARTS, edit_json, without_manifest, write_category
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError, SafetyError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.bundle import WEIGHTS
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.segment.classifier import ClassifierBank

QUICK: dict[str, Any] = {"num_inference_steps": 4, "start_timestep": 300, "num_images": 2}


def test_a_category_opens_by_its_folder(
    category: Path, editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    opened = Editor.from_pretrained(category, "cpu")
    assert opened.size == 16
    assert opened.labels == editor.labels
    assert opened.defaults == EditDefaults.for_size(16)
    opened.set_image(editor.image)
    result = opened.edit(target, source=source, **QUICK)
    assert result.settings["model"]["name"] == "category"
    assert len(result.settings["model"]["hash"]) == 16
    near = editor.edit(target, source=source, **QUICK)
    difference = np.abs(result.best.image.astype(int) - near.best.image)
    assert difference.mean() < 3  # the folder holds fp16


def test_opening_tells_how_far_it_is(category: Path) -> None:
    told: list[dict[str, Any]] = []
    Editor.from_pretrained(category, "cpu", on_progress=told.append)
    assert told == [{"stage": "open", "done": done, "total": 4} for done in range(5)]


def test_the_hash_tells_models_apart(category: Path, target: LabelMap, source: LabelMap) -> None:
    def told() -> str:
        editor = Editor.from_pretrained(category, "cpu")
        editor.set_image(np.zeros((16, 16, 3), np.uint8))
        return str(editor.edit(target, source=source, **QUICK).settings["model"]["hash"])

    first = told()
    assert told() == first
    write_parts(category, {"edit.json": b'{"small_scale": 7}'})
    assert told() != first


def test_a_category_brings_its_own_defaults(category: Path) -> None:
    write_parts(category, {"edit.json": b'{"small_scale": 7, "large_start": 600}'})
    defaults = Editor.from_pretrained(category, "cpu").defaults
    assert defaults == EditDefaults(small_scale=7, large_start=600)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"small_start": 1}', "small_start"),
        (b'{"small_scale": NaN}', "NaN is no JSON"),
        (b'{"tiny": 1}', "tiny"),
        (b"[]", "not a JSON object"),
        (b"{", "not readable as JSON"),
    ],
)
def test_bad_defaults_are_refused_by_name(category: Path, content: bytes, message: str) -> None:
    write_parts(category, {"edit.json": content})
    with pytest.raises(InputError, match=message) as caught:
        Editor.from_pretrained(category, "cpu")
    assert caught.value.where == "edit.json"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("manifest", [True, False])
def test_a_missing_part_is_named(category: Path, part: str, manifest: bool) -> None:
    (category / part).unlink()
    if not manifest:
        (category / "manifest.json").unlink()
    with pytest.raises(InputError) as caught:
        Editor.from_pretrained(category, "cpu")
    assert Path(part).name in str(caught.value)


@pytest.mark.parametrize("part", ["unet", "segmenter", "guide"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
@pytest.mark.parametrize("manifest", [True, False])
def test_damaged_weights_are_refused(
    category: Path, part: str, damage: str, manifest: bool
) -> None:
    weights = category / part / WEIGHTS
    content = bytearray(weights.read_bytes())
    if damage == "flipped":
        content[9] ^= 0xFF  # inside the header, so that it shows without the manifest too
    weights.write_bytes(
        {"cut": content[: len(content) // 2], "flipped": content, "emptied": b""}[damage]
    )
    if not manifest:
        (category / "manifest.json").unlink()
    with pytest.raises(InputError, match="diffusion_pytorch_model"):
        Editor.from_pretrained(category, "cpu")


def test_a_pickle_under_the_name_of_weights_is_refused_for_safety(category: Path) -> None:
    torch.save({"weight1": torch.zeros(1)}, category / "guide" / WEIGHTS)
    (category / "manifest.json").unlink()
    with pytest.raises(SafetyError):
        Editor.from_pretrained(category, "cpu")


def test_parts_that_do_not_fit_together_are_refused(
    tmp_path: Path,
    denoiser: Denoiser,
    tiny_unet: Any,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> None:
    two = LabelSet(labels.names[:2], labels.palette[:2])
    folder = write_category(tmp_path / "labels", denoiser, segmenter_bank, guide_bank, two)
    with pytest.raises(InputError, match="2 labels for 3 classes"):
        Editor.from_pretrained(folder, "cpu")
    narrow = make_bank(Denoiser(tiny_unet, denoiser.schedule, (3,)), [[100]], seed=1)
    folder = write_category(tmp_path / "taps", denoiser, segmenter_bank, narrow, labels)
    with pytest.raises(InputError, match="different taps"):
        Editor.from_pretrained(folder, "cpu")


@pytest.mark.parametrize(
    ("part", "timesteps"),
    [("segmenter", [[50, 5000]] * 2), ("guide", [[0], [100], [300], [5000]])],
)
def test_timesteps_that_the_prior_has_not_are_refused(
    category: Path, part: str, timesteps: list[list[int]]
) -> None:
    edit_json(without_manifest(category) / part / "config.json", timesteps=timesteps)
    with pytest.raises(InputError, match=f"timestep 5000 of 1000, {part}/config.json"):
        Editor.from_pretrained(category, "cpu")


def test_a_network_of_another_width_is_refused(category: Path) -> None:
    other = Architecture(size=16, channels=(32, 32), attention_levels=1, head_channels=16)
    write_parts(category, prior_parts(other.build(torch.Generator())))
    with pytest.raises(InputError, match="another network's decoder, segmenter"):
        Editor.from_pretrained(category, "cpu")


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "cpu:x", ""])
def test_a_device_that_is_not_here_is_refused(category: Path, device: str) -> None:
    with pytest.raises(InputError, match=f"device '{device}' is not available"):
        Editor.from_pretrained(category, device)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        Editor.from_pretrained(tmp_path / "nowhere")
