#!/usr/bin/env bash
# libvips 8.18.7 (pyvips-binary) and 8.14.1 (Debian 12): pngsave of a grey picture with bitdepth=2
# keeps the lowest two bits of every value instead of the highest.
#
# A grey value of b bits in a PNG stands for value / (2^b - 1) of full brightness; bitdepth is to
# "write as a 1, 2, 4, 8 or 16 bit image". What is written is value modulo 4: 0, 1, 2, 3 stay 0 ... 3
# and are then shown over the full range; 64 becomes black, 255 and 3 the same white.
#
# Guess before running: values are scaled, so that 0 ... 3 become black and 255 stays white.
#
# For users: ids up to 3 survive as raw samples, but only for a reader that undoes the scaling every
# decoder applies; higher ids, and 255 for "no label", turn into other ids without a warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pyvips==3.0.0 pyvips-binary==8.18.7 pypng==0.20220715.0 2>/dev/null
venv/bin/python - <<'PYTHON'
import sys

import png
import pyvips

values = [0, 1, 2, 3, 4, 5, 64, 127, 128, 200, 254, 255]
image = pyvips.Image.new_from_memory(bytes(values), len(values), 1, 1, "uchar")
image.pngsave("out.png", bitdepth=2)
width, height, rows, info = png.Reader("out.png").read()
found = list(next(iter(rows)))
print("libvips", ".".join(str(pyvips.version(k)) for k in range(3)), info["bitdepth"], "bits")
print("given  ", values)
print("written", found)
print("scaled ", [round(3 * value / 255) for value in values])
if info["bitdepth"] != 2 or found != [value % 4 for value in values]:
    sys.exit("no longer as found")
PYTHON
