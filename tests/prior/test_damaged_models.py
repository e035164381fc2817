"""Damaged model folders: the error names the file, and the key where there is one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from model_folders import edit_json, without_manifest
from pixelguide.errors import InputError
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.manifest import MANIFEST, read_json, write_parts

UNET = f"unet/{WEIGHTS}"
CONFIG = "unet/config.json"
SCHEDULER = "scheduler/scheduler_config.json"


@pytest.mark.parametrize("name", [UNET, CONFIG, SCHEDULER, "model_index.json"])
def test_any_changed_or_missing_file_is_named_by_the_manifest(
    model_folder: Path, name: str
) -> None:
    content = bytearray((model_folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model_folder / name).write_bytes(content)
    with pytest.raises(InputError, match=f"does not match its hash in the manifest, {name}"):
        ModelFolder.open(model_folder)
    (model_folder / name).unlink()
    with pytest.raises(InputError, match=f"part of the model is missing, {name}"):
        ModelFolder.open(model_folder)


def _rewrite(folder: Path, **changes: torch.Tensor | None) -> None:
    """Replace or (None) leave out tensors; the names with __ for the dots."""
    from safetensors.torch import load_file, save_file

    tensors: dict[str, Any] = load_file(folder / UNET)
    tensors |= {name.replace("__", "."): value for name, value in changes.items()}
    save_file({name: value for name, value in tensors.items() if value is not None}, folder / UNET)


def _change_bytes(path: Path, change: Callable[[bytearray], bytes | bytearray]) -> None:
    path.write_bytes(change(bytearray(path.read_bytes())))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda f: _change_bytes(f / UNET, lambda c: c[:-100]), "damaged"),
    "cut in the header": (lambda f: _change_bytes(f / UNET, lambda c: c[:100]), "truncated"),
    "empty": (lambda f: _change_bytes(f / UNET, lambda c: b""), "truncated"),
    "missing": (lambda f: (f / UNET).unlink(), "No such file"),
    "length of the header": (
        lambda f: _change_bytes(f / UNET, lambda c: bytes([c[0] ^ 1]) + c[1:]),
        "damaged",
    ),
    "a name in the header": (
        lambda f: _change_bytes(
            f / UNET, lambda c: c.replace(b'"conv_in.bias"', b'"conv_in.bios"')
        ),
        "'conv_in.bias' is missing",
    ),
    "not a number": (
        lambda f: _rewrite(f, conv_in__bias=torch.full((16,), torch.nan)),
        "'conv_in.bias' holds values that are not finite",
    ),
    "other shape": (
        lambda f: _rewrite(f, conv_in__weight=torch.zeros(16, 3, 1, 1)),
        r"'conv_in.weight' has shape \(16, 3, 1, 1\), not \(16, 3, 3, 3\)",
    ),
    "missing key": (lambda f: _rewrite(f, conv_out__bias=None), "'conv_out.bias' is missing"),
    "unknown key": (
        lambda f: _rewrite(f, extra=torch.zeros(1)),
        "'extra' is not of this model",
    ),
    "other kind of file": (lambda f: (f / UNET).write_text("not weights at all"), "truncated"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_weights_without_manifest_name_file_and_key(
    model_folder: Path, damage: str
) -> None:
    change, message = DAMAGE[damage]
    change(without_manifest(model_folder))
    with pytest.raises(InputError, match=f"{message}.*, (unet/)?{WEIGHTS}"):
        ModelFolder.open(model_folder).unet()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_class_name": "UNet2DConditionModel"}, "UNet2DConditionModel"),
        ({"_class_name": None}, "None"),
        ({"block_out_channels": [16, 32, 64]}, "configuration"),
        ({"block_out_channels": [10, 20]}, "configuration"),
        ({"block_out_channels": [-16, 16]}, "configuration"),
        ({"block_out_channels": [1 << 20, 1 << 20]}, "'conv_in.weight' has shape"),
        ({"block_out_channels": [16] * 17}, "more blocks"),
        ({"layers_per_block": 10**6}, "more blocks"),
        ({"block_out_channels": [0, 16]}, "'conv_in.weight' has shape"),
        ({"block_out_channels": []}, "configuration"),
        ({"block_out_channels": "16"}, "configuration"),
        ({"block_out_channels": [16.5, 32]}, "configuration"),
        ({"down_block_types": ["Own", "Blocks"]}, "configuration"),
        ({"up_block_types": [1, 2]}, "configuration"),
        ({"layers_per_block": "two"}, "configuration"),
        ({"in_channels": None}, "configuration"),
        ({"act_fn": "os.system"}, "configuration"),
        ({"attention_head_dim": 0}, "configuration"),
        ({"attention_head_dim": "x"}, "configuration"),
        ({"norm_num_groups": 0}, "configuration"),
        ({"norm_num_groups": 5}, "configuration"),
        ({"time_embedding_type": "own"}, "configuration"),
        ({"resnet_time_scale_shift": 3}, "configuration"),
        ({"num_class_embeds": -1}, "configuration"),
    ],
)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")  # torch, on 0 channels
def test_unusable_configuration_is_named(
    model_folder: Path, changes: dict[str, Any], message: str
) -> None:
    edit_json(without_manifest(model_folder) / CONFIG, **changes)
    with pytest.raises(InputError, match=f"{message}.*unet/") as caught:
        ModelFolder.open(model_folder).unet()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"beta_schedule": "own"},
        {"num_train_timesteps": "many"},
        {"num_train_timesteps": -1},
        {"beta_start": None},
        {"trained_betas": "x"},
    ],
)
def test_unusable_noise_schedule_is_named(model_folder: Path, changes: dict[str, Any]) -> None:
    edit_json(without_manifest(model_folder) / SCHEDULER, **changes)
    with pytest.raises(InputError, match="scheduler_config"):
        ModelFolder.open(model_folder).scheduler()


def test_a_scheduler_without_noise_levels_is_refused(model_folder: Path) -> None:
    # as of a score-based model; from_config would take DDPM's own instead
    scheduler = {"_class_name": "ScoreSdeVeScheduler", "sigma_max": 1348.0}
    (without_manifest(model_folder) / SCHEDULER).write_text(json.dumps(scheduler))
    with pytest.raises(InputError, match=r"no noise levels of a DDPM.*scheduler_config"):
        ModelFolder.open(model_folder).scheduler()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("name", [CONFIG, SCHEDULER, MANIFEST])
def test_json_that_is_none_is_named(model_folder: Path, name: str, content: bytes) -> None:
    if name != MANIFEST:
        without_manifest(model_folder)
    (model_folder / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        _ = ModelFolder.open(model_folder).unet(), ModelFolder.open(model_folder).scheduler()


def test_a_folder_of_something_else_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="no model in this folder"):
        ModelFolder.open(tmp_path)


def test_missing_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(InputError, match=r"missing, unet/config\.json"):
        ModelFolder.open(tmp_path).unet()
    (tmp_path / "a.json").mkdir()
    with pytest.raises(InputError, match=r"a\.json"):
        read_json(tmp_path, "a.json")


@pytest.mark.parametrize("hashes", [None, [], "abc", 5])
def test_manifest_without_hashes_is_refused(model_folder: Path, hashes: Any) -> None:
    edit_json(model_folder / MANIFEST, sha256=hashes)
    with pytest.raises(InputError, match=MANIFEST):
        ModelFolder.open(model_folder)
    with pytest.raises(InputError, match=MANIFEST):
        write_parts(model_folder, {"labels.json": b"{}"})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (SCHEDULER, {"num_train_timesteps": 10**8}),
        (SCHEDULER, {"trained_betas": [0.01] * 10_001}),
        (SCHEDULER, {"num_train_timesteps": 10**400}),
        (CONFIG, {"num_train_timesteps": 10**8, "time_embedding_type": "learned"}),
        (CONFIG, {"sample_size": 10**9}),
        (CONFIG, {"freq_shift": 1e300}),
        (CONFIG, {"block_out_channels": [16, 10**12]}),
    ],
)
def test_no_number_takes_the_memory_that_it_names(
    model_folder: Path, name: str, changes: dict[str, Any]
) -> None:
    """10⁸ timesteps took 30 s and 3 to 7 GiB in every command that opened the model."""
    edit_json(without_manifest(model_folder) / name, **changes)
    folder = ModelFolder.open(model_folder)
    began = time.process_time()
    with pytest.raises(InputError, match=r"configuration cannot be used|not readable as JSON"):
        _ = folder.schedule(), folder.shape()
    assert time.process_time() - began < 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        (SCHEDULER, "beta_start"), (SCHEDULER, "beta_end"),
        (CONFIG, "norm_eps"), (CONFIG, "mid_block_scale_factor"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_refused(
    model_folder: Path, name: str, field: str, number: str
) -> None:
    """`verify` called such a model sound, and its edits were black."""
    edit_json(without_manifest(model_folder) / name, **{field: "HERE"})
    path = model_folder / name
    path.write_text(path.read_text().replace('"HERE"', number))
    folder = ModelFolder.open(model_folder)
    with pytest.raises(InputError, match=name):
        _ = folder.schedule(), folder.shape()


@pytest.mark.parametrize("betas", [(-0.1, 0.02), (0.0, 0.0), (0.5, 1.5), (1e-300, 0.02)])
def test_levels_that_are_no_noise_are_refused(
    model_folder: Path, betas: tuple[float, float]
) -> None:
    start, end = betas
    path = without_manifest(model_folder) / SCHEDULER
    edit_json(path, beta_start=start, beta_end=end, trained_betas=None, beta_schedule="linear")
    with pytest.raises(InputError, match="levels of noise"):
        ModelFolder.open(model_folder).schedule()
