"""The package's own names: there when they are used, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pixelguide


@pytest.mark.parametrize("name", pixelguide.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(pixelguide, name) is not None
    assert name in dir(pixelguide)


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="Painter"):
        pixelguide.Painter  # noqa: B018


def _heavy_imports(program: str) -> list[str]:
    """What of torch and diffusers a process has imported that ran `program`."""
    program += "; print(*(m for m in ('torch', 'diffusers') if m in sys.modules), file=sys.stderr)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stderr.split()


@pytest.mark.parametrize(
    "program",
    [
        "import sys, contextlib; from pixelguide.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "pass",
        "import sys; from pixelguide import LabelMap, LabelSet",  # maps alone
    ],
)
def test_help_and_maps_do_not_wait_for_the_heavy_packages(program: str) -> None:
    assert _heavy_imports(program) == []
