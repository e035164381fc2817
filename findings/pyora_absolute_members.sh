#!/usr/bin/env bash
# pyora 0.3.11: the OpenRaster files that it saves hold members called "/data/layer0.png".
#
# The specification's layout has data/, Thumbnails/ and so on as relative names inside the zip. pyora
# gives layers absolute ones, in stack.xml and in the zip alike, and does so too to files that had
# relative ones when it read them. unzip warns and strips the slash, after which src no longer names
# the file; readers that look members up by the documented data/... find none.
#
# Guess before running: a file read and saved again keeps the names of its members, or gets new
# relative ones.
#
# For users: who looks into .ora files of scripts must compare names without their first slash.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pyora==0.3.11 pillow==13.0.0 defusedxml==0.7.1 2>/dev/null
venv/bin/python - <<'PYTHON'
import io
import sys
import zipfile
from importlib.metadata import version

from PIL import Image
from pyora import Project

buffer = io.BytesIO()
Image.new("RGBA", (9, 7), (200, 30, 30, 255)).save(buffer, "PNG")
with zipfile.ZipFile("in.ora", "w") as archive:  # the layout that the specification shows
    archive.writestr("mimetype", "image/openraster")
    layer = '<layer name="map" src="data/layer0.png" x="2" y="1"/>'
    archive.writestr("stack.xml", f'<image w="20" h="10" version="0.0.3"><stack>{layer}</stack></image>')
    for name in ("data/layer0.png", "mergedimage.png", "Thumbnails/thumbnail.png"):
        archive.writestr(name, buffer.getvalue())
Project.load("in.ora").save("out.ora")
with zipfile.ZipFile("out.ora") as archive:
    names = archive.namelist()
    stack = archive.read("stack.xml").decode()
print("pyora", version("pyora"))
print("members before ['data/layer0.png']; after", [n for n in names if "layer" in n])
print("src in stack.xml:", stack[stack.index("src=") :].split()[0])
if "/data/layer0.png" not in names or 'src="/data/layer0.png"' not in stack:
    sys.exit("no longer as found")
PYTHON
