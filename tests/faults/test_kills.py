"""kill -9 at any moment of long work: repeated, it ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.battery import SHARES
from faults.killed_work import WORK, outcome
from flaky_server import Reply, flaky_server
from model_folders import write_portrait_category
from pixelguide.leftovers import SUFFIX, remove_leftovers

BODY = bytes(range(256)) * 40_000


class Worker:
    """The program that forks, does and kills."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1",
            "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faults.killed_work"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"  # what is imported is none of the work

    def do(self, name: str, folder: Path, seconds: float | None = None) -> int:
        """Its exit code: 0 for done, negative for killed."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([name, str(folder), seconds]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.process.communicate()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with flaky_server() as server:
        server.replies["/file"] = [Reply(BODY)]
        yield server.url()


def fresh(root: Path, name: str, address: str) -> Path:
    """A folder to work in."""
    folder = root / f"{len(list(root.iterdir()))}"
    folder.mkdir()
    if name == "pull":
        (folder / "url").write_text(address)
    if name == "batch":
        write_portrait_category(folder / "model")
    if name in ("tune", "train detail"):
        write_portrait_category(folder / "out")
    return folder


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", WORK)
def test_killed_work_ends_as_if_nothing_had_happened(
    share: int, name: str, worker: Worker, address: str, tmp_path: Path,
    record: Callable[[str, object], None],
) -> None:  # fmt: skip
    rng = random.Random(23)  # noqa: S311
    whole = fresh(tmp_path, name, address)
    began = time.monotonic()
    assert worker.do(name, whole) == 0
    took = time.monotonic() - began
    wanted, kills, rounds, differing = outcome(whole), 50 // share, 0, 0
    killed = 0
    while killed < kills:
        folder, rounds = fresh(tmp_path, name, address), rounds + 1
        for attempt in range(8):
            began = time.monotonic()
            code = worker.do(name, folder, rng.uniform(0.02, 0.8) * took)
            killed += code < 0
            if code >= 0 or killed >= kills:
                assert code <= 0
                if code == 0 and attempt == 0:  # whole; the first may have run on busier cores
                    took = min(took, time.monotonic() - began)
                break
        assert worker.do(name, folder) == 0
        differing += outcome(folder) != wanted
        for path in folder.rglob(f".*{SUFFIX}"):
            os.utime(path, (0, 0))
        for path in {p.parent for p in folder.rglob(f".*{SUFFIX}")}:
            remove_leftovers(path)
        assert list(folder.rglob(f".*{SUFFIX}")) == []
    record(f"kill -9 of {name}", f"{killed} in {rounds} runs, differing {differing}")
    assert differing == 0
