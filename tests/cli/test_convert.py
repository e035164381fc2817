"""`pixelguide convert adm`, as a user runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from adm_network import AdmNetwork
from command_line import Run, assert_one_error


@pytest.fixture
def network() -> AdmNetwork:
    return AdmNetwork()


@pytest.fixture
def convert(run: Run, tmp_path: Path, network: AdmNetwork) -> Run:
    """Converts `network`, as it is when this is called."""

    def convert(*options: Any) -> tuple[int, str, str]:
        torch.save(network.state, tmp_path / "adm.pt")
        return run("convert", "adm", tmp_path / "adm.pt", "-o", tmp_path / "model", *options)

    return convert


def _json(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    return content


def test_converted_model_can_be_shown(convert: Run, run: Run, tmp_path: Path) -> None:
    code, out, err = convert("--size", 16)
    assert code == 0, err
    assert "16×16 RGB" in out
    assert "heads of 64 channels (assumed)" in out
    code, out, _ = run("models", "show", tmp_path / "model")
    assert code == 0
    shown = json.loads(out)
    assert shown["size"] == 16
    assert shown["learned_variance"]
    assert shown["timesteps"] == 1000
    assert [tap["channels"] for tap in shown["taps"].values()] == [64, 64, 32, 32]


def test_options_count(convert: Run, tmp_path: Path) -> None:
    code, _, err = convert(
        *("--size", 8, "--heads", 4, "--attention-order", "new", "--schedule", "cosine"),
        *("--timesteps", 50, "--dtype", "float16"),
    )
    assert code == 0, err
    unet = _json(tmp_path / "model", "unet/config.json")
    assert unet["sample_size"] == 8
    assert unet["attention_head_dim"] == 16
    scheduler = _json(tmp_path / "model", "scheduler/scheduler_config.json")
    assert scheduler["beta_schedule"] == "squaredcos_cap_v2"
    assert scheduler["num_train_timesteps"] == 50
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "heads of 16 channels; new order" in card
    assert "| weights | float16 |" in card


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--size"),
        (("--size", 15), "multiple of 2"),
        (("--size", 16, "--head-channels", 24), "middle_block.1.qkv.weight|input_blocks.3.1.qkv"),
        (("--size", 16, "--heads", 4, "--head-channels", 16), "one of the two"),
        (("--size", 16, "--attention-order", "old"), "legacy or new"),
        (("--size", 16, "--schedule", "square"), "linear or cosine"),
        (("--size", 16, "--timesteps", 5), "5 timesteps"),
        (("--size", 16, "--dtype", "int8"), "float32 or float16"),
    ],
)
def test_bad_options_are_one_line(
    convert: Run, tmp_path: Path, options: tuple[Any, ...], message: str
) -> None:
    line = assert_one_error(convert(*options))
    assert any(part in line for part in message.split("|"))
    assert not (tmp_path / "model").exists()


def test_class_conditional_network_is_refused(convert: Run, network: AdmNetwork) -> None:
    network.state["label_emb.weight"] = torch.zeros(10, 128)
    assert "class-conditional" in assert_one_error(convert("--size", 16))


def test_code_is_refused_for_safety(convert: Run, network: AdmNetwork, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    network.state["payload"] = Payload()  # type: ignore[assignment]
    assert "mkdir" in assert_one_error(convert("--size", 16), code=3)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "model").exists()


def test_missing_checkpoint_is_one_line(run: Run, tmp_path: Path) -> None:
    result = run("convert", "adm", tmp_path / "none.pt", "-o", tmp_path / "model")
    assert "none.pt" in assert_one_error(result)


def test_place_that_cannot_be_written_is_told_first(run: Run, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("")
    result = run("convert", "adm", tmp_path / "none.pt", "-o", tmp_path / "model")
    assert "not a folder" in assert_one_error(result)
