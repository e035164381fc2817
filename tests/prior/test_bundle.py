"""Model folders: what is written comes back, and what was tampered with does not."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel

from model_folders import edit_json, without_manifest
from pixelguide.errors import InputError, SafetyError
from pixelguide.prior import bundle, manifest
from pixelguide.prior.bundle import (
    WEIGHTS,
    ModelFolder,
    built_in_models,
    locate,
    refuse_classifiers,
)
from pixelguide.prior.manifest import MANIFEST, write_parts
from pixelguide.prior.model_parts import prior_parts, tensor_bytes

UNET = f"unet/{WEIGHTS}"
CONFIG = "unet/config.json"
SCHEDULER = "scheduler/scheduler_config.json"


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
    assert ModelFolder.open(without_manifest(model_folder)).unet().config.sample_size == 16


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
    edit_json(model_folder / SCHEDULER, beta_end=0.03)
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


def test_a_model_in_the_current_folder_comes_before_others_of_its_name(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "built_in_models", lambda: {"mine": tmp_path / "built in"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()  # a folder of pictures, say
    assert locate("mine") == tmp_path / "built in"
    (tmp_path / "mine").rmdir()
    model_folder.rename(tmp_path / "mine")
    assert locate("mine") == Path("mine")


def test_built_in_models_are_folders() -> None:
    for name, path in built_in_models().items():
        assert path.is_dir()
        assert path.name == name


def test_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match="a file, not a model folder"):
        locate(tmp_path / "a.txt")


# Writing


def _stop_at(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Interrupt the process when it puts a file in that place."""
    replace = os.replace

    def stop(source: str, target: Path) -> None:
        if target == path:
            raise KeyboardInterrupt
        replace(source, target)

    patch.setattr(os, "replace", stop)


@pytest.mark.parametrize("name", [CONFIG, UNET, MANIFEST])
def test_interrupted_write_leaves_a_model_that_loads_or_is_refused(
    model_folder: Path, tiny_unet: UNet2DModel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = ModelFolder.open(model_folder).hash
    changed = {k: v * 0.5 for k, v in tiny_unet.state_dict().items()}
    parts = {**prior_parts(tiny_unet), UNET: tensor_bytes(changed)}
    with monkeypatch.context() as patch:
        _stop_at(model_folder / name, patch)
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
    with monkeypatch.context() as patch:
        _stop_at(tmp_path / name, patch)
        with pytest.raises(KeyboardInterrupt):
            write_parts(tmp_path, prior_parts(tiny_unet))
    with pytest.raises(InputError, match=r"missing|No such file"):
        ModelFolder.open(tmp_path).unet()


# Reading while others write, and what is no model


def test_files_of_a_writer_that_come_and_go_are_no_part_of_the_model(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ModelFolder.open(model_folder).hashes
    passing = model_folder / "unet" / f".{WEIGHTS}.x1y2"
    passing.write_bytes(b"half")
    assert ModelFolder.open(model_folder).hashes == before
    lstat = os.lstat

    def gone(path: Path) -> os.stat_result:
        Path(path).unlink(missing_ok=path == passing)
        return lstat(path)

    with monkeypatch.context() as patch:
        patch.setattr(manifest.os, "lstat", lambda path: (gone if path == passing else lstat)(path))
        assert ModelFolder.open(model_folder).hashes == before
    assert not passing.exists()


def test_hidden_links_are_refused_too(model_folder: Path) -> None:
    (model_folder / ".extra").symlink_to(model_folder / "unet")
    with pytest.raises(SafetyError, match=r"a link.*\.extra"):
        ModelFolder.open(model_folder)


def test_files_that_cannot_be_read_are_an_error_of_ours(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(path: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(bundle, "sha256", deny)
    with pytest.raises(InputError, match=r"cannot read the model \(Permission denied\), .*model"):
        ModelFolder.open(model_folder)


@pytest.mark.parametrize("name", ["", "a" * 300])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"no name of a model|File name too long"):
        ModelFolder.open(name)


@pytest.mark.parametrize("part", ["segmenter", "guide"])
def test_classifiers_keep_another_prior_out(model_folder: Path, part: str) -> None:
    refuse_classifiers(model_folder)
    (model_folder / part).mkdir()
    with pytest.raises(InputError, match=f"classifiers of another prior.*{part}"):
        refuse_classifiers(model_folder)
