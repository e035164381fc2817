"""Pictures of 16 bits are taken as those of 8 are, whatever their size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter
from pixelguide.photo.picture import deep_photograph, read_picture


def deep_file(path: Path, picture: NDArray[np.uint8]) -> Path:
    """The same picture with 16 bits."""
    photograph = Photograph(picture.astype(np.uint16) * 257)
    path.write_bytes(b"".join(PhotographWriter(photograph, "png").encode()))
    return path


def test_16_bits_of_the_models_own_size_are_taken(
    tiny_editor: Editor, picture: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Other sizes were, as parts of photographs."""
    path = deep_file(tmp_path / "deep.png", picture)
    for image in (path, str(path), picture.astype(np.uint16) * 257):
        tiny_editor.set_image(image)
        assert np.array_equal(tiny_editor.image, picture)
        assert tiny_editor.placement is not None
        assert tiny_editor.placement.photograph.pixels.dtype == np.uint16
        assert np.array_equal(read_picture(image, 16), picture)


def test_16_bits_of_another_size_need_a_crop(
    tiny_editor: Editor, picture: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = deep_file(tmp_path / "deep.png", np.tile(picture, (2, 2, 1)))
    with pytest.raises(InputError, match="32×32 pixels, but the model works at 16×16"):
        tiny_editor.set_image(path)


def test_8_bits_are_no_deep_photograph(picture: NDArray[np.uint8], tmp_path: Path) -> None:
    Image.fromarray(picture).save(tmp_path / "a.png")
    for image in (picture, Image.fromarray(picture), tmp_path / "a.png", tmp_path / "none.png"):
        assert deep_photograph(image) is None
