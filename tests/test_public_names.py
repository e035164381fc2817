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


def test_the_command_line_starts_without_the_heavy_packages() -> None:
    program = (
        "import sys, pixelguide.cli; print([m for m in ('torch', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
