"""Pictures that EXIF turns, and maps that were not turned with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelguide.annotations import Interpretation, check_annotations, read_annotations
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.errors import InputError
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelSet

LABELS = LabelSet(("background", "a", "b"), ((0, 0, 0), (200, 0, 0), (0, 200, 0)))
STORED = np.zeros((6, 8), np.uint8)  # a map made of the pixels as they are stored
STORED[0, :3] = 1
STORED[5, 7] = 2


def data_set(folder: Path, orientation: int, shape: tuple[int, int] = (6, 8)) -> Path:
    """As datumaro 1.13.12 leaves it: the picture's file copied, the map made of its stored rows."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    ids = STORED[: shape[0], : shape[1]]
    colours = np.array(LABELS.palette, np.uint8)[ids]
    (folder / "images").mkdir()
    (folder / "masks").mkdir()
    Image.fromarray(colours).save(folder / "images" / "x.png", exif=exif)
    save_png(folder / "masks" / "x.png", ids)
    (folder / "labels.json").write_text(LABELS.to_json())
    return folder


@pytest.mark.parametrize("orientation", range(1, 9))
def test_maps_of_the_stored_frame_are_turned_with_their_pictures(
    tmp_path: Path, orientation: int
) -> None:
    folder = data_set(tmp_path, orientation)
    (found,) = read_annotations(folder, how=Interpretation(stored_frame=True))
    loaded = found.load()
    assert loaded.image is not None
    assert np.array_equal(loaded.label_map.colour(), loaded.image)
    assert found.orientation == orientation


@pytest.mark.parametrize("orientation", range(5, 9))
def test_swapped_sides_are_told_to_be_exifs(tmp_path: Path, orientation: int) -> None:
    data = read_annotations(data_set(tmp_path, orientation))
    with pytest.raises(InputError, match=r"8×6 pixels, the picture 6×8.*EXIF.*--stored-frame"):
        data.pictures[0].load()
    ((_, problem),) = check_annotations(data).errors
    assert "EXIF" in problem
    assert "--stored-frame" in problem


@pytest.mark.parametrize(("orientation", "shape"), [(3, (6, 8)), (6, (6, 6)), (2, (6, 8))])
def test_turns_that_no_size_betrays_are_told(
    tmp_path: Path, orientation: int, shape: tuple[int, int]
) -> None:
    folder = data_set(tmp_path, orientation, shape)
    report = check_annotations(read_annotations(folder))
    assert (report.errors, report.turned_pictures) == ([], ["x"])
    assert any("--stored-frame" in note for note in report.notes)
    report = check_annotations(read_annotations(folder, how=Interpretation(stored_frame=True)))
    assert (report.turned_pictures, report.notes) == ([], [])


def test_pictures_that_cannot_be_read_have_no_header(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("no picture")
    assert PictureFile.at(tmp_path / "x.png").header() == (0, 0, 1)
    for name in ("x.png", "missing.png"):
        with pytest.raises(InputError) as expected:
            load_rgb(tmp_path / name)
        with pytest.raises(InputError) as error:
            PictureFile.at(tmp_path / name)()
        assert str(error.value) == str(expected.value)
