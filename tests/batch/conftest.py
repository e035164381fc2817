"""Pictures and folders for batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelguide.images import save_png


@pytest.fixture
def strip(tmp_path: Path) -> Path:
    """A picture of 4×16 pixels, which serves as a strip too."""
    path = tmp_path / "strip.png"
    save_png(path, np.arange(192, dtype=np.uint8).reshape(4, 16, 3))
    return path


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Where stub workers leave the numbers of their processes."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder
