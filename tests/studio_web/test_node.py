"""The page's modules that need no browser, by Node's own test runner, and the types of all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def _output(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)  # noqa: S603
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_modules_without_a_page() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True)  # noqa: S603
    if int(version.stdout.removeprefix("v").split(".")[0]) < 20:
        pytest.skip(f"Node {version.stdout.strip()} is older than 20")
    files = sorted(str(path) for path in HERE.glob("*.test.js"))
    failed = _output([node, "--test", *files])
    assert not failed, failed


def test_types() -> None:
    compiler = ROOT / "node_modules" / ".bin" / "tsc"
    if not compiler.exists() or shutil.which("node") is None:
        pytest.skip("TypeScript is not installed: npm install")
    failed = _output([str(compiler)])
    assert not failed, failed
