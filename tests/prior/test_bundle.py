"""Model folders: what is written comes back, and what was tampered with does not."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel

from pixelguide.errors import InputError, SafetyError
from pixelguide.prior import bundle
from pixelguide.prior.bundle import (
    MANIFEST,
    WEIGHTS,
    ModelFolder,
    built_in_models,
    locate,
    prior_parts,
    read_json,
    tensor_bytes,
    write_parts,
)

UNET = f"unet/{WEIGHTS}"
CONFIG = "unet/config.json"
SCHEDULER = "scheduler/scheduler_config.json"


def _edit_json(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def _without_manifest(folder: Path) -> Path:
    """The same folder as someone else would publish it."""
    (folder / MANIFEST).unlink()
    return folder


# Round trip


def test_prior_comes_back_with_fp16_weights(model_folder: Path, tiny_unet: UNet2DModel) -> None:
    unet = ModelFolder.open(model_folder).unet()
    assert not unet.training
    for name, value in tiny_unet.state_dict().items():
        own = unet.state_dict()[name]
        assert own.dtype == torch.float32
        assert torch.equal(own, value.half().float()), name
    assert not any(parameter.requires_grad for parameter in unet.parameters())
    for key, entry in tiny_unet.config.items():
        if not key.startswith("_"):
            assert unet.config[key] == (list(entry) if isinstance(entry, tuple) else entry), key


def test_weights_that_are_fp16_already_come_back_exactly(
    model_folder: Path, tmp_path: Path
) -> None:
    first = ModelFolder.open(model_folder).unet()
    write_parts(tmp_path / "again", prior_parts(first))
    assert (tmp_path / "again" / UNET).read_bytes() == (model_folder / UNET).read_bytes()


def test_integer_tensors_keep_their_type() -> None:
    from safetensors.torch import load

    state = {"a": torch.tensor([2**40]), "b": torch.tensor([1.5], dtype=torch.float64)}
    back = load(tensor_bytes(state))
    assert torch.equal(back["a"], state["a"])
    assert back["b"].dtype == torch.float16


def test_diffusers_reads_the_folder(model_folder: Path, tiny_unet: UNet2DModel) -> None:
    theirs = UNet2DModel.from_pretrained(model_folder, subfolder="unet", use_safetensors=True)
    weight = theirs.state_dict()["conv_in.weight"]
    assert torch.equal(weight, tiny_unet.state_dict()["conv_in.weight"].half().float())
    scheduler = DDPMScheduler.from_pretrained(model_folder, subfolder="scheduler")
    assert scheduler.config.variance_type == "learned_range"
    index = json.loads((model_folder / "model_index.json").read_text())
    assert index["unet"] == ["diffusers", "UNet2DModel"]


@pytest.mark.parametrize(("channels", "kind"), [(6, "learned_range"), (3, "fixed_small")])
def test_scheduler_fits_the_network(tmp_path: Path, channels: int, kind: str) -> None:
    unet = UNet2DModel(
        sample_size=8,
        out_channels=channels,
        block_out_channels=(16,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=4,
    )
    write_parts(tmp_path, prior_parts(unet))
    scheduler = ModelFolder.open(tmp_path).scheduler()
    assert scheduler.config.variance_type == kind
    # DDPM (Ho et al. 2020, sec. 4)
    assert len(scheduler.betas) == 1000
    assert scheduler.betas[0] == pytest.approx(1e-4)
    assert scheduler.betas[-1] == pytest.approx(0.02)


def test_scheduler_can_be_given(tmp_path: Path, tiny_unet: UNet2DModel) -> None:
    given = DDPMScheduler(beta_schedule="squaredcos_cap_v2", num_train_timesteps=40)
    write_parts(tmp_path, prior_parts(tiny_unet, given))
    assert torch.equal(ModelFolder.open(tmp_path).scheduler().betas, given.betas)


def test_manifest_has_the_hash_of_every_file(model_folder: Path) -> None:
    manifest = json.loads((model_folder / MANIFEST).read_text())
    files = {UNET, CONFIG, SCHEDULER, "model_index.json"}
    assert manifest["sha256"] == {
        name: hashlib.sha256((model_folder / name).read_bytes()).hexdigest() for name in files
    }
    assert ModelFolder.open(model_folder).hashes == manifest["sha256"]


def test_parts_are_added_to_the_manifest_and_others_kept(model_folder: Path) -> None:
    before = ModelFolder.open(model_folder).hashes
    write_parts(model_folder, {"labels.json": b"{}"})
    after = ModelFolder.open(model_folder)
    assert after.hashes == {**before, "labels.json": hashlib.sha256(b"{}").hexdigest()}
    assert json.loads((model_folder / MANIFEST).read_text())["sha256"] == after.hashes
    assert after.has("labels.json")
    assert not after.has("guide/config.json")


def test_folder_without_manifest_is_read(model_folder: Path) -> None:
    assert ModelFolder.open(_without_manifest(model_folder)).unet().config.sample_size == 16


def test_state_of_a_training_is_no_part_of_the_model(model_folder: Path) -> None:
    before = ModelFolder.open(model_folder)
    (model_folder / "training.safetensors").write_bytes(b"state")
    after = ModelFolder.open(model_folder)
    assert (after.hash, after.hashes) == (before.hash, before.hashes)


def test_hash_changes_with_weights_and_configuration_alone(model_folder: Path) -> None:
    def opened() -> str:
        return ModelFolder.open(model_folder).hash

    first = opened()
    assert len(first) == 16
    assert int(first, 16) >= 0
    (model_folder / MANIFEST).write_text(json.dumps({"sha256": {}, "comment": "other"}))
    (model_folder / "README.md").write_text("a model card")
    assert opened() == first
    content = bytearray((model_folder / UNET).read_bytes())
    content[-1] ^= 1
    (model_folder / UNET).write_bytes(content)
    second = opened()
    assert second != first
    _edit_json(model_folder / SCHEDULER, beta_end=0.03)
    assert opened() not in (first, second)


def test_hash_follows_the_content_wherever_it_lies(model_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(model_folder, tmp_path / "elsewhere")
    assert ModelFolder.open(tmp_path / "elsewhere").hash == ModelFolder.open(model_folder).hash


# Where models are


def test_built_in_models_are_found_by_name(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "built_in_models", lambda: {"tiny": model_folder})
    assert locate("tiny") == model_folder
    assert ModelFolder.open("tiny").path == model_folder
    with pytest.raises(InputError, match=r"no model 'tony'.*one of: tiny"):
        locate("tony")


def test_built_in_models_are_folders() -> None:
    for name, path in built_in_models().items():
        assert path.is_dir()
        assert path.name == name


def test_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match="a file, not a model folder"):
        locate(tmp_path / "a.txt")


# Scenario 1: pickles


def _trap(marker: Path) -> bytes:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(marker),)

    return pickle.dumps(Payload())


@pytest.mark.parametrize("name", ["model.pt", "model.ckpt", "diffusion_pytorch_model.bin"])
def test_pickle_in_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(_trap(tmp_path / "ran"))
    with pytest.raises(SafetyError, match="pickle"):
        ModelFolder.open(tmp_path / name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("published_with_manifest", [True, False])
def test_renamed_pickle_in_a_folder_is_refused(
    model_folder: Path, tmp_path: Path, published_with_manifest: bool
) -> None:
    if published_with_manifest:
        write_parts(model_folder, {UNET: _trap(tmp_path / "ran")})
    else:
        _without_manifest(model_folder)
        (model_folder / UNET).write_bytes(_trap(tmp_path / "ran"))
    with pytest.raises(SafetyError, match=f"pickle.*{WEIGHTS}"):
        ModelFolder.open(model_folder).unet()
    assert not (tmp_path / "ran").exists()


def test_pickle_in_place_of_safetensors_is_refused(model_folder: Path, tmp_path: Path) -> None:
    (_without_manifest(model_folder) / UNET).unlink()
    trap = model_folder / "unet" / "diffusion_pytorch_model.bin"
    trap.write_bytes(_trap(tmp_path / "ran"))
    with pytest.raises(SafetyError, match=r"pickle.*diffusion_pytorch_model\.bin"):
        ModelFolder.open(model_folder).unet()
    assert not (tmp_path / "ran").exists()


def test_pickle_beside_safetensors_is_left_alone(model_folder: Path, tmp_path: Path) -> None:
    # Many repositories of the hub carry both.
    trap = model_folder / "unet" / "diffusion_pytorch_model.bin"
    trap.write_bytes(_trap(tmp_path / "ran"))
    ModelFolder.open(model_folder).unet()
    assert not (tmp_path / "ran").exists()


# Scenario 2: damage


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
    change(_without_manifest(model_folder))
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
    _edit_json(_without_manifest(model_folder) / CONFIG, **changes)
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
    _edit_json(_without_manifest(model_folder) / SCHEDULER, **changes)
    with pytest.raises(InputError, match="scheduler_config"):
        ModelFolder.open(model_folder).scheduler()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("name", [CONFIG, SCHEDULER, MANIFEST])
def test_json_that_is_none_is_named(model_folder: Path, name: str, content: bytes) -> None:
    if name != MANIFEST:
        _without_manifest(model_folder)
    (model_folder / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        _ = ModelFolder.open(model_folder).unet(), ModelFolder.open(model_folder).scheduler()


def test_missing_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing, unet/config\.json"):
        ModelFolder.open(tmp_path).unet()
    (tmp_path / "a.json").mkdir()
    with pytest.raises(InputError, match=r"a\.json"):
        read_json(tmp_path, "a.json")


@pytest.mark.parametrize("hashes", [None, [], "abc", 5])
def test_manifest_without_hashes_is_refused(model_folder: Path, hashes: Any) -> None:
    _edit_json(model_folder / MANIFEST, sha256=hashes)
    with pytest.raises(InputError, match=MANIFEST):
        ModelFolder.open(model_folder)
    with pytest.raises(InputError, match=MANIFEST):
        write_parts(model_folder, {"labels.json": b"{}"})


# Scenario 3: paths


@pytest.mark.parametrize(
    "name", ["../secret", "unet/../../secret", "/etc/passwd", "..", "//secret"]
)
def test_manifest_that_leaves_the_folder_is_refused(model_folder: Path, name: str) -> None:
    secret = model_folder.parent / "secret"
    secret.write_bytes(b"secret")
    hashes = json.loads((model_folder / MANIFEST).read_text())["sha256"]
    hashes[name] = hashlib.sha256(b"secret").hexdigest()
    _edit_json(model_folder / MANIFEST, sha256=hashes)
    with pytest.raises(SafetyError, match=f"leaves the model folder, {name}"):
        ModelFolder.open(model_folder)


@pytest.mark.parametrize("name", [UNET, "README.md", "training.safetensors", MANIFEST])
def test_link_is_refused(model_folder: Path, name: str) -> None:
    outside = model_folder.parent / "outside"
    path = model_folder / name
    outside.write_bytes(path.read_bytes() if path.exists() else b"")
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
    with pytest.raises(SafetyError, match=f"link.*{name}"):
        ModelFolder.open(model_folder)


@pytest.mark.parametrize("target", ["somewhere", "missing", "model"])
def test_link_to_a_folder_or_to_nothing_is_refused(model_folder: Path, target: str) -> None:
    (model_folder.parent / "somewhere").mkdir()
    (model_folder / "sub").mkdir()
    (model_folder / "sub" / "link").symlink_to(model_folder.parent / target)
    with pytest.raises(SafetyError, match="sub/link"):
        ModelFolder.open(model_folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", [UNET, "pipe", MANIFEST])
def test_pipe_is_refused_and_not_waited_for(model_folder: Path, name: str) -> None:
    (model_folder / name).unlink(missing_ok=True)
    os.mkfifo(model_folder / name)
    with pytest.raises(SafetyError, match=f"special file.*{name}"):
        ModelFolder.open(model_folder)


# Scenario 4: code


def test_code_in_the_folder_is_not_run(model_folder: Path, tmp_path: Path) -> None:
    code = f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    for name in ("__init__.py", "pipeline.py", "model_index.py", "unet/__init__.py", "unet/own.py"):
        (model_folder / name).write_text(code)
    index = {"_class_name": ["pipeline", "Own"], "unet": ["own", "Own"], "auto_map": {"a": "own.b"}}
    (_without_manifest(model_folder) / "model_index.json").write_text(json.dumps(index))
    _edit_json(model_folder / CONFIG, auto_map={"AutoModel": "own.Own"}, _module="own")
    model = ModelFolder.open(model_folder)
    model.unet()
    model.scheduler()
    assert not (tmp_path / "ran").exists()
    exec(code)  # noqa: S102 - the trap works, else this test could not fail
    assert (tmp_path / "ran").exists()


# Writing


@pytest.mark.parametrize("name", [CONFIG, UNET, MANIFEST])
def test_interrupted_write_leaves_a_model_that_loads_or_is_refused(
    model_folder: Path, tiny_unet: UNet2DModel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = ModelFolder.open(model_folder).hash
    changed = {k: v * 0.5 for k, v in tiny_unet.state_dict().items()}
    parts = {**prior_parts(tiny_unet), UNET: tensor_bytes(changed)}
    replace = os.replace

    def stop(source: str, target: Path) -> None:
        if target == model_folder / name:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            write_parts(model_folder, parts)
    if name == MANIFEST:  # the weights are new, the manifest is not
        with pytest.raises(InputError, match=f"does not match its hash in the manifest, {UNET}"):
            ModelFolder.open(model_folder)
    else:
        assert ModelFolder.open(model_folder).hash == before
    write_parts(model_folder, parts)  # and a repeated write repairs it
    assert ModelFolder.open(model_folder).hash != before


@pytest.mark.parametrize("name", [UNET, SCHEDULER, CONFIG])
def test_interrupted_first_write_does_not_load(
    tmp_path: Path, tiny_unet: UNet2DModel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    replace = os.replace

    def stop(source: str, target: Path) -> None:
        if target == tmp_path / name:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            write_parts(tmp_path, prior_parts(tiny_unet))
    with pytest.raises(InputError, match=r"missing|No such file"):
        ModelFolder.open(tmp_path).unet()
