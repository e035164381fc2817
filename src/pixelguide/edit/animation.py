"""Frames as one file: a grid, a GIF, a film."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import save_png

_GAP = 2
_FRAMES_FOR_COLOURS = 16


def write_grid(path: str | Path, frames: NDArray[np.uint8], columns: int = 10) -> None:
    """Write frames (uint8 N×H×W×3) as one PNG, row by row, `columns` a row, on white."""
    count, height, width, _ = frames.shape
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    size = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3)
    sheet = np.full(size, 255, np.uint8)
    for k, frame in enumerate(frames):
        row, column = divmod(k, columns)
        top, left = row * (height + _GAP), column * (width + _GAP)
        sheet[top : top + height, left : left + width] = frame
    save_png(path, sheet)


def write_gif(path: str | Path, frames: NDArray[np.uint8], frames_per_second: float = 8) -> None:
    """Write frames (uint8 N×H×W×3) as an endless GIF.

    256 colours, the same for all frames and without dithering, so that what stands still does not
    flicker; the PNGs are the exact pictures. frames_per_second: 0.1 … 50 (a GIF counts in 1/100 s).
    """
    check_rate(frames_per_second)
    spread = frames[:: math.ceil(len(frames) / _FRAMES_FOR_COLOURS)]
    # chosen by coverage, not by count: an iris has few pixels, and all of its colour
    colours = Image.fromarray(np.concatenate(spread)).quantize(
        256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
    )
    pictures = [
        Image.fromarray(frame).quantize(palette=colours, dither=Image.Dither.NONE)
        for frame in frames
    ]
    buffer = io.BytesIO()
    # in 1/100 s, as the format stores it: Pillow cuts off what is finer
    duration = 10 * round(100 / frames_per_second)
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0
    )
    write_atomically(Path(path), buffer.getvalue())


def write_mp4(path: str | Path, frames: NDArray[np.uint8], frames_per_second: float = 8) -> None:
    """Write frames (uint8 N×H×W×3) as H.264; odd sides lose their last row or column.

    frames_per_second: 0.1 … 50. Raises InputError when PyAV is not installed.
    """
    check_rate(frames_per_second)
    require_film()
    import av

    height, width = (side - side % 2 for side in frames.shape[1:3])  # colours are halved
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=Fraction(frames_per_second).limit_denominator(100))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "12"}  # nearly lossless: small pictures, short films
        for frame in frames:
            picture = np.ascontiguousarray(frame[:height, :width])
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    write_atomically(Path(path), buffer.getvalue())


def require_film() -> None:
    """Raise InputError if films cannot be written: call it before long work."""
    if find_spec("av") is None:
        raise InputError(
            "MP4 needs PyAV, which is not installed", hint="pip install 'pixelguide[video]'."
        )


def check_rate(frames_per_second: float) -> None:
    """Raise InputError for a rate that no GIF can have."""
    if not 0.1 <= frames_per_second <= 50:
        raise InputError(f"{frames_per_second} frames a second", hint="Give 0.1 … 50.")
