"""Damaged and dangerous model folders: one line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
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
