"""The picture that an interpolation ends with, and where it may differ from the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.interpolation import differing_region
from pixelguide.edit.photograph_frames import PhotographFrames, between_photographs
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.picture import AnyPicture, read_photograph, read_picture

Second = tuple[NDArray[np.uint8], NDArray[np.bool_], PhotographFrames | None]


def second_picture(
    subject: Subject, other: AnyPicture, roi: NDArray[np.bool_] | None, dilation: int
) -> Second:
    """`other` at the model's size (uint8 S×S×3), the region (bool S×S), and for photographs the way
    of frames into them.

    Raises InputError as `differing_region` and `between_photographs` do.
    """
    size = len(subject.image)
    if subject.placement is None:
        if isinstance(other, Photograph):
            other = np.ascontiguousarray(other.rgb())
        second = read_picture(other, size)
        return second, differing_region(subject.image, second, roi, dilation), None
    wanted, photograph = subject.placement.photograph.size, read_photograph(other)
    if photograph.size == wanted:
        ways = between_photographs(subject, photograph, roi, dilation)
        return ways.after, ways.full.roi, ways
    if photograph.size == (size, size):
        second = np.array(photograph.rgb())
        return second, differing_region(subject.image, second, roi, dilation), None
    where = Path(other).name if isinstance(other, (str, Path)) else "image"
    raise InputError(
        "{}×{} pixels, but the first picture has {}×{}".format(*photograph.size, *wanted),
        where,
        "Give an edit of the whole photograph.",
    )
