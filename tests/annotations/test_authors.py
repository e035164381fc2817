"""The authors' files: swapped colours, and edits named in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotations.datasets import IDS, WITH_BACKGROUND, image_for
from pixelguide.annotations import read_annotations, read_edit_jobs
from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import LabelMap

EDITED = np.where(IDS == 1, 2, IDS).astype(np.uint8)


def write(folder: Path, **changes: Any) -> Path:
    save_png(folder / "img7_img.png", image_for(IDS))
    for name, ids in (("img7_raw", IDS), ("img7_roof_top_edited", EDITED)):
        swapped = LabelMap(ids, WITH_BACKGROUND).colour()[..., ::-1].copy()
        image = Image.fromarray(swapped)
        (image.convert("RGBA") if ids is EDITED else image).save(folder / f"{name}.png")
    content = {"img7_roof_top_edited": [1, 2]} | changes
    (folder / "label_edit.json").write_text(json.dumps(content))
    return folder


def test_edit_jobs(tmp_path: Path) -> None:
    (job,) = read_edit_jobs(write(tmp_path), WITH_BACKGROUND)
    assert (job.name, job.image) == ("img7_roof_top_edited", tmp_path / "img7_img.png")
    assert np.array_equal(job.source.ids, IDS)
    assert np.array_equal(job.target.ids, EDITED)
    assert job.edit_classes == ("sky", "house")


def test_their_maps_before_the_edits_are_annotations(tmp_path: Path) -> None:
    (found,) = read_annotations(write(tmp_path), labels=WITH_BACKGROUND)
    assert (found.name, found.label_map().ids.tolist()) == ("img7", IDS.tolist())
    assert found.image is not None
    assert np.array_equal(found.image(), image_for(IDS))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"img7_gone_edited": [1]}, "no file 'img7_gone_edited.png'"),
        ({"img8_x_edited": [1]}, "no file 'img8_img.png'"),
        ({"../img7": [1]}, r"no file '\.\./img7_img\.png'"),
        ({"img7_roof_top_edited": [3]}, "unknown class id 3"),
        ({"img7_roof_top_edited": [-1]}, "unknown class id -1"),
        ({"img7_roof_top_edited": ["sky"]}, r"edited\.0"),
        ({"img7_roof_top_edited": [True]}, r"edited\.0"),
        ({"img7_roof_top_edited": 1}, "edited"),
    ],
)
def test_edits_that_cannot_be(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_edit_jobs(write(tmp_path, **changes), WITH_BACKGROUND)


def test_maps_of_different_size(tmp_path: Path) -> None:
    folder = write(tmp_path)
    LabelMap(EDITED.T.copy(), WITH_BACKGROUND).save(folder / "img7_roof_top_edited.png")
    with pytest.raises(InputError, match=r"differ in size, img7_roof_top_edited\.png"):
        read_edit_jobs(folder, WITH_BACKGROUND)


def test_not_one_json_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 JSON files"):
        read_edit_jobs(tmp_path, WITH_BACKGROUND)
    (write(tmp_path) / "more.json").write_text("{}")
    with pytest.raises(InputError, match="2 JSON files"):
        read_edit_jobs(tmp_path, WITH_BACKGROUND)
