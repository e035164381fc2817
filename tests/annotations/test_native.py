"""The native layout: what the trainer reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotations.datasets import IDS, WITH_BACKGROUND, image_for, picture, sample, write_sample
from pixelguide.annotations import Annotations, read_annotations
from pixelguide.errors import InputError
from pixelguide.segment.dataset import LabelledPictures


def test_the_trainer_reads_what_is_written(tmp_path: Path) -> None:
    square = np.pad(IDS, ((0, 1), (0, 0)))
    path = write_sample(tmp_path, "pixelguide", sample(ids=square))
    data = LabelledPictures.load(path, 4)
    assert data.labels == WITH_BACKGROUND
    assert np.array_equal(data.label_ids[0], square)
    assert np.array_equal(data.images[0], image_for(square))


def test_odd_ones_out_are_named(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pixelguide")
    (path / "one.png").unlink()
    Image.new("RGB", (4, 3)).save(path / "three.jpg")
    found = read_annotations(path)
    assert [(p.name, p.image is None) for p in found] == [("one", True), ("two", False)]
    assert found.without_map == ("three",)


def test_other_kinds_of_pictures(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pixelguide")
    (path / "one.png").rename(path / "one.bin")
    Image.new("RGB", (4, 3), (9, 9, 9)).save(path / "one.bmp")
    image = read_annotations(path).pictures[0].image
    assert image is not None
    assert (image() == 9).all()


def test_names_that_look_like_maps(tmp_path: Path) -> None:
    odd = picture("a_label", IDS, WITH_BACKGROUND, image_for(IDS))
    with pytest.raises(InputError, match="ends in _label"):
        write_sample(tmp_path, "pixelguide", Annotations(WITH_BACKGROUND, (odd,)))


def test_without_labels(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pixelguide")
    (path / "labels.json").unlink()
    with pytest.raises(InputError, match=r"labels\.json is missing"):
        read_annotations(path, "pixelguide")
    # a plain pair of files then, for which the classes can be named
    assert len(read_annotations(path, labels=WITH_BACKGROUND)) == 2
