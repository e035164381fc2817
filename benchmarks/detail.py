"""What finer detail is worth: parts of pictures at the model's size, and brought back.

    python -m benchmarks.detail PICTURES [--model faces-128] [--pictures 40]

PICTURES are of twice the model's size and more; those are taken that `train prior` holds out, and
`train detail` must not have seen. In each, what f_multi reads as mouth, eyes, brows and hair, with
a rim, is replaced by itself at the model's size, enlarged: as it is (bicubic), sharpened by an
unsharp mask (0.8 of what a 3×3 mean takes away), and with the category's detail. Means over the
parts of SSIM to the original, of the gradient magnitude similarity deviation (Xue et al. 2014, IEEE
TIP 23(2): what eyes see of lost and false edges, less is better), and of the mean absolute error
(of 255), with 95 % intervals; and the same of what the detail gains, part by part.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.hidden_parts import PARTS, SMALLEST, held_out, interval
from benchmarks.setup import add_model, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.similarity import ssim
from pixelguide.guidance.region import dilate
from pixelguide.photo.detail import FILE, ZOOM, DetailStep, finer_detail
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.pictures import PictureFolder

RIM = 2
Colours = NDArray[np.uint8]


def main() -> None:
    """Replace, bring back, measure."""
    parser = option_parser(__doc__)
    parser.add_argument("pictures_folder", type=Path)
    add_model(parser)
    parser.set_defaults(model="faces-128")
    parser.add_argument("--pictures", type=int, default=40)
    arguments = parser.parse_args()
    folder = ModelFolder.open(arguments.model)
    if not folder.has(FILE):
        raise InputError("a model without detail", arguments.model, "Train it: train detail.")
    step = DetailStep.read(folder.path / FILE)
    editor = Editor.from_pretrained(arguments.model, "cpu")
    pictures = PictureFolder(arguments.pictures_folder, ZOOM * editor.size)
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    seconds = []
    for index in held_out(len(pictures), arguments.pictures):
        sharp = pictures.picture(index)
        small = np.asarray(
            Image.fromarray(sharp).resize((editor.size, editor.size), Image.Resampling.LANCZOS)
        )
        editor.set_image(small)
        known = editor.segment()
        for names in PARTS.values():
            part = np.isin(known.ids, known.labels.ids(names))
            if part.sum() < SMALLEST:
                continue
            replaced = dilate(part, RIM)
            region = replaced.repeat(ZOOM, 0).repeat(ZOOM, 1)
            enlarged = np.asarray(
                Image.fromarray(small).resize(sharp.shape[:2], Image.Resampling.BICUBIC)
            )
            soft = ndimage.uniform_filter(enlarged.astype(float), (3, 3, 0))
            began = time.process_time()
            added = finer_detail(step, sharp, small.astype(np.float32), replaced.astype(np.float32))
            seconds.append(time.process_time() - began)
            ways = {
                "bicubic": enlarged.astype(float),
                "unsharp": enlarged + 0.8 * (enlarged - soft),
                "detail": enlarged + added,
            }
            for name, values in ways.items():
                back = np.where(region[..., None], np.rint(values).clip(0, 255), sharp)
                rows[name].append(measures(back.astype(np.uint8), sharp, region))
    for name, own in rows.items():
        say(name, np.array(own))
    say("detail gains", np.array(rows["detail"]) - np.array(rows["bicubic"]))
    sys.stdout.write(f"{np.mean(seconds):.3f} CPU s a part, {len(seconds)} parts\n")


def measures(
    back: Colours, sharp: Colours, region: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """SSIM, GMSD and mean absolute error of `back` in `region` (bool H×W)."""
    apart = np.abs(back.astype(float) - sharp)[region].mean()
    return ssim(back, sharp, region), deviation(back, sharp, region), float(apart)


def deviation(one: Colours, other: Colours, region: NDArray[np.bool_]) -> float:
    """The gradient magnitude similarity deviation, of grey levels of 255 (its constant is 170)."""
    sizes = []
    for picture in (one, other):
        grey = picture.mean(-1)
        across, down = (ndimage.prewitt(grey, axis) / 3 for axis in (1, 0))
        sizes.append(np.hypot(across, down))
    similar = (2 * sizes[0] * sizes[1] + 170) / (sizes[0] ** 2 + sizes[1] ** 2 + 170)
    return float(similar[region].std())


def say(name: str, values: NDArray[np.float64]) -> None:
    """Print the means of columns SSIM, GMSD and error."""
    titles = ("SSIM", "GMSD", "error")
    told = [f"{title} {interval(column)}" for title, column in zip(titles, values.T, strict=True)]
    sys.stdout.write(f"{name}: {', '.join(told)}\n")


if __name__ == "__main__":
    main()
