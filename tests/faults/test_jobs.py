"""No accepted job is lost or doubled: racing clients, killed workers, killed servers."""

from __future__ import annotations

import os
import random
import signal
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from faults.battery import SHARES
from pixelguide.studio.database import Database
from pixelguide.studio.http_errors import HttpError
from pixelguide.studio.jobs import JobStore
from pixelguide.studio.limits import Limits
from studio.conftest import Start
from studio.test_serve import killable

Record = Callable[[str, object], None]


@pytest.mark.parametrize("share", SHARES)
def test_racing_submissions(share: int, tmp_path: Path, record: Record) -> None:
    """32 threads, 10,000 submissions, every key sent twice by whoever comes first."""
    count = 10_000 // share
    keys = [f"key-{number:06}" for number in range(count // 2)] * 2
    random.Random(23).shuffle(keys)  # noqa: S311
    with closing(Database(tmp_path / "a.sqlite")) as database:
        jobs = JobStore(database, Limits(queue=64))
        accepted: list[tuple[str, str, bool]] = []
        refused: Counter[str] = Counter()
        done: list[str] = []

        def submit(key: str) -> None:
            while True:
                try:
                    job, new = jobs.submit(key, "segment", {"picture": key})
                except HttpError as error:
                    assert error.status == 503  # noqa: PT017
                    refused["busy"] += 1
                    time.sleep(0.002)
                    continue
                accepted.append((key, job.id, new))
                return

        def work() -> None:
            while len(done) < count // 2:
                if (job := jobs.take()) is None:
                    time.sleep(0.001)
                    continue
                jobs.finish(job.number, {})
                done.append(job.id)

        with ThreadPoolExecutor(33) as pool:
            worker = pool.submit(work)
            for _ in pool.map(submit, keys):
                pass
            worker.result(300)
        by_key: dict[str, set[str]] = {}
        for key, identity, _ in accepted:
            by_key.setdefault(key, set()).add(identity)
    lost = [key for key in set(keys) if key not in by_key]
    doubled = [key for key, ids in by_key.items() if len(ids) > 1]
    record(
        "racing submissions",
        f"{len(accepted)} by 32 threads, lost {len(lost)}, doubled {len(doubled)}",
    )
    assert lost == []
    assert doubled == []
    assert sum(new for _, _, new in accepted) == count // 2
    assert Counter(done) == Counter(by_key[key].copy().pop() for key in by_key)


@pytest.mark.parametrize("share", SHARES)
def test_killed_workers(share: int, start: Start, record: Record) -> None:
    """With as many attempts as every Studio gives: a job whose worker ends twice under it has
    failed and can be asked for again, all others are done."""
    kills, rng = 50 // share, random.Random(1)  # noqa: S311
    with start(step_seconds=0.01, limits=Limits(queue=200)) as studio:
        request = studio.edit_request(num_inference_steps=8)
        jobs = [studio.submit(request) for _ in range(2 * kills)]
        killed = 0
        while killed < kills:
            time.sleep(rng.uniform(0.02, 0.3))
            pid = studio.services.supervisor.worker_pid
            if pid and studio.services.supervisor.state == "ready":
                os.kill(pid, signal.SIGKILL)
                killed += 1
            if all(studio.job(job)["state"] in ("done", "failed") for job in jobs[-1:]):
                jobs.append(studio.submit(request))
        ended = [studio.wait(job) for job in jobs]
        attempts = [studio.services.job(job).attempts for job in jobs]
        failed = [job["error"] for job in ended if job["state"] == "failed"]
        again = [studio.wait(studio.submit(request)) for _ in failed]
    states = Counter(job["state"] for job in ended)
    record(
        "killed workers",
        f"{killed} kills, {len(jobs)} jobs, {dict(states)} (worker killed twice), "
        f"{len(again)} of them done when asked again",
    )
    assert states["done"] + states["failed"] == len(jobs)
    assert max(attempts) <= Limits().attempts
    assert all(
        count == Limits().attempts
        for job, count in zip(ended, attempts, strict=True)
        if job["state"] == "failed"
    )
    assert all(job["state"] == "done" for job in again)
    for error in failed:
        assert error["code"] == "worker_died"
        assert error["hint"].startswith("Do it again")


@pytest.mark.parametrize("share", SHARES)
def test_killed_servers(share: int, tmp_path: Path, record: Record) -> None:
    """None is lost, none doubled. One that ran at two kills is not begun a third time: it has
    failed, says so, and can be asked for again."""
    kills, rng = 50 if share == 1 else 1, random.Random(2)  # noqa: S311
    accepted: list[str] = []
    for number in range(kills):
        with killable(tmp_path, 0.02) as server:
            while len(accepted) < 2 * number + 2:
                try:
                    accepted.append(server.edit(4))
                except urllib.error.HTTPError as error:  # the queue is full
                    assert error.code == 503  # noqa: PT017
                    time.sleep(0.1)
            time.sleep(rng.uniform(0, 0.5))
            server.process.kill()
            server.process.wait()
    assert len(set(accepted)) == len(accepted) == 2 * kills
    with killable(tmp_path) as server:
        ended = [server.wait(job, ("done", "failed")) for job in accepted]
        broken_off = [job["error"] for job in ended if job["state"] == "failed"]
        again = [server.wait(server.edit(4), ("done", "failed")) for _ in broken_off]
    with closing(Database(next(tmp_path.rglob("studio.sqlite")))) as database:
        attempts = Counter(dict(database.read("SELECT id, attempts FROM jobs")))
    states = Counter(job["state"] for job in ended)
    record(
        "killed servers",
        f"{kills} kills, {len(accepted)} jobs accepted, {dict(states)} (running at two kills), "
        f"{len(again)} of them done when asked again",
    )
    assert sum(states.values()) == len(accepted)
    assert len(attempts) == len(accepted) + len(again)
    assert max(attempts.values()) <= 2
    assert all(job["state"] == "done" for job in again)
    for error in broken_off:
        assert error["code"] == "worker_died"
        assert error["hint"].startswith("Do it again")
