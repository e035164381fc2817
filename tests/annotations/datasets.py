"""Small data sets of annotated pictures, and strategies that draw them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pixelguide.annotations import AnnotatedPicture, Annotations, write_annotations
from pixelguide.errors import PixelguideError
from pixelguide.labels import IGNORE, LabelMap, LabelSet

WITH_BACKGROUND = LabelSet(
    ("background", "sky", "house"),
    ((0, 0, 0), (0, 0, 255), (200, 30, 30)),
    {"all": ("sky", "house")},
)
WITHOUT = LabelSet(("sky", "grass", "house"), ((255, 255, 255), (0, 128, 0), (200, 30, 30)))

IDS = np.array([[0, 1, 1, 2], [0, 1, IGNORE, 2], [2, 0, 0, 0]], np.uint8)

FORMATS = ("pixelguide", "pairs", "datasetddpm", "labelme", "cvat", "coco")


def picture(
    name: str, ids: NDArray[np.uint8], labels: LabelSet, image: NDArray[np.uint8] | None
) -> AnnotatedPicture:
    return AnnotatedPicture(
        name, lambda: LabelMap(ids.copy(), labels), None if image is None else lambda: image
    )


def image_for(ids: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (*ids.shape, 3), np.uint8)


def sample(labels: LabelSet = WITH_BACKGROUND, ids: NDArray[np.uint8] = IDS) -> Annotations:
    """Two pictures, the second upside down."""
    pictures = (("one", ids), ("two", ids[::-1].copy()))
    return Annotations(
        labels, tuple(picture(name, own, labels, image_for(own)) for name, own in pictures)
    )


def write_sample(folder: Path, format: str, annotations: Annotations | None = None) -> Path:
    path = folder / ("data.zip" if format == "cvat" else "data")
    write_annotations(path, format, annotations or sample())
    return path


def error_of(action: Callable[[], object]) -> PixelguideError | None:
    """What `action` raises of our own errors, which are one line; None if it succeeds."""
    try:
        action()
    except PixelguideError as error:
        if len(str(error).splitlines()) == 1:
            return error
        raise
    return None


@st.composite
def data_sets(draw: st.DrawFn) -> Annotations:
    """One to three pictures of any small size, of a set with a background or without."""
    labels = draw(st.sampled_from([WITH_BACKGROUND, WITHOUT]))
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True))
    pictures = []
    for name in sorted(names):
        shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
        ids = draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 2, IGNORE])))
        pictures.append(picture(name, ids, labels, image_for(ids)))
    return Annotations(labels, tuple(pictures))


def assert_same(found: Annotations, expected: Annotations, *, groups: bool = True) -> None:
    """The same classes, names, maps and pictures."""
    assert (found.labels.names, found.labels.palette) == (
        expected.labels.names,
        expected.labels.palette,
    )
    assert not groups or found.labels.groups == expected.labels.groups
    assert [p.name for p in found] == [p.name for p in expected]
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.label_map().ids, other.label_map().ids)
        assert (one.image is None) == (other.image is None)
        if one.image and other.image:
            assert np.array_equal(one.image(), other.image())
