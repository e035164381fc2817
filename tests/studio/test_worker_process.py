"""A worker that is started before the Studio that uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pixelguide.studio.services import open_services
from pixelguide.studio.worker_process import started
from stub_runner import BrokenRunner, stub
from studio.conftest import CATEGORY


def test_office_goes_on_with_a_worker_that_was_started_before(tmp_path: Path) -> None:
    with started(stub(tmp_path), "forkserver") as worker:
        pid = worker.pid
        with open_services(
            CATEGORY, BrokenRunner, tmp_path, None, "forkserver", worker
        ) as services:
            deadline = time.monotonic() + 300
            while services.supervisor.state != "ready":
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert services.supervisor.worker_pid == pid
        assert not _runs(pid)


def test_worker_that_nobody_uses_ends(tmp_path: Path) -> None:
    with started(stub(tmp_path), "forkserver") as worker:
        pid = worker.pid
        assert _runs(pid)
    assert not _runs(pid)


def test_starting_a_worker_imports_no_torch() -> None:
    modules = (
        "cli.studio",
        "studio.worker_process",
        "studio.opening",
        "studio.serve",
        "studio.limits",
    )
    imports = ", ".join(f"pixelguide.{module}" for module in modules)
    code = f"import sys, {imports}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0  # noqa: S603


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
