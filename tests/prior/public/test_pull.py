"""Pulling models: verified, converted, in place as a whole; again, and side by side."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from adm_network import AdmNetwork
from conftest import seeded
from flaky_server import FlakyServer, Reply
from pixelguide.errors import InputError, ResourceError, SafetyError
from pixelguide.prior import bundle
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.public.download import KEPT
from pixelguide.prior.public.pull import _convert_adm, known_hashes, pull
from pixelguide.prior.public.registry import REGISTRY, find
from pulls import CHECKPOINT, FolderHub, left_behind, offer

pytestmark = pytest.mark.usefixtures("stand_ins")
CAT = "google/ddpm-cat-256"

# A checkpoint


def test_a_pulled_checkpoint_is_a_model_by_its_name(home: Path) -> None:
    pulled = pull("ffhq")
    assert (pulled.fresh, pulled.first) == (True, True)
    assert pulled.path == find("ffhq").folder
    assert ModelFolder.open("ffhq").unet().config.sample_size == 16
    assert known_hashes().get("ffhq") == pulled.fingerprint
    assert left_behind(home) == []


def test_what_is_there_is_not_fetched_again(server: FlakyServer) -> None:
    pull("ffhq")
    server.seen.clear()
    again = pull("ffhq")
    assert (again.fresh, again.path) == (False, find("ffhq").folder)
    assert server.seen == []


def test_another_place_and_a_kept_download(home: Path, tmp_path: Path, server: FlakyServer) -> None:
    pull("ffhq", tmp_path / "a", keep_download=True)
    assert find("ffhq").download.read_bytes() == CHECKPOINT
    server.seen.clear()
    (tmp_path / "b").mkdir()
    second = pull("ffhq", tmp_path / "b")
    assert not second.first
    assert server.seen == []  # the kept one serves
    assert ModelFolder.open(tmp_path / "a").hash == ModelFolder.open(tmp_path / "b").hash
    assert not find("ffhq").folder.exists()
    assert left_behind(home) == []
    with pytest.raises(InputError, match="not an empty folder"):
        pull("ffhq", tmp_path / "b")


def test_other_bytes_than_the_first_are_refused_until_accepted(
    home: Path, server: FlakyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull("ffhq")
    first = known_hashes().get("ffhq")
    offer(server, monkeypatch, "ffhq", Reply(CHECKPOINT + b"!"))
    with pytest.raises(SafetyError, match=r"ffhq\.pt has SHA-256 \w{12}….*--accept-new"):
        pull("ffhq", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert known_hashes().get("ffhq") == first
    assert left_behind(home) == []
    assert pull("ffhq", accept_new=True).fresh
    assert known_hashes().get("ffhq") != first
    pull("ffhq", tmp_path / "new")


def test_accepting_new_bytes_fetches_them_even_if_old_ones_were_kept(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pull("ffhq", keep_download=True)
    offer(server, monkeypatch, "ffhq", Reply(CHECKPOINT + b"!"))
    assert pull("ffhq", accept_new=True).fingerprint != first.fingerprint


def test_what_cannot_be_converted_is_not_trusted(
    home: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, "ffhq", Reply(b"a page of a hotel"), Reply(CHECKPOINT))
    with pytest.raises(InputError, match="damaged"):
        pull("ffhq")
    assert known_hashes().get("ffhq") is None
    assert not find("ffhq").folder.exists()
    assert left_behind(home) == []
    assert pull("ffhq").first


def test_a_new_one_that_cannot_be_converted_leaves_the_old(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull("ffhq")
    before, known = ModelFolder.open("ffhq").hash, known_hashes().get("ffhq")
    offer(server, monkeypatch, "ffhq", Reply(b"other"))
    with pytest.raises(InputError, match="damaged"):
        pull("ffhq", accept_new=True)
    assert ModelFolder.open("ffhq").hash == before
    assert known_hashes().get("ffhq") == known


def test_a_real_checkpoint_is_converted(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = AdmNetwork(base=64, head_channels=64)  # the width that published ones have
    content = io.BytesIO()
    torch.save(network.state, content)
    offer(server, monkeypatch, "lsun-cat", Reply(content.getvalue()))
    monkeypatch.setattr("pixelguide.prior.public.pull._convert_adm", _convert_adm)
    monkeypatch.setitem(REGISTRY, "lsun-cat", replace(find("lsun-cat"), size=16))
    pull("lsun-cat")
    x_t, t = torch.randn(1, 3, 16, 16, generator=seeded(1)), torch.tensor([600])
    output = ModelFolder.open("lsun-cat").unet()(x_t, t).sample
    expected = network(x_t, t)[0]
    assert (output - expected).norm() <= 1e-4 * expected.norm()


def test_a_bad_line_costs_patience_only(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [Reply(CHECKPOINT, cut=100_000), Reply(b"", 503), Reply(CHECKPOINT)]
    offer(server, monkeypatch, "ffhq", *replies)
    told: list[dict[str, Any]] = []
    assert pull("ffhq", on_progress=told.append).first
    assert told[-1]["done"] == told[-1]["total"] == len(CHECKPOINT)


def test_killed_while_converting_the_next_pull_goes_on(
    home: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pixelguide.prior.public.pull._convert_adm", killed)
        with pytest.raises(KeyboardInterrupt):
            pull("ffhq")
    with pytest.raises(InputError, match="not here"):
        bundle.locate("ffhq")
    server.seen.clear()
    (home / "models" / ".ffhq.ffhq.new").mkdir()  # as if there had been no time to clean up
    assert pull("ffhq").first
    assert server.seen == []
    assert left_behind(home) == []


def test_pulls_side_by_side_take_turns(server: FlakyServer) -> None:
    together = threading.Barrier(4)

    def one(_: int) -> bool:
        together.wait()
        return pull("ffhq").fresh

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]
    assert len(server.seen) == 1
    assert ModelFolder.open("ffhq").unet().config.sample_size == 16


def test_waiting_is_told(home: Path) -> None:
    from filelock import FileLock

    told: list[dict[str, Any]] = []
    (home / "downloads").mkdir(parents=True)
    lock = FileLock(home / "downloads" / "ffhq.lock")
    with lock, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pull, "ffhq", on_progress=told.append)
        while not told and not waiting.done():
            time.sleep(0.01)
        lock.release()
        assert waiting.result(10).fresh
    assert told[0]["stage"] == "waiting for another pull"


def test_when_nothing_came_it_is_told_how_to_do_without_a_network(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, "ffhq", *[Reply(b"", status=503)] * 9)
    by_hand = rf"Nothing came.*put it at {find('ffhq').download}, repeat .*ffhq --offline"
    with pytest.raises(ResourceError, match=by_hand):
        pull("ffhq")
    monkeypatch.setattr("pixelguide.prior.public.pull.has_arrived", lambda *_: True)
    with pytest.raises(ResourceError, match="What has arrived is kept"):
        pull("ffhq")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_home_that_cannot_be_written_is_told(home: Path) -> None:
    home.mkdir()
    home.chmod(0o500)
    with pytest.raises(InputError, match="cannot write"):
        pull("ffhq")


def test_a_file_in_the_way_is_told(home: Path) -> None:
    home.write_bytes(b"")
    with pytest.raises(InputError, match="cannot write"):
        pull("ffhq")


# The hub


def test_a_hub_model_is_pinned_to_the_commit_seen_first(model_folder: Path, tmp_path: Path) -> None:
    hub = FolderHub(model_folder)
    pulled = pull(CAT, hub=hub)
    assert pulled.fingerprint is not None
    assert pulled.fingerprint.revision == "a" * 40
    assert set(pulled.fingerprint.sha256) == {
        "unet/config.json", f"unet/{bundle.WEIGHTS}", "scheduler/scheduler_config.json",
        "model_index.json",
    }  # fmt: skip
    assert ModelFolder.open(CAT).unet().config.sample_size == 16
    hub.commit = "b" * 40
    assert not pull(CAT, tmp_path / "again", hub=hub).first
    again = pull(CAT, accept_new=True, hub=hub)
    assert hub.asked == ["", "a" * 40, ""]
    assert again.fingerprint is not None
    assert again.fingerprint.revision == "b" * 40


def test_a_commit_with_other_bytes_is_refused(model_folder: Path, tmp_path: Path) -> None:
    hub = FolderHub(model_folder)
    pull(CAT, hub=hub)
    config = model_folder / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "freq_shift": 1}))
    with pytest.raises(SafetyError, match=r"unet/config\.json has SHA-256"):
        pull(CAT, tmp_path / "again", hub=hub)
    assert not (tmp_path / "again").exists()


def test_a_file_that_did_not_come_is_told(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderHub, "fetch", lambda *_: None)
    with pytest.raises(ResourceError, match="not all of it came"):
        pull(CAT, hub=FolderHub(model_folder))


def test_a_hub_that_is_not_reached_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> NoReturn:
        raise ResourceError("the hub cannot be reached", CAT, KEPT)

    monkeypatch.setattr(FolderHub, "look_up", unreachable)
    with pytest.raises(ResourceError, match=r"Nothing came.*hf download google/ddpm-cat-256"):
        pull(CAT, hub=FolderHub(Path()))
