"""A tiny editor with random weights, which has its picture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor


@pytest.fixture
def editor(tiny_editor: Editor, picture: NDArray[np.uint8]) -> Editor:
    tiny_editor.set_image(picture)
    return tiny_editor
