"""Damaged and dangerous model folders: one line and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from command_line import Run, assert_one_error
from model_folders import PARTS
from pixelguide.prior.bundle import WEIGHTS


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
@pytest.mark.parametrize("manifest", [True, False])
def test_a_damaged_model_is_one_line(
    edit: Run, run: Run, desk: Path, part: str, damage: str, manifest: bool
) -> None:
    file = desk / "model" / part
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"\x01garbage")
    if not manifest:
        (desk / "model" / "manifest.json").unlink()
    assert file.name in assert_one_error(edit())
    assert not (desk / "out").exists()
    assert_one_error(run("models", "verify", desk / "model"))


def test_a_folder_without_a_model_is_named(edit: Run, desk: Path) -> None:
    (desk / "empty").mkdir()
    told = assert_one_error(edit(model=desk / "empty"))
    assert f"no model in this folder, {desk / 'empty'}" in told


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("kind", ["file.pt", "file.ckpt", "file.bin", "weights", "protocol 2"])
def test_a_pickle_is_refused_for_safety(
    edit: Run, run: Run, desk: Path, kind: str, manifest: bool
) -> None:
    if kind.startswith("file"):
        model = desk / kind
        torch.save({"a": torch.zeros(1)}, model)
    else:
        model = desk / "model"
        if not manifest:
            (model / "manifest.json").unlink()
        torch.save(
            {"a": torch.zeros(1)},
            model / "unet" / WEIGHTS,
            _use_new_zipfile_serialization=kind == "weights",
        )
    assert "pickle" in assert_one_error(edit(model=model), code=3)
    assert_one_error(run("models", "verify", model), code=3)
    assert not (desk / "out").exists()


def test_links_out_of_a_model_are_refused_for_safety(edit: Run, desk: Path) -> None:
    secret = desk / "secret"
    secret.write_text("x")
    (desk / "model" / "extra").symlink_to(secret)
    assert "link" in assert_one_error(edit(), code=3)


def test_a_latent_model_is_refused_wherever_it_is_given(edit: Run, run: Run, desk: Path) -> None:
    """As `LDMPipeline` lies on the hub: three latent channels, which look like small pictures."""
    model = desk / "model"
    (model / "manifest.json").unlink()
    index = {"_class_name": "LDMPipeline", "vqvae": ["diffusers", "VQModel"]}
    (model / "model_index.json").write_text(json.dumps(index))
    told = "a latent model (LDMPipeline with a 'vqvae'), model_index.json"
    assert told in assert_one_error(edit())
    use = ("--model", model)
    commands = (
        ("segment", desk / "picture.png", "-o", desk / "map.png", *use),
        ("train", "classifiers", desk, "-o", desk / "trained", *use),
        ("inpaint", desk / "picture.png", "--mask", desk / "picture.png", "-o", desk / "out", *use),
        ("models", "show", model),
        ("convert", "diffusers", model, "-o", desk / "converted"),
    )
    for command in commands:
        assert "a latent model" in assert_one_error(run(*command)), command
    assert not [name for name in ("out", "trained", "map.png") if (desk / name).exists()]


def test_pickled_weights_are_converted_by_the_command_that_is_named(
    edit: Run, run: Run, desk: Path
) -> None:
    model = desk / "model"
    (model / "manifest.json").unlink()
    weights = model / "unet" / WEIGHTS
    torch.save(safetensors.torch.load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    told = assert_one_error(edit(), code=3)
    assert "`pixelguide convert diffusers FOLDER -o MODEL`" in told
    code, out, err = run("convert", "diffusers", model, "-o", desk / "safe")
    assert code == 0, err
    assert "ready" in out
    assert edit(model=desk / "safe")[0] == 0
    assert "no such folder" in assert_one_error(
        run("convert", "diffusers", desk / "none", "-o", desk / "b")
    )
