"""Trips through the tools themselves: pinned packages in an environment of their own."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.datasets import sample, write_sample
from annotations.scene import IDS, IMAGE, NAMES
from pixelguide.annotations import read_annotations
from pixelguide.annotations.renderings import draw_polygon
from pixelguide.images import save_png

pytestmark = pytest.mark.tools

PACKAGES = (
    *("datumaro==1.13.12", "pycocotools==2.0.11", "label-studio-sdk==2.1.2"),
    *("numpy", "pillow"),
)

EXPORT = """
import sys, numpy as np, datumaro as dm
from datumaro.components.annotation import Mask
from datumaro.components.media import Image
folder, *names = sys.argv[1:]
ids = np.load(f"{folder}/ids.npy")
found = [
    Mask((ids == int(own.split("=")[1])).astype(np.uint8), label=k, id=k + 1, group=k + 1)
    for k, own in enumerate(names)
]
image = Image.from_file(path=f"{folder}/x.png")
item = dm.DatasetItem(id="x", subset="train", media=image, annotations=found)
data = dm.Dataset.from_iterable([item], categories=[own.split("=")[0] for own in names])
for kind in ("voc_segmentation cvat coco_instances coco_panoptic coco_stuff cityscapes camvid "
             "kitti_segmentation label_me datumaro").split():
    for meta in (False, True):
        data.export(f"{folder}/{kind}_{meta}", kind, save_media=True, save_dataset_meta=meta)
"""

IMPORT = """
import sys, datumaro as dm
data = dm.Dataset.import_from(sys.argv[1], "coco")
data.export(sys.argv[2], "coco_instances", save_media=True)
"""

LABEL_STUDIO = """
import sys
from label_studio_sdk.converter.imports.coco import convert_coco_to_ls
convert_coco_to_ls(sys.argv[1], sys.argv[2])
"""

DRAW = """
import sys, json, numpy as np
from pycocotools import mask
for line in sys.stdin:
    flat, height, width = json.loads(line)
    drawn = mask.decode(mask.merge(mask.frPyObjects([flat], height, width)))
    print(json.dumps(drawn.tolist()))
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the tools."""
    folder = tmp_path_factory.mktemp("tools")
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    subprocess.run([found, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603
    return found


def run(python: Path, program: str, *arguments: object, text: str = "") -> str:
    done = subprocess.run(  # noqa: S603
        [python, "-W", "ignore", "-c", program, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    "order", [NAMES, NAMES[1:], ("skin", "background", "hair", "mouth")], ids=" ".join
)
def test_exports_of_datumaro(python: Path, tmp_path: Path, order: tuple[str, ...]) -> None:
    save_png(tmp_path / "x.png", IMAGE)
    np.save(tmp_path / "ids.npy", IDS)
    run(python, EXPORT, tmp_path, *(f"{name}={NAMES.index(name)}" for name in order))
    exports = sorted(path for path in tmp_path.iterdir() if path.is_dir())
    assert len(exports) == 20
    for export in exports:
        (found,) = read_annotations(export)
        loaded = found.load()
        assert loaded.image is not None, export.name
        own = (*loaded.label_map.labels.names, *("background",) * 255)
        told = [[own[index] for index in row] for row in loaded.label_map.ids]
        assert told == [[NAMES[index] for index in row] for row in IDS], export.name


def test_our_coco_goes_to_datumaro_and_back(python: Path, tmp_path: Path) -> None:
    folder = write_sample(tmp_path, "coco")
    run(python, IMPORT, folder, tmp_path / "back")
    back = read_annotations(tmp_path / "back")
    for own, other in zip(sample(), back, strict=True):
        assert own.name == other.name
        assert np.array_equal(own.label_map().ids, other.label_map().ids)


def test_our_coco_goes_to_label_studio(python: Path, tmp_path: Path) -> None:
    folder = write_sample(tmp_path, "coco")
    source = folder / "annotations" / "instances_default.json"
    run(python, LABEL_STUDIO, source, tmp_path / "tasks.json")
    assert (tmp_path / "tasks.json").is_file()


def test_polygons_are_those_of_pycocotools(python: Path) -> None:
    polygons: list[list[float]] = []
    half = st.integers(-40, 90).map(lambda value: value / 2)

    @settings(max_examples=300, database=None)
    @given(
        st.lists(st.floats(-9, 40) | half, min_size=6, max_size=16).filter(
            lambda p: len(p) % 2 == 0
        )
    )
    def collect(flat: list[float]) -> None:
        polygons.append(flat)

    collect()
    lines = "\n".join(json.dumps([flat, 20, 30]) for flat in polygons)
    for flat, line in zip(polygons, run(python, DRAW, text=lines).splitlines(), strict=True):
        points = list(zip(flat[::2], flat[1::2], strict=True))
        drawn = draw_polygon(points, 20, 30, "pycocotools")
        assert drawn.astype(int).tolist() == json.loads(line), flat
