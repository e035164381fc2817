"""Whatever is killed, the same command again ends with the files of an undisturbed run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ctrl_c import heed_ctrl_c
from stub_batch import stub_run

TESTS = Path(__file__).parents[1]


def begin(*arguments: object) -> subprocess.Popen[bytes]:
    """A batch of the stub in a process of its own."""
    paths = (str(TESTS), str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", ""))
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", "import stub_batch; stub_batch.main()", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c,
    )  # fmt: skip


def keys(out: Path) -> list[str]:
    """Of the log's whole lines."""
    with contextlib.suppress(FileNotFoundError):
        lines = (out / "log.jsonl").read_text("utf-8").split("\n")
        return [json.loads(line)["key"] for line in lines[:-1]]
    return []


def wait_for(out: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many edits are made."""
    until = time.monotonic() + 300
    while len(keys(out)) < count:
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < until
        time.sleep(0.005)


def files(out: Path) -> dict[str, bytes]:
    """All files that two runs share."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in ("log.jsonl", ".lock")
    }


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_was_ended_three_times(
    tmp_path: Path, strip: Path, marks: Path, ended_by: signal.Signals
) -> None:
    count = 120
    stub_run(tmp_path / "whole", strip, marks, count)
    for share in (0.1, 0.4, 0.8):
        process = begin(tmp_path / "out", strip, marks, count)
        wait_for(tmp_path / "out", int(share * count), process)
        process.send_signal(ended_by)
        process.communicate(timeout=60)
        assert process.returncode != 0
        assert len(keys(tmp_path / "out")) < count
    process = begin(tmp_path / "out", strip, marks, count)
    assert process.wait(timeout=120) == 0
    process.communicate()
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    assert max(Counter(keys(tmp_path / "out")).values()) == 1


@pytest.mark.parametrize(
    ("count", "worker_kills"),
    [(400, 2), pytest.param(10_000, 5, marks=pytest.mark.slow)],
)
def test_workers_and_driver_are_killed(
    tmp_path: Path, strip: Path, marks: Path, count: int, worker_kills: int
) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "out"
    process = begin(out, strip, marks, count, 2)
    for kill in range(worker_kills):
        wait_for(out, (kill + 1) * count // (2 * worker_kills), process)
        alive = [pid for pid in map(int, os.listdir(marks)) if _is_alive(pid)]
        os.kill(alive[kill % len(alive)], signal.SIGKILL)
    wait_for(out, 3 * count // 4, process)
    workers = [pid for pid in map(int, os.listdir(marks)) if _is_alive(pid)]
    assert workers
    process.kill()
    process.communicate(timeout=60)
    assert len(keys(out)) < count
    process = begin(out, strip, marks, count, 2)
    _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told
    done = Counter(keys(out))
    assert max(done.values()) == 1
    # between the rename and the log's line a kill can leave a result that no line tells of
    assert count - 1 <= len(done) <= count
    assert len(os.listdir(out / "edits")) == count
    assert not (out / "failures.jsonl").exists()
    # the killed ones, one that the driver left behind, and one of the second run at least
    assert len(os.listdir(marks)) >= worker_kills + 2
    stub_run(tmp_path / "whole", strip, marks, count)
    assert files(out) == files(tmp_path / "whole")
    until = time.monotonic() + 60
    while any(map(_is_alive, workers)):  # a killed driver leaves none behind
        assert time.monotonic() < until
        time.sleep(0.1)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    return False
