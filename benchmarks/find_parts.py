"""How often `--crop auto` finds a drawn portrait without a face detector, by the category alone.

    python -m benchmarks.find_parts [--model portraits-64] [--count 20] [--seed 0]

Held-out portraits of 120 to 290 pixels at a random place of photographs of 400×300, every other one
of busy shapes (as `benchmarks.find_faces` has them), the others of soft colours; every fifth
photograph has none. Found is a part whose middle is off by less than a tenth of the portrait's
side, and its size by less than a fifth; where there is none, that none is proposed.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from PIL import Image

from benchmarks.find_faces import ground
from benchmarks.setup import add_model, option_parser
from pixelguide.edit.auto_crop import propose_parts
from pixelguide.edit.editor import Editor
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.evaluate.portrait_edits import HELD_OUT_SEED
from pixelguide.photo.framing import Frame
from pixelguide.photo.photograph import Photograph
from pixelguide.portraits import portrait_at, render

SIZE = (400, 300)


def soft(rng: np.random.Generator) -> Image.Image:
    """A ground of soft colours."""
    coarse = Image.fromarray(rng.integers(100, 160, (6, 8, 3), np.uint8))
    return coarse.resize(SIZE, Image.Resampling.BICUBIC)


def found_in(editor: Editor, photograph: Photograph) -> tuple[Frame | None, float]:
    """The part that is proposed without a face detector, and its strangeness."""

    def look(frame: Frame) -> Subject:
        editor.set_image(photograph, crop=frame)
        return editor._opened()

    try:
        (proposal,) = propose_parts(photograph, editor.size, editor.statistics, lambda: None, look)
    except InputError:
        return None, float("nan")
    return proposal.frame, look(proposal.frame).strangeness()


def main() -> None:
    """Compose, search, count and print."""
    parser = option_parser(__doc__)
    add_model(parser)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained(arguments.model, "cpu")
    rng = np.random.default_rng(arguments.seed)
    good, seconds = 0, []
    for k in range(arguments.count):
        picture = ground(rng).resize(SIZE) if k % 2 == 0 else soft(rng)
        side = int(rng.integers(120, 290))
        x, y = (int(rng.integers(0, length - side)) for length in SIZE)
        bare = k % 5 == 4
        if not bare:
            portrait = Image.fromarray(render(portrait_at(HELD_OUT_SEED, k), 512).image)
            picture.paste(portrait.resize((side, side), Image.Resampling.LANCZOS), (x, y))
        began = time.perf_counter()
        frame, strangeness = found_in(editor, Photograph(np.array(picture)))
        seconds.append(time.perf_counter() - began)
        right = frame is None
        if not bare:
            right = False
            if frame is not None:
                off = np.hypot(frame.x - x + (frame.size - side) / 2,
                               frame.y - y + (frame.size - side) / 2)  # fmt: skip
                right = off < side / 10 and abs(frame.size / side - 1) < 0.2
        good += right
        truth = "none" if bare else f"{x},{y},{side}"
        verdict = "right" if right else "wrong"
        sys.stdout.write(f"{verdict}: {truth}; found {frame or 'none'} ({strangeness:.2f})\n")
        sys.stdout.flush()
    sys.stdout.write(f"{good} of {arguments.count}; seconds: median {np.median(seconds):.1f}\n")


if __name__ == "__main__":
    main()
