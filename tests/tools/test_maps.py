"""Label maps on a trip through real programs and back: right, or refused, never silently wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits.palette import LABELS
from tools.conftest import Run

pytestmark = pytest.mark.tools

RIGHT, REFUSED = "right", "refused"

SHELL = {
    "OptiPNG": ("optipng", "-quiet", "-o2", "-out", "OUT", "IN"),
    "OptiPNG -o7": ("optipng", "-quiet", "-o7", "-out", "OUT", "IN"),
    "zopflipng": ("zopflipng", "-y", "IN", "OUT"),
    "pngquant": ("pngquant", "--output", "OUT", "IN"),
    "ImageMagick": ("convert-im6.q16", "IN", "OUT"),
    "ImageMagick -colors 64": ("convert-im6.q16", "IN", "+dither", "-colors", "64", "OUT"),
    "ImageMagick -type Palette": ("convert-im6.q16", "IN", "-type", "Palette", "OUT"),
    "GraphicsMagick": ("gm", "convert", "IN", "OUT"),
    "vips copy": ("vips", "copy", "IN", "OUT"),
    "vips palette": ("vips", "copy", "IN", "OUT[palette]"),
    "FFmpeg": ("ffmpeg", "-loglevel", "error", "-i", "IN", "OUT"),
    "FFmpeg palettegen": (
        *("ffmpeg", "-loglevel", "error", "-i", "IN", "-filter_complex"),
        *("split[a][b];[a]palettegen=reserve_transparent=0[p];[b][p]paletteuse=dither=none", "OUT"),
    ),
}
PYTHON = {
    "pyoxipng": "import oxipng; oxipng.optimize('IN', 'OUT')",
    "pyoxipng -o6": "import oxipng; oxipng.optimize('IN', 'OUT', level=6)",
    "Pillow": "from PIL import Image; Image.open('IN').save('OUT')",
    "Pillow optimize": "from PIL import Image; Image.open('IN').save('OUT', optimize=True)",
    "Pillow RGB": "from PIL import Image; Image.open('IN').convert('RGB').save('OUT')",
    "Pillow quantize": (
        "from PIL import Image; Image.open('IN').convert('RGB').quantize(64).save('OUT')"
    ),
    "Pillow ADAPTIVE": (
        "from PIL import Image; Image.open('IN').convert('RGB').convert('P', "
        "palette=Image.Palette.ADAPTIVE).save('OUT')"
    ),
    "Pillow WEB": (
        "from PIL import Image; Image.open('IN').convert('RGB').convert('P', dither=0).save('OUT')"
    ),
    "Pillow remap": (
        "from PIL import Image; i = Image.open('IN'); "
        "i.remap_palette(sorted({v for _, v in i.getcolors()})).save('OUT')"
    ),
    "OpenCV": "import cv2; cv2.imwrite('OUT', cv2.imread('IN'))",
    "imageio": "import imageio.v3 as i; i.imwrite('OUT', i.imread('IN'))",
    "scikit-image": "from skimage import io; io.imsave('OUT', io.imread('IN'), check_contrast=0)",
}
NODE = {
    "UPNG.js": (
        "const U = require('upng-js'), f = require('fs'); const i = U.decode(f.readFileSync('IN'));"
        "f.writeFileSync('OUT', Buffer.from(U.encode(U.toRGBA8(i), i.width, i.height, 0)))"
    ),
    "sharp": "require('sharp')('IN').toFile('OUT')",
    "sharp palette": "require('sharp')('IN').png({palette: true}).toFile('OUT')",
    "pngjs": (
        "const {PNG} = require('pngjs'), f = require('fs');"
        "f.writeFileSync('OUT', PNG.sync.write(PNG.sync.read(f.readFileSync('IN'))))"
    ),
    "Jimp": "require('jimp').Jimp.read('IN').then(i => i.write('OUT'))",
}
CHANGED = {"Pillow WEB"}  # programs that change colours
CHANGED_GREY = {"Pillow WEB", "ImageMagick -type Palette"}  # and grey values, which nothing tells
TOOLS = [*SHELL, *PYTHON, *NODE]


def painted(unlabelled: bool, classes: int = len(LABELS)) -> NDArray[np.uint8]:
    """Regions of some classes, some of them large; uint8 48×64."""
    random = np.random.default_rng(classes)
    ids = np.kron(random.permutation(np.arange(48) % classes).reshape(6, 8), np.ones((8, 8)))
    ids = ids.astype(np.uint8)
    ids[ids == 9] = 0  # a gap among the ids
    if unlabelled:
        ids[5:11, 20:40] = IGNORE
    return ids


def taken(tool: str, run: Run) -> None:
    """Take in.png through a tool to out.png."""
    if tool in SHELL:
        run(*(word.replace("OUT", "out.png").replace("IN", "in.png") for word in SHELL[tool]))
    elif tool in PYTHON:
        run("python", "-c", PYTHON[tool].replace("OUT", "out.png").replace("IN", "in.png"))
    else:
        run("node", "-e", NODE[tool].replace("OUT", "out.png").replace("IN", "in.png"))


def outcome(path: Path, ids: NDArray[np.uint8]) -> str:
    """RIGHT or REFUSED; fails for a map that is silently another."""
    try:
        found = LabelMap.load(path, LABELS).ids
    except InputError:
        return REFUSED
    assert np.array_equal(found, ids), (np.unique(found), np.unique(ids))
    return RIGHT


@pytest.mark.parametrize("unlabelled", [False, True])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_palette_map_of_ours(tmp_path: Path, run: Run, tool: str, unlabelled: bool) -> None:
    ids = painted(unlabelled)
    LabelMap(ids, LABELS).save(tmp_path / "in.png")
    taken(tool, run)
    assert outcome(tmp_path / "out.png", ids) == (REFUSED if tool in CHANGED else RIGHT)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_map_in_colours(tmp_path: Path, run: Run, tool: str) -> None:
    ids = painted(unlabelled=True)
    Image.fromarray(LabelMap(ids, LABELS).colour()).save(tmp_path / "in.png")
    if tool == "Pillow remap":
        pytest.skip("works on palettes")
    taken(tool, run)
    assert outcome(tmp_path / "out.png", ids) == (REFUSED if tool in CHANGED else RIGHT)


@pytest.mark.parametrize("kind", ["all", "few", "unlabelled", "two"])
@pytest.mark.parametrize("tool", TOOLS)
def test_grey_ids(tmp_path: Path, run: Run, tool: str, kind: str) -> None:
    ids = painted(kind == "unlabelled", 4 if kind == "few" else len(LABELS))
    if kind == "two":
        ids = np.where(ids > 5, IGNORE, 0).astype(np.uint8)
    Image.fromarray(ids).save(tmp_path / "in.png")
    if tool == "Pillow remap":
        pytest.skip("works on palettes")
    if tool in CHANGED_GREY:
        pytest.skip("changes the ids")
    taken(tool, run)
    expected = {RIGHT, REFUSED} if kind == "two" else {RIGHT}  # 0 and 255 may come back as 1 bit
    assert outcome(tmp_path / "out.png", ids) in expected
