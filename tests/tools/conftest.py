"""Where the programs are that `make test-tools` installs; what is missing is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(os.environ.get("PIXELGUIDE_TOOLS", ".tools"))
"""Holds `venv`, with pinned packages of PyPI, and `node_modules`."""

Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a program in `tmp_path`: one of Debian's by its name, `python` of `TOOLS`, or node."""

    def run(program: str, *arguments: str, text: str | None = None) -> None:
        path = shutil.which(program)
        if program == "debian-python":  # which knows Debian's programs as modules
            path = "/usr/bin/python3"
        if program == "python":
            path = str((TOOLS / "venv/bin/python").absolute())
        if path is None or not Path(path).exists():
            pytest.skip(f"no {program}: make test-tools installs it")
        environment = {
            **os.environ,
            "NODE_PATH": str((TOOLS / "node_modules").absolute()),
            "HOME": str(tmp_path),  # GIMP writes its settings there
        }
        subprocess.run(  # noqa: S603  (of this file's own making)
            [path, *arguments],
            cwd=tmp_path,
            env=environment,
            input=text,
            text=True,
            check=True,
            capture_output=True,
            timeout=100,
        )

    return run
