"""`python -m pixelguide` is the command line."""

from __future__ import annotations

import subprocess
import sys


def test_the_module_runs_the_command_line() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pixelguide", "models", "show", "nowhere"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("error: no model 'nowhere'")
    assert run.stderr.count("\n") == 1
