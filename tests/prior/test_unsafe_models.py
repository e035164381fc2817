"""Pickles, links, paths and code in model folders: refused, and nothing runs."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from model_folders import edit_json, without_manifest
from pixelguide.errors import SafetyError
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.manifest import MANIFEST, write_parts

UNET = f"unet/{WEIGHTS}"
CONFIG = "unet/config.json"


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
        without_manifest(model_folder)
        (model_folder / UNET).write_bytes(_trap(tmp_path / "ran"))
    with pytest.raises(SafetyError, match=f"pickle.*{WEIGHTS}"):
        ModelFolder.open(model_folder).unet()
    assert not (tmp_path / "ran").exists()


def test_pickle_in_place_of_safetensors_is_refused(model_folder: Path, tmp_path: Path) -> None:
    (without_manifest(model_folder) / UNET).unlink()
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


# Scenario 3: paths


@pytest.mark.parametrize(
    "name", ["../secret", "unet/../../secret", "/etc/passwd", "..", "//secret"]
)
def test_manifest_that_leaves_the_folder_is_refused(model_folder: Path, name: str) -> None:
    secret = model_folder.parent / "secret"
    secret.write_bytes(b"secret")
    hashes = json.loads((model_folder / MANIFEST).read_text())["sha256"]
    hashes[name] = hashlib.sha256(b"secret").hexdigest()
    edit_json(model_folder / MANIFEST, sha256=hashes)
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
    own = ["pipeline", "PixelGuidedPipeline"]
    index = {"_class_name": own, "unet": ["own", "Own"], "auto_map": {"a": "own.b"}}
    (without_manifest(model_folder) / "model_index.json").write_text(json.dumps(index))
    edit_json(model_folder / CONFIG, auto_map={"AutoModel": "own.Own"}, _module="own")
    model = ModelFolder.open(model_folder)
    model.unet()
    model.scheduler()
    assert not (tmp_path / "ran").exists()
    exec(code)  # noqa: S102 - the trap works, else this test could not fail
    assert (tmp_path / "ran").exists()
