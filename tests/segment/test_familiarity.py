"""Pictures are measured, and compared with what is usual for their category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import write_parts
from pixelguide.segment.category import calibrate
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.familiarity import (
    denoising_error,
    denoising_errors,
    familiarity,
    measure_statistics,
)
from pixelguide.segment.picture_statistics import (
    DOMAIN,
    PictureStatistics,
    Range,
    load_statistics,
)
from pixelguide.segment.segmenter import Segmenter

EYES = ((0.3, 0.4), (0.7, 0.45))


@pytest.fixture
def pictures(x_0: Tensor, labels: LabelSet) -> LabelledPictures:
    image = from_model(x_0)[0]
    images = np.stack([image, image[::-1], image[:, ::-1]])
    return LabelledPictures(images, np.zeros((3, 16, 16), np.uint8), labels)


def test_a_category_of_grey_pictures_is_told_from_one_with_colours(
    denoiser: Denoiser, segmenter_bank: ClassifierBank, pictures: LabelledPictures
) -> None:
    segmenter = Segmenter(denoiser, segmenter_bank, pictures.labels)
    assert not measure_statistics(denoiser, segmenter, pictures).grey
    lightness = pictures.images[..., :1].repeat(3, axis=-1)
    grey = LabelledPictures(lightness, pictures.label_ids, pictures.labels)
    assert measure_statistics(denoiser, segmenter, grey).grey


def test_a_measured_category_knows_its_own_pictures(
    denoiser: Denoiser, segmenter_bank: ClassifierBank, pictures: LabelledPictures
) -> None:
    from pixelguide.images import to_model

    segmenter = Segmenter(denoiser, segmenter_bank, pictures.labels)
    statistics = measure_statistics(denoiser, segmenter, pictures)
    assert statistics.pictures == 3
    for image in pictures.images:
        x_0 = to_model(image)
        assert familiarity(denoiser, statistics, x_0, segmenter(x_0)[0]).far == ()


def test_what_lies_above_a_limit_is_far(denoiser: Denoiser, x_0: Tensor, labels: LabelSet) -> None:
    doubtful = LabelMap(np.zeros((16, 16), np.uint8), labels, np.full((16, 16), 0.5, np.float32))
    error = denoising_error(denoiser, x_0)

    def far(denoising: float, doubt: float) -> tuple[str, ...]:
        usual = PictureStatistics(
            denoising=Range(median=denoising, highest=denoising),
            doubt=Range(median=doubt, highest=doubt),
        )
        return familiarity(denoiser, usual, x_0, doubtful).far

    assert far(error + 0.01, 0.51) == ()
    assert far(error - 0.01, 0.51) == ("denoising",)
    assert far(error + 0.01, 0.49) == ("doubt",)
    assert familiarity(denoiser, PictureStatistics(), x_0, doubtful).far == ()  # it does not say


@pytest.mark.parametrize(
    ("share", "degree"),
    [(1.5, "usual"), (0.0, "usual"), (-0.99, "usual"), (-1.01, "unusual"), (-2.49, "unusual"),
     (-2.6, "far"), (-4.9, "far"), (-5.1, "alien")],
)  # fmt: skip
def test_strangeness_has_degrees(
    denoiser: Denoiser, x_0: Tensor, labels: LabelSet, share: float, degree: str
) -> None:
    doubtful = LabelMap(np.zeros((16, 16), np.uint8), labels, np.full((16, 16), 0.9, np.float32))
    error = denoising_error(denoiser, x_0)
    reach = error / 10
    median = error + share * reach
    usual = PictureStatistics(
        denoising=Range(median=median, highest=median + reach / 2),
        doubt=Range(median=0.1, highest=0.1),
    )
    found = familiarity(denoiser, usual, x_0, doubtful)
    if median < error:  # the reach is at least a tenth of the median, which is less here
        assert found.distance == pytest.approx(-share, abs=0.001)
    assert found.degree == degree
    assert "doubt" in found.far  # told, but it decides nothing


def test_calibrating_on_pictures_measures_them(
    category: Path, pictures: LabelledPictures, tmp_path: Path
) -> None:
    from pixelguide.images import save_png

    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "labels.json").write_text(pictures.labels.to_json())
    for k, (image, ids) in enumerate(zip(pictures.images, pictures.label_ids, strict=True)):
        save_png(tmp_path / "set" / f"{k}.png", image)
        LabelMap(ids, pictures.labels).save(tmp_path / "set" / f"{k}_label.png")
    set_by_hand = load_statistics(ModelFolder.open(category)).model_copy(update={"unlikely": 1.25})
    write_parts(category, {DOMAIN: set_by_hand.to_json()})
    statistics = calibrate(category, tmp_path / "set", eyes=EYES)
    assert statistics.unlikely == 1.25, "what pictures do not say stays as it is"
    assert (statistics.pictures, statistics.eyes) == (3, EYES)
    assert statistics.denoising is not None
    assert 0 < statistics.denoising.median <= statistics.denoising.highest
    assert load_statistics(ModelFolder.open(category)) == statistics


def test_the_noise_is_always_the_same(denoiser: Denoiser, x_0: Tensor) -> None:
    assert denoising_error(denoiser, x_0) == denoising_error(denoiser, x_0.clone())


def test_errors_of_several_pictures_are_those_of_each_alone(
    denoiser: Denoiser, x_0: Tensor
) -> None:
    pictures = torch.cat([x_0, -x_0, x_0 / 2])
    together = denoising_errors(denoiser, pictures)
    alone = [denoising_error(denoiser, own[None]) for own in pictures]
    assert together == pytest.approx(alone, rel=1e-4)
    where = torch.zeros(16, 16, dtype=torch.bool)
    where[:8] = True
    halves = [denoising_errors(denoiser, pictures, half) for half in (where, ~where)]
    whole = [((a**2 + b**2) / 2) ** 0.5 for a, b in zip(*halves, strict=True)]
    assert whole == pytest.approx(together, rel=1e-4)
