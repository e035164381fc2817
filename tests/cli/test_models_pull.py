"""`models`, `models pull`, and bare priors, from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from diffusers import UNet2DModel

from command_line import Run, assert_one_error
from flaky_server import FlakyServer, Reply, flaky_server
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.public.registry import REGISTRY, find
from pulls import CHECKPOINT, offer, stand_in_for_the_converter, tar_of


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELGUIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tiny_unet: UNet2DModel) -> Iterator[FlakyServer]:
    """A server that has ffhq."""
    stand_in_for_the_converter(monkeypatch, tiny_unet)
    with flaky_server() as running:
        offer(running, monkeypatch, "ffhq", Reply(CHECKPOINT))
        yield running


def test_the_list_says_what_there_is_and_what_can_be_had(run: Run) -> None:
    code, out, _ = run("models")
    assert code == 0
    for text in ("portraits-64", "built in", "can be pulled", "google/ddpm-cat-256", "licence"):
        assert text in out
    code, out, _ = run("models", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert set(REGISTRY) < set(rows)
    assert all(
        set(row) == {"name", "state", "kind", "size", "about", "source", "licence", "path"}
        for row in rows.values()
    )
    assert rows["portraits-64"]["state"] == "built in"
    assert rows["portraits-64"]["size"] == 64
    assert Path(rows["portraits-64"]["path"]).is_dir()
    assert rows["ffhq"]["state"] == "can be pulled"
    assert rows["ffhq"]["path"] is None


def test_pull_list_show_verify(run: Run, server: FlakyServer) -> None:
    code, out, err = run("models", "pull", "ffhq")
    assert code == 0, err
    assert "recorded in" in out
    assert "known_hashes.json" in out
    assert "train classifiers DATASET --model ffhq" in out
    rows = {row["name"]: row for row in json.loads(run("models", "--json")[1])}
    assert rows["ffhq"]["state"] == "pulled"
    assert rows["ffhq"]["path"] == str(find("ffhq").folder)
    code, out, _ = run("models", "show", "ffhq")
    assert code == 0
    assert json.loads(out)["size"] == 16
    code, out, _ = run("models", "verify", "ffhq")
    assert code == 0
    assert f"sound, hash {ModelFolder.open('ffhq').hash}; a prior without classifiers" in out
    code, out, _ = run("models", "pull", "ffhq")
    assert code == 0
    assert "pulled before" in out
    assert len(server.seen) == 1


def test_options_of_pull(
    run: Run, server: FlakyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run("models", "pull", "ffhq", "--to", tmp_path / "x", "--keep-download")
    assert code == 0, err
    assert f"--model {tmp_path / 'x'}" in out
    assert run("models", "pull", "ffhq", "--offline")[0] == 0  # from the download that was kept
    assert len(server.seen) == 1
    offer(server, monkeypatch, "ffhq", Reply(CHECKPOINT + b"!"))
    find("ffhq").download.unlink(missing_ok=True)
    code, out, err = run("models", "pull", "ffhq", "--to", tmp_path / "y")
    assert (code, out) == (3, "")
    error = err.splitlines()[-1]  # after the bar of the download
    assert error.startswith("error: ffhq.pt has SHA-256")
    assert "--accept-new" in error
    code, out, _ = run("models", "pull", "ffhq", "--accept-new")
    assert code == 0
    assert "recorded in" in out


def test_data_tells_what_it_left_out(
    run: Run, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {"datasets/a.png": b"x", "datasets/a.sh": b"y"}
    offer(server, monkeypatch, "datasetddpm", Reply(tar_of(members)))
    code, out, _ = run("models", "pull", "datasetddpm")
    assert code == 0
    assert "left out: 1 files" in out
    assert "train classifiers" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("pull", "fhq"), 2, "'fhq' cannot be pulled"),
        (("pull", "../ffhq"), 2, "cannot be pulled"),
        (("pull", "ffhq", "--offline"), 2, "offline"),
        (("show", "ffhq"), 2, "pixelguide models pull ffhq"),
        (("verify", "google/ddpm-cat-256"), 2, "pixelguide models pull google/ddpm-cat-256"),
        (("verify", "ffhq-gmulti"), 2, "not a model"),
    ],
)
def test_mistakes_are_one_line(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    assert message in assert_one_error(run("models", *arguments), code=code)


@pytest.mark.parametrize(
    ("reply", "code", "message"),
    [
        (Reply(b"", 404), 2, "not there any more"),
        (Reply(b"", 302, {"Location": "http://example.org/"}), 3, "not safe"),
        (Reply(b"", 503, {"Retry-After": "9000"}), 4, "503"),
        (Reply(b"a page"), 2, "damaged"),
    ],
)
def test_trouble_on_the_way_is_one_line(
    run: Run, server: FlakyServer, monkeypatch: pytest.MonkeyPatch,
    reply: Reply, code: int, message: str,
) -> None:  # fmt: skip
    offer(server, monkeypatch, "ffhq", reply)
    found, out, err = run("models", "pull", "ffhq")
    assert (found, out) == (code, "")
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err


def test_a_bare_prior_is_verified_as_one(run: Run, model_folder: Path) -> None:
    code, out, _ = run("models", "verify", model_folder)
    assert code == 0
    assert "without classifiers" in out
    (model_folder / "scheduler" / "scheduler_config.json").write_text("{}")
    assert "scheduler_config.json" in assert_one_error(run("models", "verify", model_folder))


def test_a_category_that_lost_a_part_is_no_bare_prior(run: Run, desk: Path) -> None:
    code, out, _ = run("models", "verify", desk / "model")
    assert code == 0
    assert "without classifiers" not in out
    (desk / "model" / "manifest.json").unlink()
    (desk / "model" / "guide" / "config.json").unlink()
    assert_one_error(run("models", "verify", desk / "model"))
