"""Only the change goes back into the photograph, and only inside the ROI."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photographs import random_pixels
from pixelguide.errors import InputError
from pixelguide.guidance.region import dilate
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.paste_back import grey, put_back
from pixelguide.photo.photograph import Photograph
from stub_detail import Brighter

SIDE = 16
TURNS = (0.0, 0.0, 90.0, 180.0, -90.0, 3.0, -17.5, 44.9, 133.7)


def _stub(generator: np.random.Generator, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An edit that changes everything, and the region where it may."""
    after = generator.integers(0, 256, before.shape, np.uint8)
    roi = generator.random((SIDE, SIDE)) < generator.choice([0.02, 0.3, 0.9])
    roi[generator.integers(SIDE), generator.integers(SIDE)] = True
    return after, roi


def random_edit(seed: int) -> tuple[FullSize, np.ndarray] | None:
    """A random photograph, frame and edit; None if the frame is one that is refused."""
    generator = np.random.default_rng(seed)
    width, height = generator.integers(24, 120, 2)
    pixels = random_pixels(
        seed, int(width), int(height), int(generator.integers(1, 5)), int(generator.choice([8, 16]))
    )
    size = float(generator.uniform(5, 1.2 * min(width, height)))
    x, y = generator.uniform(-0.3, 0.9) * width, generator.uniform(-0.3, 0.9) * height
    if generator.random() < 0.5:
        x, y, size = round(x), round(y), round(size)
    frame = Frame(float(x), float(y), size, float(generator.choice(TURNS)))
    try:
        placement = Placement(Photograph(pixels), frame, SIDE)
    except InputError:
        return None
    before = placement.extract()
    after, roi = _stub(generator, before)
    feather = int(generator.integers(0, 4))  # by which regions are dilated
    return FullSize(placement, before, dilate(roi, feather), feather), after


def _independent_region(full: FullSize) -> np.ndarray:
    """The ROI in the photograph, pixel by pixel, by the definition."""
    frame, (width, height) = full.placement.frame, full.photograph.size
    x, y = np.meshgrid(np.arange(width) + 0.5 - frame.x, np.arange(height) + 0.5 - frame.y)
    turned = (x + 1j * y) * np.exp(-1j * np.radians(frame.angle)) * SIDE / frame.size
    # centres within rounding errors of a border of model pixels may fall on either side
    near = np.zeros((height, width), np.bool_)
    for shift in (1e-9 + 1e-9j, 1e-9 - 1e-9j, -1e-9 + 1e-9j, -1e-9 - 1e-9j):
        moved = turned + shift
        column, row = np.floor(moved.real).astype(int), np.floor(moved.imag).astype(int)
        inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
        near |= inside & full.roi[np.clip(row, 0, SIDE - 1), np.clip(column, 0, SIDE - 1)]
    return near


@pytest.mark.parametrize("count", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_outside_not_a_bit_changes_whatever_the_frame(count: int) -> None:
    done = changed = seed = 0
    while done < count:
        made = random_edit(seed)
        seed += 1
        if made is None:
            continue
        full, after = made
        picture = full.picture(after)
        differs = (picture != full.photograph.pixels).any(-1)
        assert not (differs & ~full.region).any(), seed
        assert not (full.region & ~_independent_region(full)).any(), seed
        done += 1
        changed += int(differs.any())
    assert changed > 0.9 * count  # tiny regions at the edge may hold no pixel


def _placed(size: int = 160, frame: Frame | None = None, seed: int = 0) -> Placement:
    coarse = Image.fromarray(random_pixels(seed, 8, 8))
    smooth = np.array(coarse.resize((size, size), Image.Resampling.BICUBIC)).astype(int)
    noise = np.random.default_rng(seed).integers(-6, 7, smooth.shape)
    pixels = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    return Placement(Photograph(pixels), frame or Frame(0, 0, size), SIDE)


def test_no_change_is_no_change() -> None:
    placement = _placed()
    before = placement.extract()
    roi = np.ones((SIDE, SIDE), np.bool_)
    patch = put_back(placement, before, before, roi, 2)
    assert np.array_equal(patch.onto(placement.photograph.pixels), placement.photograph.pixels)


def test_texture_stays_where_little_changed_and_goes_where_much_did() -> None:
    placement = _placed()
    before = placement.extract()
    roi = np.ones((SIDE, SIDE), np.bool_)
    original = placement.photograph.pixels.astype(float)

    def texture(pixels: np.ndarray) -> np.ndarray:
        return np.diff(pixels[40:120, 40:120].astype(float), axis=1)

    slightly = put_back(placement, before, np.clip(before, 0, 252) + 2, roi, 0).pixels
    kept = np.corrcoef(texture(slightly).ravel(), texture(original).ravel())[0, 1]
    assert kept > 0.95
    flat = np.full_like(before, 128)
    flat[np.abs(before.astype(int) - 128).max(-1) < 30] = 200
    anew = put_back(placement, before, flat, roi, 0).pixels
    assert np.std(texture(anew)) < 0.3 * np.std(texture(original))


def test_a_crop_of_the_model_s_size_gets_the_edit_itself() -> None:
    placement = _placed(40, Frame(7, 9, SIDE))
    before = placement.extract()
    after = random_pixels(5, SIDE, SIDE)
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[4:9, 5:12] = True
    whole = put_back(placement, before, after, roi, 0).onto(placement.photograph.pixels)
    crop = whole[9 : 9 + SIDE, 7 : 7 + SIDE]
    assert np.array_equal(crop, np.where(roi[..., None], after, before))


def test_changes_set_in_from_the_border_of_the_region() -> None:
    grey = Photograph(np.full((160, 160, 3), 100, np.uint8))
    placement = Placement(grey, Frame(0, 0, 160), SIDE)
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[4:12, 4:12] = True
    after = np.full((SIDE, SIDE, 3), 200, np.uint8)
    patch = put_back(placement, placement.extract(), after, roi, 2)
    row = patch.onto(grey.pixels)[80, :, 0].astype(int)
    assert row[39] == 100
    assert row[40] < 110
    assert (np.diff(row[40:61]) >= -2).all()  # bicubic enlarging swings a little
    assert row[64:96].min() >= 175


def test_a_region_reaches_the_edge_of_the_photograph_but_not_that_of_its_crop() -> None:
    grey = Photograph(np.full((160, 160, 3), 100, np.uint8))
    roi = np.ones((SIDE, SIDE), np.bool_)
    after = np.full((SIDE, SIDE, 3), 200, np.uint8)
    for size, at_the_right in ((160, 200), (150, 101)):
        placement = Placement(grey, Frame(0, 0, size), SIDE)
        whole = put_back(placement, placement.extract(), after, roi, 2).onto(grey.pixels)
        assert whole[80, 0, 0] == 200
        assert whole[80, size - 1, 0] <= at_the_right
        assert (whole[80, size - 1, 0] == 200) == (at_the_right == 200)


def test_where_texture_goes_the_photograph_s_noise_comes_back() -> None:
    noise = np.random.default_rng(0).normal(0, 5, (320, 320, 3))
    pixels = np.clip(np.rint(120 + noise), 0, 255).astype(np.uint8)
    placement = Placement(Photograph(pixels), Frame(40, 40, 160), SIDE)
    before = placement.extract()
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[3:13, 3:13] = True
    after = before.copy()
    after[4:12, 4:12] = 60
    made = [FullSize(placement, before, roi, 2, seed=seed).picture(after) for seed in (1, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    inside = made[0][100:140, 100:140].astype(float)
    assert inside.mean() == pytest.approx(60, abs=2)
    assert inside.var() == pytest.approx(pixels.astype(float).var(), rel=0.2)
    kept = pixels[100:140, 100:140].astype(float)
    assert abs(np.corrcoef(inside.ravel(), kept.ravel())[0, 1]) < 0.1  # and it is not the old one


@pytest.mark.parametrize("channels", [2, 4])
def test_invisible_pixels_and_the_alpha_channel_stay(channels: int) -> None:
    pixels = random_pixels(6, 64, 64, channels)
    pixels[20:40, 20:40, -1] = 0
    placement = Placement(Photograph(pixels), Frame(0, 0, 64), SIDE)
    after = random_pixels(7, SIDE, SIDE)
    roi = np.ones((SIDE, SIDE), np.bool_)
    patch = put_back(placement, placement.extract(), after, roi, 0)
    assert np.array_equal(patch.pixels[..., -1], pixels[..., -1])
    assert np.array_equal(patch.pixels[20:40, 20:40], pixels[20:40, 20:40])
    assert not np.array_equal(patch.pixels, pixels)


def test_sixteen_bits_change_in_finer_steps_than_eight() -> None:
    deep = Photograph(np.full((160, 160, 3), 100 * 257, np.uint16))
    placement = Placement(deep, Frame(0, 0, 160), SIDE)
    ramp = np.broadcast_to(np.arange(100, 116, dtype=np.uint8)[None, :, None], (SIDE, SIDE, 3))
    roi = np.ones((SIDE, SIDE), np.bool_)
    patch = put_back(placement, placement.extract(), ramp, roi, 0)
    assert len(np.unique(patch.pixels[80])) > 100


def test_a_grey_edit_of_a_coloured_photograph_leaves_its_colours() -> None:
    generator = np.random.default_rng(3)
    pixels = generator.integers(90, 160, (64, 64, 3), np.uint8)
    placement = Placement(Photograph(pixels), Frame(0, 0, 64), SIDE)
    before = grey(placement.extract())
    after, roi = before.copy(), np.zeros((SIDE, SIDE), np.bool_)
    roi[4:12, 4:12] = True
    after[5:11, 5:11] += 40
    after[5:11, 5:11, 0] += 6  # a prior of grey pictures gives nearly grey ones
    full = FullSize(placement, before, roi, 1, lightness=True)
    new = full.picture(after)
    assert np.array_equal(new[~full.region], pixels[~full.region])
    added = new.astype(int) - pixels
    assert np.abs(added).max() > 30
    assert np.array_equal(added, added[..., :1].repeat(3, axis=-1))
    # without it the texture that fades takes the colours along
    plain = FullSize(placement, before, roi, 1).picture(after).astype(int)
    assert np.ptp(plain - pixels, axis=-1).max() > 10


def test_lightness_of_a_grey_picture_is_the_picture() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=-1)
    assert np.array_equal(grey(levels), levels)


def test_a_grey_edit_gives_a_repainted_class_its_own_colours() -> None:
    """Skin over lips is as yellow as skin, not as red as lips."""
    skin, lips = (np.array(colour) for colour in ((210, 170, 140), (200, 90, 100)))
    source = np.zeros((SIDE, SIDE), np.uint8)
    source[6:10, 4:12] = 1
    pixels = np.where(source[..., None] == 1, lips, skin).astype(np.uint8)
    pixels = pixels.repeat(8, 0).repeat(8, 1)
    placement = Placement(Photograph(pixels), Frame(0, 0, 128), SIDE)
    before = grey(placement.extract())
    after = np.full_like(before, grey(skin[None].astype(np.uint8))[0, 0])
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[4:12, 2:14] = True
    target = np.zeros_like(source)
    new = FullSize(placement, before, roi, 2, True, source, target).picture(after)
    assert np.abs(new[56:72, 48:80].astype(int) - skin).max() <= 8
    same = FullSize(placement, before, roi, 2, True).picture(after)
    assert np.abs(same[56:72, 48:80].astype(int) - skin).max() > 30  # as it was without maps


def test_finer_detail_comes_where_much_changed_and_nowhere_else() -> None:
    photograph = Photograph(np.full((64, 64, 3), 100, np.uint8))
    placement = Placement(photograph, Frame(0, 0, 64), SIDE)
    before = placement.extract()
    roi = np.zeros((SIDE, SIDE), bool)
    roi[4:12, 2:14] = True
    after = before.copy()
    after[4:12, 8:14] = 160  # the left half of the region stays as it is
    plain = FullSize(placement, before, roi, 0).picture(after).astype(int)
    added = FullSize(placement, before, roi, 0, detail=Brighter()).picture(after) - plain
    assert (added[20:44, 40:52] == 20).all()
    assert not added[:, :24].any()
    assert not added[~placement.region(roi)].any()


def test_a_photograph_hardly_larger_than_the_model_has_no_finer_detail() -> None:
    for size, there in ((SIDE, False), (SIDE + 7, False), (SIDE + 8, True)):
        photograph = Photograph(np.full((size, size, 3), 100, np.uint8))
        placement = Placement(photograph, Frame(0, 0, size), SIDE)
        before = placement.extract()
        roi = np.ones((SIDE, SIDE), bool)
        plain = FullSize(placement, before, roi, 0).patch(before + 60)
        finer = FullSize(placement, before, roi, 0, detail=Brighter()).patch(before + 60)
        assert np.array_equal(plain.pixels, finer.pixels) != there


def test_finer_detail_of_a_grey_category_is_grey() -> None:
    pixels = random_pixels(3, 64, 64, 3, 8) // 2 + 60
    photograph = Photograph(pixels)
    placement = Placement(photograph, Frame(0, 0, 64), SIDE)
    before = placement.extract()
    roi = np.ones((SIDE, SIDE), bool)
    ways = (None, Brighter())
    plain, finer = (
        FullSize(placement, before, roi, 0, lightness=True, detail=way)
        .picture(before // 2 + 90)
        .astype(int)
        for way in ways
    )
    added = finer - plain
    unclipped = (finer < 255).all(-1) & (finer > 0).all(-1)
    assert added[unclipped].any()
    assert (added[unclipped].max(-1) - added[unclipped].min(-1) <= 1).all()
