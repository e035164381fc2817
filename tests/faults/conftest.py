"""Figures of the battery, told at the end of a run and kept in out/faults.txt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.conftest import start, studio

__all__ = ["start", "studio"]
_FIGURES = pytest.StashKey[dict[str, str]]()
_FILE = Path(__file__).parents[2] / "out" / "faults.txt"


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Writes a figure down under a name."""

    def write(name: str, figure: object) -> None:
        request.config.stash.setdefault(_FIGURES, {})[name] = str(figure)

    return write


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell the figures of a run of the whole battery."""
    figures = config.stash.get(_FIGURES, {})
    if not figures or "faults" not in str(config.getoption("-m")).replace("not faults", ""):
        return
    lines = [f"{name}: {figure}" for name, figure in figures.items()]
    terminalreporter.section("figures")
    terminalreporter.write_line("\n".join(lines))
    _FILE.parent.mkdir(exist_ok=True)
    with _FILE.open("a") as file:
        file.write("\n".join(lines) + "\n")
