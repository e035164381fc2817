#!/usr/bin/env bash
# datumaro 1.13.12: in its Cityscapes export the ids of the masks are not the places in the
# `dataset_meta.json` that is saved beside them.
#
# Where the set's classes are skin, background, the meta file says "labels": ["skin", "background"],
# and the masks hold 0 for background and 1 for skin: the exporter puts background first, and black,
# whatever its place. Where no class is called background, the masks hold 1 for the first class.
# Its own importer reorders likewise, so that a trip through datumaro alone shows nothing.
#
# Guess before running: its own importer goes by the meta file too, and swaps the two classes.
#
# For users: do not read these masks by the meta file's order, nor by label_colors.txt where it names
# no background: put background first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datumaro==1.13.12 2>/dev/null
venv/bin/python -W ignore - <<'PYTHON'
import json
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
found = []
for names in (["skin", "background"], ["skin"]):
    masks = {"skin": skin, "background": 1 - skin}
    item = dm.DatasetItem(
        id="x",
        subset="train",
        media=Image.from_numpy(data=np.zeros((8, 10, 3), np.uint8)),
        annotations=[Mask(masks[n], label=k, id=k + 1, group=k + 1) for k, n in enumerate(names)],
    )
    out = "_".join(names)
    data = dm.Dataset.from_iterable([item], categories=names)
    data.export(out, "cityscapes", save_media=True, save_dataset_meta=True)
    listed = json.load(open(f"{out}/dataset_meta.json"))["labels"]
    ids = np.asarray(Pillow.open(f"{out}/gtFine/train/x_gtFine_labelIds.png"))
    held = np.unique(ids[skin > 0]).tolist()
    print(f"listed {listed}: skin is number {listed.index('skin')} there, and {held} in the mask")
    found.append((listed, held))
if found != [(["skin", "background"], [1]), (["skin"], [1])]:
    sys.exit("no longer as found")
PYTHON
