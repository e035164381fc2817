from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.evaluate.features import frechet_distance
from pixelguide.evaluate.inception import (
    inception_extractor,
    inception_measures,
    inception_score,
)

INSTALLED = importlib.util.find_spec("torch_fidelity") is not None


def test_the_score_of_certain_and_varied_pictures_is_the_number_of_classes() -> None:
    assert inception_score(1000 * np.eye(5)) == pytest.approx(5)
    assert inception_score(np.zeros((6, 9))) == pytest.approx(1), "unsure of all"
    assert inception_score(1000 * np.eye(5)[[2, 2, 2]]) == pytest.approx(1), "all the same"


def test_the_score_against_its_formula() -> None:
    logits = np.array([[math.log(3), 0.0], [0.0, 0.0]])  # p = (3/4, 1/4), (1/2, 1/2)
    marginal = (5 / 8, 3 / 8)
    divergence = [
        sum(p * math.log(p / q) for p, q in zip(own, marginal, strict=True))
        for own in ((3 / 4, 1 / 4), (1 / 2, 1 / 2))
    ]
    assert inception_score(logits) == pytest.approx(math.exp(sum(divergence) / 2))
    assert inception_score(logits + 700) == pytest.approx(inception_score(logits))


def test_measures_are_of_the_network_s_features() -> None:
    def extract(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        flat = images.reshape(len(images), -1).astype(np.float64)
        return flat[:, :4], flat[:, 4:9]

    images, reference = np.random.default_rng(0).integers(0, 256, (2, 9, 4, 4, 3), np.uint8)
    known, _ = extract(reference)
    measured = inception_measures(extract, images, known)
    features, logits = extract(images)
    assert measured == {
        "fid": frechet_distance(features, known),
        "inception_score": inception_score(logits),
    }


def test_without_the_package_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(InputError, match=r"pip install pixelguide\[eval\]"):
        inception_extractor(tmp_path / "weights.pth")


@pytest.mark.skipif(not INSTALLED, reason="torch-fidelity is an extra")
def test_the_file_must_be_there_and_hold_weights(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        inception_extractor(tmp_path / "weights.pth")
    (tmp_path / "weights.pth").write_bytes(b"none")
    with pytest.raises(InputError, match="not Inception weights"):
        inception_extractor(tmp_path / "weights.pth")
