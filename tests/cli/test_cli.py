"""The command line from outside: every command, exit codes."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import typer
from numpy.typing import NDArray

from command_line import Run, assert_one_error
from model_folders import tiny_maps
from pixelguide import cli, demo
from pixelguide.cli import models
from pixelguide.edit.editor import Editor
from pixelguide.errors import ResourceError
from pixelguide.images import save_png
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import ModelFolder


def _commands() -> list[str]:
    """Every command and group, by what is typed for it."""
    found = [""]

    def walk(group: Any, typed: str) -> None:
        for name, command in getattr(group, "commands", {}).items():
            found.append(f"{typed} {name}".strip())
            walk(command, found[-1])

    walk(typer.main.get_command(cli.app), "")
    return found


def test_the_command_line_keeps_the_names_scripts_rely_on() -> None:
    assert {
        "demo", "segment", "edit", "train prior", "train classifiers", "convert adm", "models",
        "models pull", "models show", "models verify",
    } <= set(_commands())  # fmt: skip


@pytest.mark.parametrize("command", _commands())
def test_every_command_explains_itself(run: Run, command: str) -> None:
    code, out, err = run(*command.split(), "--help")
    assert code == 0
    assert "Usage" in out
    assert err == ""


def test_the_version_is_told(run: Run) -> None:
    assert run("--version") == (0, f"pixelguide {version('pixelguide')}\n", "")


def test_portraits_become_a_category(run: Run, tmp_path: Path, labels: LabelSet) -> None:
    code, _, _ = run("portraits", tmp_path / "data", "--count", 2, "--seed", 3, "--with-labels")
    assert code == 0
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {
        "000000.png", "000000_label.png", "000001.png", "000001_label.png", "labels.json",
    }  # fmt: skip


def test_a_prior_and_its_classifiers_are_trained(
    run: Run, desk: Path, labels: LabelSet, picture: NDArray[np.uint8]
) -> None:
    data, model = desk / "data", desk / "trained"
    for k in range(2):
        save_png(data / f"{k}.png", np.roll(picture, k, 0))
        tiny_maps(labels)[1].save(data / f"{k}_label.png")
    (data / "labels.json").write_text(labels.to_json())
    code, out, err = run(
        "train", "prior", data, "-o", model, "--size", 16, "--channels", "32", "--images", 4,
        "--batch-size", 2, "--held-out", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "samples.png" in out
    code, out, err = run(
        "train", "classifiers", data, "--model", model, "-o", model, "--limit", 1,
        "--iterations", 1, "--tuning", 1, "--noise-draws", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "ready" in out
    code, out, _ = run("models", "show", model)
    assert code == 0
    assert json.loads(out)["classes"] == list(labels.names)
    code, out, _ = run("models", "verify", model)
    assert code == 0
    assert ModelFolder.open(model).hash in out


def test_a_prior_grows_and_is_trained_on_varied_pictures(
    run: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    for k in range(2):
        save_png(desk / "data" / f"{k}.png", np.roll(picture, k, 0))
    training = ("--images", 4, "--batch-size", 2, "--held-out", 1, "--device", "cpu")
    code, _, err = run(
        "train", "prior", desk / "data", "-o", desk / "small", "--size", 16, "--channels", "32",
        *training,
    )  # fmt: skip
    assert code == 0, err
    larger = (
        "train", "prior", desk / "data", "-o", desk / "large", "--augment", "--shift-noise",
        "--grow", 16, *training,
    )  # fmt: skip
    code, _, err = run(*larger, "--start-from", desk / "small")
    assert code == 0, err
    code, out, _ = run("models", "show", desk / "large")
    assert code == 0
    assert json.loads(out)["size"] == 32
    code, _, err = run(*larger)
    assert code == 2
    assert "--grow without --start-from" in err


def test_models_lists_what_is_built_in(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixelguide.prior import bundle

    monkeypatch.setattr(bundle, "built_in_models", lambda: {"tiny": desk / "model"})
    code, out, _ = run("models")
    assert code == 0
    assert out.startswith("tiny ")
    assert str(desk / "model") in out


def test_demo_prints_the_table_and_where_to_look(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_demo(out: Path, model: str, device: str, *numbers: Any) -> dict[str, Any]:
        assert (out, model, device) == (tmp_path, "portraits-64", "auto")
        assert numbers[:3] == (8, 40, 4)
        return {"edits": 8, "table": [("ROI accuracy", "0.912", "0.345")]}

    monkeypatch.setattr(demo, "run_demo", run_demo)
    code, out, _ = run("demo", "--out", tmp_path)
    assert code == 0
    for text in ("ROI accuracy", "0.912", "0.345", "contact-sheet.png", "report.json"):
        assert text in out.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("edit",), "missing argument '"),
        (("edit", "picture.png"), "missing option '--map'"),
        (("edit", "picture.png", "--map", "m.png"), "missing option '-o' / '--out'"),
        (
            ("edit", "picture.png", "--map", "m.png", "-o", "o", "-n", "many"),
            "invalid value for '-n': ",
        ),
        (
            ("edit", "picture.png", "--map", "m.png", "-o", "o", "--guidance", "1"),
            "no such option: --guidance",
        ),
        (("demo", "--edits", "3"), "invalid value for '--edits': "),
        (("demo", "-n", "17"), "invalid value for '-n'"),
        (("paint",), "no such command 'paint'"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    told = assert_one_error(run(*arguments))
    assert message in told
    assert told.endswith(" --help`.")
    assert "?." not in told


@pytest.mark.parametrize("arguments", [(), ("train",), ("labels",)])
def test_without_arguments_there_is_help(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert "Usage" in out
    assert err == ""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:123] DefaultCPUAllocator: can't allocate memory"
        ),
    ],
)
def test_out_of_memory_ends_with_4(
    edit: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(Editor, "segment", fail)
    assert "out of memory" in assert_one_error(edit(source_map=None), ResourceError.exit_code)


def test_other_errors_of_torch_are_not_hidden(edit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(Editor, "segment", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        edit(source_map=None)


def test_interrupted_by_hand_it_stops_without_a_traceback(
    edit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Editor, "segment", interrupt)
    code, out, err = edit(source_map=None)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == "stopped: nothing was written"


def test_interrupted_before_the_work_it_says_so_too(
    edit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Editor, "from_pretrained", interrupt)
    assert edit() == (130, "", "stopped\n")


def test_a_stopped_training_says_what_is_kept(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixelguide.prior import training

    for k in range(4):
        save_png(desk / "data" / f"{k}.png", np.full((16, 16, 3), 40 * k, np.uint8))
    monkeypatch.setattr(training, "sample_grid", lambda *_, **__: None)
    given = (
        "train", "prior", desk / "data", "-o", desk / "prior", "--size", 16, "--channels", "32",
        "--images", 40, "--batch-size", 2, "--held-out", 1, "--device", "cpu",
        "--checkpoint-images", 6,
    )  # fmt: skip
    loss, calls = training.hybrid_loss, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return loss(*arguments)

    monkeypatch.setattr(training, "hybrid_loss", interrupted)
    stop = 2
    code, _, err = run(*given)
    assert code == 130
    assert err.splitlines()[-1] == (
        "stopped: nothing was kept: there was no checkpoint yet (--checkpoint-images)"
    )
    calls[:], stop = [], 6
    code, _, err = run(*given)
    assert err.splitlines()[-1] == (
        f"stopped: {desk / 'prior'} keeps 6 pictures of training; repeat the command to go on"
    )
    calls[:], stop = [], -1
    code, out, err = run(*given)
    assert code == 0, err
    assert f"{desk / 'prior'}: 40 pictures seen, held-out loss " in out
    assert "noise still: go on; " in out
    assert out.endswith("Look at samples.png\n")
    log = (desk / "prior" / "training.log").read_text().splitlines()
    assert [line.split(" ", 2)[2].split(",")[0] for line in log][-1] == "checkpoint 40 of 40"
    ModelFolder.open(desk / "prior")  # the log is no part of the model
    code, out, _ = run(*given)
    assert out == f"{desk / 'prior'}: trained before; more --images would go on\n"


def test_a_model_is_shown_on_one_screen_or_as_json(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("models", "show", "portraits-64")
    assert code == 0
    whole = json.loads(out)  # no terminal: as scripts have read it
    assert run("models", "show", "portraits-64", "--json")[1] == out
    lines = models.summary("portraits-64", whole)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for fact in (whole["hash"], "64×64 pixels", "15 classes", "eyebrow", "block", "--json"):
        assert fact in text
    many = whole | {"classes": [f"a class with a long name {k}" for k in range(200)]}
    assert len(models.summary("portraits-64", many)) <= 24


def test_at_a_terminal_a_model_is_a_screen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    assert run("models", "show", "portraits-64")[1].startswith("portraits-64  hash ")


def test_shells_can_complete(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "--install-completion" in out
    assert "--show-completion" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "prior", "nowhere", "-o", "out"),
        ("train", "prior", ".", "-o", "out"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "auto"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "16,wide"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "17"),
        ("train", "prior", "pictures", "-o", "out", "--size", "30"),
        ("train", "prior", "pictures", "-o", "out", "--size", "0"),
        ("train", "prior", "pictures", "-o", "out", "--images", "3"),
        ("train", "prior", "pictures", "-o", "out", "--device", "abacus"),
        ("train", "prior", "pictures", "-o", "out", "--mixed-precision", "fp4"),
        ("train", "prior", "pictures", "-o", "model/manifest.json"),
        ("train", "classifiers", "nowhere", "--model", "model", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "nowhere", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--taps", "auto"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--taps", "9"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--starts", "5000"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--steps", "1001"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--device", "abacus"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "model/manifest.json"),
        ("models", "show", "nowhere"),
        ("models", "show", "pictures"),
        ("models", "verify", "nowhere"),
        ("models", "verify", "model/manifest.json"),
        ("portraits", "model/manifest.json"),
        ("portraits", "model/manifest.json/deeper"),
    ],
)
def test_bad_input_of_the_other_commands_is_one_line(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    (desk / "pictures").mkdir()
    for k in range(2):
        save_png(desk / "pictures" / f"{k}.png", np.zeros((16, 16, 3), np.uint8))
    manifest = (desk / "model" / "manifest.json").read_bytes()
    monkeypatch.chdir(desk)
    if arguments[2:3] == (".",):
        for path in desk.rglob("*.png"):
            path.unlink()
    assert_one_error(run(*arguments))
    assert not (desk / "out").exists()
    assert (desk / "model" / "manifest.json").read_bytes() == manifest
