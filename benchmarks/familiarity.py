"""How far pictures of several kinds lie from those a model of portraits knows.

    python -m benchmarks.familiarity [--model portraits-64] [--pictures FOLDER]

For each kind, the lowest and highest error through noise and doubt (see
`segment.picture_statistics`). The first kind gives the limits, as `models calibrate`
would take them from labelled pictures.
--pictures: a folder of further ones, each reduced to the model's size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.setup import add_model, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.portrait_edits import EVALUATION_SEED, HELD_OUT_SEED
from pixelguide.images import SUFFIXES, load_rgb
from pixelguide.portraits import ODDITIES, add_oddity, portrait_at, render
from pixelguide.segment.picture_statistics import Range

Pictures = list[NDArray[np.uint8]]


def kinds(size: int) -> Iterator[tuple[str, Pictures]]:
    """Names and pictures, uint8 S×S×3, from the most to the least familiar."""

    def portraits(seed: int, count: int, scale: int = 1) -> Pictures:
        return [render(portrait_at(seed, k), size * scale).image for k in range(count)]

    rng = np.random.default_rng(0)
    held_out = portraits(HELD_OUT_SEED, 5)
    yield "portraits of seed 0", portraits(0, 8)
    yield "held-out portraits", portraits(HELD_OUT_SEED, 8)
    odd = []
    for k, name in enumerate(list(ODDITIES)[:8]):
        portrait = portrait_at(EVALUATION_SEED, k)
        odd.append(add_oddity(render(portrait, size), portrait, name, np.random.default_rng(k)))
    yield "with an oddity", [rendering.image for rendering in odd]
    yield "shifted by a quarter", [np.roll(image, size // 4, 1) for image in held_out]
    yield "upside down", [image[::-1].copy() for image in held_out]
    near = slice(size // 2, size // 2 + size)
    yield "twice as close", [image[near, near] for image in portraits(HELD_OUT_SEED, 5, 2)]
    coarse = [Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8)) for _ in range(4)]
    yield (
        "smooth colours",
        [np.array(image.resize((size, size), Image.Resampling.BICUBIC)) for image in coarse],
    )
    yield "noise", [rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(3)]


def folder(path: Path, size: int) -> Pictures:
    """The pictures of a folder that are square, without label maps."""
    files = [p for p in sorted(path.iterdir()) if p.suffix in SUFFIXES and "_label" not in p.stem]
    pictures = [Image.fromarray(load_rgb(file)) for file in files]
    return [
        np.array(picture.resize((size, size), Image.Resampling.LANCZOS))
        for picture in pictures
        if picture.width == picture.height
    ]


def main() -> None:
    """Measure and print."""
    parser = option_parser(__doc__)
    add_model(parser)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained(arguments.model, "cpu")
    measured = list(kinds(editor.size))
    if arguments.pictures:
        measured.append(("of the folder", folder(arguments.pictures, editor.size)))
    for number, (name, pictures) in enumerate(measured):
        found = []
        for picture in pictures:
            editor.set_image(picture)
            one = editor.familiarity()
            found.append((one.denoising, one.doubt))
        (e0, d0), (e1, d1) = np.min(found, 0), np.max(found, 0)
        sys.stdout.write(f"{name} | {len(found)} | {e0:.1f} … {e1:.1f} | {d0:.2f} … {d1:.2f}\n")
        if number == 0:
            ranges = [
                Range(median=float(np.median(own)), highest=float(max(own)))
                for own in zip(*found, strict=True)
            ]
            sys.stdout.write(f"limits: {ranges[0].limit:.1f}, {ranges[1].limit:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
