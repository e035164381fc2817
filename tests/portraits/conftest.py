"""Renderings shared by the tests of this folder."""

from __future__ import annotations

import pytest

from pixelguide.portraits import Portrait, Rendering, portrait_at, render


@pytest.fixture(scope="session")
def gallery() -> list[tuple[Portrait, Rendering]]:
    """Two hundred random portraits and their renderings."""
    portraits = [portrait_at(1, k) for k in range(200)]
    return [(portrait, render(portrait)) for portrait in portraits]
