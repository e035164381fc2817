"""Palettes of others are read by index, unless something says that the indices have moved."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.annotations.label_sets import built_in_label_sets, distinct_palette
from pixelguide.errors import InputError
from pixelguide.label_palettes import match_palette
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.portraits.palette import LABELS

OPAQUE = np.full(256, 255, np.uint8)


def told(palette: np.ndarray, used: int, labels: LabelSet) -> str:
    values = np.arange(used, dtype=np.uint8)[None]
    classes = labels.colour_ids()
    return match_palette(values, palette, OPAQUE, classes, "m.png", names=labels.names)[1]


@pytest.mark.parametrize("labels", [LABELS, *built_in_label_sets().values()])
@pytest.mark.parametrize("used", [1, 2, 5, 14])
def test_random_palettes_are_hardly_ever_suspected(labels: LabelSet, used: int) -> None:
    random = np.random.default_rng(used)
    refused = 0
    for _ in range(200):
        palette = random.integers(0, 256, (256, 3)).astype(np.uint8)
        try:
            assert told(palette, used, labels) == "indices"
        except InputError:
            refused += 1
    assert refused <= 6


@pytest.mark.parametrize("used", [2, 5, 15])
def test_the_palette_of_pascal_voc_is_read_by_index(used: int) -> None:
    palette = np.array(distinct_palette(256), np.uint8)
    assert told(palette, used, LABELS) == "indices"


@pytest.mark.parametrize("shift", [1, 3])
@pytest.mark.parametrize("used", [2, 5, 15])
def test_slightly_shifted_class_colours_in_another_order_are_refused(used: int, shift: int) -> None:
    palette = np.array(LABELS.palette[::-1], np.int64)
    palette = np.clip(palette + np.where(palette > 99, -shift, shift), 0, 255).astype(np.uint8)
    with pytest.raises(InputError, match="nearly a class's but not that of palette entry"):
        told(palette, used, LABELS)


@pytest.mark.parametrize("labels", built_in_label_sets().values())
def test_greys_that_are_a_class_s_colour_and_another_s_id_are_refused(labels: LabelSet) -> None:
    """White is the background of all of these: 255 beside other greys could be either."""
    values = np.array([[0, 1, 2]], np.uint8)
    palette = np.array([[1] * 3, [2] * 3, [255] * 3], np.uint8)
    with pytest.raises(InputError, match=r"\(1, 1, 1\) is no class"):
        match_palette(values, palette, OPAQUE, labels.colour_ids(), "m.png", names=labels.names)
    palette[2] = 3
    found, how = match_palette(
        values, palette, OPAQUE, labels.colour_ids(), "m.png", names=labels.names
    )
    assert (found.ids.tolist(), how) == ([[1, 2, 3]], "values")


def test_a_palette_of_colours_may_have_greys() -> None:
    """PASCAL VOC's entry 7 is (128, 128, 128), which is no id, so that its index is."""
    values = np.array([[0, 7, 7]], np.uint8)
    palette = np.array(distinct_palette(256), np.uint8)
    classes = LABELS.colour_ids()
    found, how = match_palette(values, palette, OPAQUE, classes, "m.png", names=LABELS.names)
    assert (found.ids.tolist(), how) == ([[0, 7, 7]], "indices")


def test_greys_among_colours_that_could_be_ids_are_refused() -> None:
    values = np.array([[0, 4, 4]], np.uint8)
    palette = np.array(distinct_palette(256), np.uint8)
    palette[4] = 2
    with pytest.raises(InputError, match=r"id 4 by its index, 2 by its grey: palette entry 4: 2 p"):
        match_palette(values, palette, OPAQUE, LABELS.colour_ids(), "m.png", names=LABELS.names)


def test_white_at_the_last_index_is_no_label_beside_colours_of_no_class() -> None:
    labels = built_in_label_sets()["cat_15"]
    values = np.array([[0, 5, IGNORE]], np.uint8)
    palette = np.array(distinct_palette(256), np.uint8)
    palette[:6] = [(9, 8, 7)] + [(1, 40, 90)] * 5
    palette[IGNORE] = 255
    found, how = match_palette(
        values, palette, OPAQUE, labels.colour_ids(), "m.png", names=labels.names
    )
    assert (found.ids.tolist(), how) == ([[0, 5, IGNORE]], "indices")
