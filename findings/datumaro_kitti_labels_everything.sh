#!/usr/bin/env bash
# datumaro 1.13.12: a KITTI export, read back, gives the first class to every pixel that had none.
#
# In `semantic` 0 stands for the first class and for "no label" alike; in `instance` 0 stands for
# "no label", and for a mask of the first class whose id is 0, which is what a mask has if nobody set
# one. The importer takes every value of `instance`, 0 too, for an instance: of 80 pixels, 24 of them
# skin, 80 come back as skin, in one mask or in two. No warning.
#
# Guess before running: pixels without a label stay without one, and a mask of id 0 may be lost.
#
# For users: give the set a first class "background" that covers the rest before exporting to KITTI,
# or export to another format.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datumaro==1.13.12 2>/dev/null
venv/bin/python -W ignore - <<'PYTHON'
import logging
import sys
from importlib.metadata import version

import datumaro as dm
import numpy as np
from datumaro.components.annotation import Mask
from datumaro.components.media import Image
from PIL import Image as Pillow

logging.disable(logging.CRITICAL)
skin = np.zeros((8, 10), np.uint8)
skin[2:6, 2:8] = 1
print("datumaro", version("datumaro"))
found = {}
for number in (0, 1):
    item = dm.DatasetItem(
        id="x",
        subset="train",
        media=Image.from_numpy(data=np.zeros((8, 10, 3), np.uint8)),
        annotations=[Mask(skin, label=0, id=number)],
    )
    data = dm.Dataset.from_iterable([item], categories=["skin", "hair"])
    data.export(f"out{number}", "kitti_segmentation", save_media=True)
    for kind in ("semantic", "instance"):
        values = np.unique(np.asarray(Pillow.open(f"out{number}/train/{kind}/x.png"))).tolist()
        print(f"mask of id {number}: values in {kind}: {values}")
    (back,) = dm.Dataset.import_from(f"out{number}", "kitti_segmentation")
    found[number] = sum(int(own.image.sum()) for own in back.annotations if own.label == 0)
    print(f"mask of id {number}: {int(skin.sum())} pixels of skin went out, {found[number]} came back")
if found != {0: 80, 1: 80}:
    sys.exit("no longer as found")
PYTHON
