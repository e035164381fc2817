from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from photographs import random_pixels
from pixelguide.edit.editor import Editor
from pixelguide.edit.interpolation import Interpolation
from pixelguide.edit.photograph_frames import for_film
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap
from pixelguide.photo.photograph import Jpeg, Photograph

QUICK: dict[str, Any] = {"num_frames": 3, "num_inference_steps": 3, "start_timestep": 300}
CROP = (13, 9, 48)


def _photograph(picture: NDArray[np.uint8], channels: int = 3, bits: int = 8) -> Any:
    pixels = random_pixels(0, 90, 70, channels=channels, bits=bits)
    part = picture.repeat(3, 0).repeat(3, 1).astype(pixels.dtype)
    pixels[9:57, 13:61, :3] = part[..., : min(3, channels)] * (257 if bits == 16 else 1)
    return pixels


def _edited(editor: Editor, source: LabelMap, target: LabelMap) -> Any:
    result = editor.edit(
        target, source=source, num_images=1, num_inference_steps=3, start_timestep=300
    )
    return result.photograph()


@pytest.mark.parametrize(("channels", "bits"), [(3, 8), (3, 16), (1, 8), (4, 8)])
def test_frames_begin_and_end_with_the_photographs(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap,
    channels: int, bits: int,
) -> None:  # fmt: skip
    pixels = _photograph(picture, channels, bits)
    editor.set_image(pixels, crop=CROP)
    after = _edited(editor, source, target)
    found = editor.interpolate(after, **QUICK)
    ways = found.photographs
    assert ways is not None
    first, half, last = (frame.pixels for frame in ways.frames(found.frames, found.strengths))
    assert np.array_equal(first, pixels)
    assert np.array_equal(last, after)
    assert half.dtype == pixels.dtype
    assert np.array_equal(half[~ways.full.region], pixels[~ways.full.region])
    assert not np.array_equal(half, first)
    assert found.settings["crop"] == "13,9,48"
    assert repr(found).startswith("Interpolation(3 frames, ")


def test_where_the_model_adds_nothing_frames_are_blends(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    pixels = _photograph(picture)
    editor.set_image(pixels, crop=CROP)
    after = _edited(editor, source, target)
    ways = editor.interpolate(after, **QUICK).photographs
    assert ways is not None
    from pixelguide.photo.strength import at_strength

    linear = at_strength(ways.full.before, ways.after, 0.25)
    blended = np.rint(pixels + np.float32(0.25) * (after.astype(np.float32) - pixels))
    assert np.array_equal(ways.frame(linear, 0.25), blended.astype(np.uint8))


def test_photographs_that_do_not_belong_together_are_errors(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    pixels = _photograph(picture)
    editor.set_image(pixels, crop=CROP)
    for other, told in (
        (pixels, "both pictures are the same"),
        (pixels[:60], "but the first picture has 90×70"),
        (pixels[..., :1], "of 1 channels"),
        (pixels.astype(np.uint16), "16 bits"),
        (255 - pixels, "pixels outside the part"),
    ):
        with pytest.raises(InputError, match=told):
            editor.interpolate(other, **QUICK)
    changed = pixels.copy()
    changed[30:34, 30:34] ^= 255
    small = np.zeros((16, 16), np.bool_)
    small[0, 0] = True
    with pytest.raises(InputError, match="pixels outside the region"):
        editor.interpolate(changed, roi=small, **QUICK)


def test_a_jpeg_may_differ_elsewhere_if_the_region_is_known(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    pixels = _photograph(picture)
    editor.set_image(pixels, crop=CROP)
    lossy = pixels.copy()
    lossy[0, 0] ^= 3
    lossy[30:34, 30:34] ^= 255
    jpeg = Photograph(lossy, "JPEG", jpeg=Jpeg({}, 0))
    with pytest.raises(InputError, match="outside the part"):
        editor.interpolate(jpeg, **QUICK)
    roi = np.zeros((70, 90), np.bool_)
    roi[28:36, 28:36] = True
    found: Interpolation = editor.interpolate(jpeg, roi=roi, **QUICK)
    assert found.photographs is not None
    for frame in found.photographs.frames(found.frames, found.strengths):
        assert found.photographs.changed_outside(frame) == 0
        assert np.array_equal(frame.pixels[0, 0], pixels[0, 0])


def test_films_show_photographs_reduced() -> None:
    large = Photograph(random_pixels(0, 1000, 500))
    assert for_film(large).shape == (320, 640, 3)
    small = dataclasses.replace(large, pixels=random_pixels(0, 90, 70))
    assert np.array_equal(for_film(small), small.pixels)
