from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pixelguide.errors import InputError, ResourceError
from pixelguide.workers.result_store import ResultStore, check_run, read_object


def test_a_result_is_there_wholly_and_once(tmp_path: Path) -> None:
    with ResultStore(tmp_path / "out") as store:
        assert "k" not in store
        assert store.keep("k", {"a": b"1", "b": b"2"}, {"name": "x"})
        assert "k" in store
        assert not store.keep("k", {"a": b"3"}, {"name": "x"})
        assert list(store.keys()) == ["k"]
    place = tmp_path / "out/edits/k"
    assert {p.name: p.read_bytes() for p in place.iterdir()} == {"a": b"1", "b": b"2"}
    log = (tmp_path / "out/log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in log] == [{"key": "k", "name": "x"}]
    assert place.stat().st_mode & 0o777 == 0o755


def test_what_a_kill_left_goes(tmp_path: Path) -> None:
    (tmp_path / "edits/.k.abc").mkdir(parents=True)
    (tmp_path / "edits/.k.abc/a").write_bytes(b"half")
    (tmp_path / "log.jsonl").write_text('{"key": "j"}\n{"key": "to')
    with ResultStore(tmp_path) as store:
        assert list(store.keys()) == []
        assert os.listdir(tmp_path / "edits") == []
        assert (tmp_path / "log.jsonl").read_text() == '{"key": "j"}\n'


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with ResultStore(tmp_path), pytest.raises(InputError, match="another run works here"):
        ResultStore(tmp_path).__enter__()
    with ResultStore(tmp_path):
        pass


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with ResultStore(tmp_path) as store:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ResourceError, match="no space left"):
            store.keep("k", {"a": b"1"}, {})
        assert os.listdir(tmp_path / "edits") == []
        assert "k" not in store


def test_runs_of_other_settings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    check_run(path, {"model": "a", "seeds": (1, 2)})
    check_run(path, {"model": "a", "seeds": (1, 2)})
    with pytest.raises(InputError, match="model a, not b"):
        check_run(path, {"model": "b", "seeds": (1, 2)})
    path.write_text("[]")
    with pytest.raises(InputError, match="not readable"):
        read_object(path)
