from __future__ import annotations

import numpy as np

from pixelguide.segment.dataset import LabelledPictures
from pixelguide.tune.class_means import class_means


def test_classes_have_the_colour_that_they_have_in_other_pictures(
    pictures: LabelledPictures,
) -> None:
    found = class_means(pictures)
    assert np.abs(np.array(found["house"]) - (200, 60, 50)).max() < 15


def test_what_looks_like_its_surroundings_has_none(pictures: LabelledPictures) -> None:
    for number, (image, ids) in enumerate(zip(pictures.images, pictures.label_ids, strict=True)):
        image[:] = 20 * number
        image[ids == 2] += 1
    assert "house" not in class_means(pictures)
