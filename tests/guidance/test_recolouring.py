from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.colour_difference import delta_e, lab
from pixelguide.guidance.class_colours import ClassColour
from pixelguide.guidance.recolouring import Dye, Matte, recolouring
from pixelguide.guidance.region import dilate
from pixelguide.labels import LabelMap, LabelSet

LABELS = LabelSet(("ground", "hair", "hat"), ((0, 0, 0), (9, 9, 9), (90, 90, 90)))
COLOURS = [(216, 200, 160), (138, 75, 45), (28, 24, 21), (48, 80, 160), (236, 236, 232)]
SIDE = 32
BROWN = np.array([90, 60, 40])


def scene(seed: int = 0) -> tuple[NDArray[np.uint8], LabelMap]:
    """Brown hair with strands on a light ground."""
    generator = np.random.default_rng(seed)
    image = np.full((SIDE, SIDE, 3), (190, 200, 210), np.float64)
    ids = np.zeros((SIDE, SIDE), np.uint8)
    ids[6:24, 8:26] = 1
    strands = 25 * np.sin(np.arange(SIDE) * 1.3)[None, :, None]
    image[ids == 1] = (strands + BROWN + generator.normal(0, 4, image.shape))[ids == 1]
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), LabelMap(ids, LABELS)


def asked(colour: tuple[int, ...], name: str = "hair") -> ClassColour:
    return ClassColour(name, (LABELS.id(name),), np.array(colour, float), asked=True)


@pytest.mark.parametrize("colour", COLOURS)
def test_the_class_gets_its_colour_and_keeps_its_texture(colour: tuple[int, ...]) -> None:
    image, shown = scene()
    dyes = recolouring(image, shown, shown, [asked(colour)], 1)
    assert dyes
    dyed, hair = dyes(image), shown.ids == 1
    assert delta_e(dyed[hair].mean(0), colour) < 3
    before, after = (lab(each)[hair][:, 0] for each in (image, dyed))
    assert np.corrcoef(before, after)[0, 1] > 0.85
    beyond = ~dilate(hair, 1)
    assert np.array_equal(dyed[beyond], image[beyond])


@given(
    st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(6, 249)] * 3), st.integers(0, 99)
)
def test_a_dye_reaches_any_mean_without_clipping_far(
    own: tuple[int, ...], wanted: tuple[int, ...], seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 12, (200, 3))
    pixels = np.clip(np.array(own) + noise, 0, 255).astype(np.float32)
    weights = np.ones(200, np.float32)
    dyed = Dye.of(pixels, weights, np.array(wanted, float))(pixels)
    assert dyed.min() >= 0
    assert dyed.max() <= 255
    assert np.abs(dyed.mean(0) - wanted).max() < 6


def test_a_dye_keeps_the_order_of_lightness() -> None:
    greys = np.repeat(np.linspace(2, 253, 50, dtype=np.float32)[:, None], 3, 1)
    dyed = Dye.of(greys, np.ones(50, np.float32), np.array([120.0, 60, 30]))(greys)
    assert (np.diff(dyed, axis=0) > 0).all()


@pytest.mark.parametrize("colour", [(107, 74, 47), (165, 42, 42), (216, 200, 160)])
def test_shadows_of_dyed_hair_are_not_of_the_opposite_colour(colour: tuple[int, ...]) -> None:
    # golden hair from deep shadow to light, as photographs have it
    light = np.concatenate([np.linspace(0.02, 0.1, 80), np.linspace(0.1, 1, 120)])
    pixels = (light[:, None] * (200, 165, 110)).astype(np.float32)
    dyed = Dye.of(pixels, np.ones(200, np.float32), np.array(colour, float))(pixels)
    assert np.abs(dyed.mean(0) - colour).max() < 6
    red, _, blue = dyed.T
    assert (blue <= red + 1).all()


def test_a_matte_follows_the_edge_that_the_map_missed() -> None:
    image, shown = (each.repeat(4, 0).repeat(4, 1) for each in (scene()[0], scene()[1].ids == 1))
    careless = shown.copy()
    careless[24:96, 104:107] = True  # ground, called hair
    share = Matte.of(image, careless, 1)(image.astype(np.float32))
    assert share[40:80, 48:88].min() > 0.9
    assert share[40:80, 105:107].max() < 0.6
    assert (share[~dilate(careless, 1)] == 0).all()


def test_a_matte_of_a_small_picture_holds_for_the_large_one() -> None:
    image, shown = scene()
    matte = Matte.of(image, shown.ids == 1, 1)
    large = image.repeat(3, 0).repeat(3, 1).astype(np.float32)
    share = matte(large, lambda plane: plane.repeat(3, 0).repeat(3, 1))
    assert np.allclose(share[1::3, 1::3], matte(image.astype(np.float32)))


def test_only_what_keeps_its_class_is_dyed() -> None:
    image, source = scene()
    target = source.copy()
    target.ids[6:24, 8:17] = 0
    target.ids[0:6] = 1
    dyes = recolouring(image, source, target, [asked((20, 20, 200))], 1)
    assert dyes
    dyed = dyes(image)
    assert (dyed[8:22, 20:24] != image[8:22, 20:24]).all(-1).all()
    assert np.array_equal(dyed[8:22, 8:15], image[8:22, 8:15])
    assert np.array_equal(dyed[0:4], image[0:4])
    assert recolouring(image, source, target, [asked((1, 2, 3), "hat")], 1) is None


def test_stray_pixels_of_a_class_stay() -> None:
    image, shown = scene()
    shown.ids[29:31, 1:3] = 1
    dyes = recolouring(image, shown, shown, [asked((20, 20, 200))], 1)
    assert dyes
    assert np.array_equal(dyes(image)[28:, :5], image[28:, :5])


def test_a_part_of_it_can_be_let_through() -> None:
    image, shown = scene()
    dyes = recolouring(image, shown, shown, [asked((20, 20, 200))], 1)
    assert dyes
    plain, full = image.astype(np.float32), dyes.dyed(image.astype(np.float32))
    assert np.allclose(dyes.at_strength(0.25).dyed(plain), plain + 0.25 * (full - plain), atol=1e-3)
    assert np.array_equal(dyes.at_strength(0)(image), image)
