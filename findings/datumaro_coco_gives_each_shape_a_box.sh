#!/usr/bin/env bash
# datumaro 1.13.12: a COCO annotation with a polygon and its `bbox` is read as two annotations, and
# written to CVAT as two shapes.
#
# COCO asks for a `bbox` beside each `segmentation`; it is the box of that outline and no annotation
# of its own. datumaro imports both, of one group, and its "CVAT for images" export has a <polygon>
# and a <box> for each: objects count double, and who fills boxes paints over what lies beside.
#
# Expected before it was seen: one annotation comes in, one shape goes out.
#
# For users: drop the boxes of a group that has an outline before going on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datumaro==1.13.12 2>/dev/null
venv/bin/python -W ignore - <<'PYTHON'
import json
import logging
import os
import re
import sys
from importlib.metadata import version

import datumaro as dm
import numpy as np
from PIL import Image

logging.disable(logging.CRITICAL)
os.makedirs("coco/annotations")
os.makedirs("coco/images/train")
Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save("coco/images/train/x.png")
annotation = {
    **{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 32, "bbox": [2, 2, 8, 8]},
    "segmentation": [[2, 2, 10, 2, 6, 10]],
}
content = {
    "images": [{"id": 1, "file_name": "x.png", "width": 20, "height": 20}],
    "categories": [{"id": 1, "name": "a"}],
    "annotations": [annotation],
}
json.dump(content, open("coco/annotations/instances_train.json", "w"))
data = dm.Dataset.import_from("coco", "coco")
kinds = [type(own).__name__ for item in data for own in item.annotations]
data.export("cvat", "cvat")
shapes = re.findall(r"<(polygon|box) ", open("cvat/train.xml").read())
print("datumaro", version("datumaro"))
print("annotations in the COCO file: 1; after import:", kinds)
print("shapes in CVAT's XML:", shapes)
if kinds != ["Polygon", "Bbox"] or shapes != ["polygon", "box"]:
    sys.exit("no longer as found")
PYTHON
