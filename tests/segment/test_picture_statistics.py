"""What a category's pictures are like: measured, kept, compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.category import calibrate
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.picture_statistics import (
    PictureStatistics,
    Range,
    denoising_error,
    denoising_errors,
    familiarity,
    find_eyes,
    load_statistics,
    measure_statistics,
)
from pixelguide.segment.segmenter import Segmenter

EYES = ((0.3, 0.4), (0.7, 0.45))


@pytest.fixture
def pictures(x_0: Tensor, labels: LabelSet) -> LabelledPictures:
    image = from_model(x_0)[0]
    images = np.stack([image, image[::-1], image[:, ::-1]])
    return LabelledPictures(images, np.zeros((3, 16, 16), np.uint8), labels)


def test_eyes_of_portraits_are_found_where_they_are_drawn() -> None:
    maps = np.stack([render(portrait_at(0, k), 64).label_ids for k in range(20)])
    (x1, y1), (x2, y2) = find_eyes(maps, LABELS) or EYES
    assert 64 * x1 == pytest.approx(32 - 8.3, abs=1)
    assert 64 * x2 == pytest.approx(32 + 8.3, abs=1)
    assert 64 * y1 == pytest.approx(31, abs=1.5)
    assert 64 * y2 == pytest.approx(31, abs=1.5)


@pytest.mark.parametrize(
    ("names", "groups", "found"),
    [
        (("skin", "l_eye"), {}, True),
        (("skin", "iris"), {}, True),
        (("skin", "thing"), {"eyes": ("thing",)}, True),
        (("skin", "eyebrow"), {}, False),
        (("skin", "eyelashes"), {}, False),
        (("skin", "eye_g"), {}, False),
        (("skin", "eyeglasses"), {}, False),
    ],
)
def test_eyes_are_told_by_their_names(
    names: tuple[str, ...], groups: dict[str, tuple[str, ...]], found: bool
) -> None:
    maps = np.zeros((1, 8, 8), np.uint8)
    maps[0, 3, [1, 6]] = 1
    labels = LabelSet(names, ((0, 0, 0), (1, 1, 1)), groups)
    expected = ((1.5 / 8, 3.5 / 8), (6.5 / 8, 3.5 / 8)) if found else None
    assert find_eyes(maps, labels) == expected


def test_a_category_of_grey_pictures_is_told_from_one_with_colours(
    denoiser: Denoiser, segmenter_bank: ClassifierBank, pictures: LabelledPictures
) -> None:
    segmenter = Segmenter(denoiser, segmenter_bank, pictures.labels)
    assert not measure_statistics(denoiser, segmenter, pictures).grey
    lightness = pictures.images[..., :1].repeat(3, axis=-1)
    grey = LabelledPictures(lightness, pictures.label_ids, pictures.labels)
    assert measure_statistics(denoiser, segmenter, grey).grey


def test_maps_without_two_eyes_say_nothing() -> None:
    labels = LabelSet(("skin", "eye"), ((0, 0, 0), (1, 1, 1)))
    maps = np.zeros((2, 8, 8), np.uint8)
    maps[1, 3, 4] = 1
    assert find_eyes(maps, labels) is None


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


def test_a_reach_of_nothing_does_not_make_everything_strange() -> None:
    assert Range(median=10, highest=10).distance(10.5) == pytest.approx(0.5)


def test_the_limit_lies_as_far_above_the_highest_as_that_above_the_median() -> None:
    assert Range(median=2, highest=3).limit == 4


def test_calibrating_keeps_the_manifest_right(category: Path) -> None:
    before = ModelFolder.open(category)
    assert load_statistics(before) == PictureStatistics()
    assert calibrate(category, eyes=EYES).eyes == EYES
    again = ModelFolder.open(category)  # checks every hash
    assert load_statistics(again).eyes == EYES
    listed = json.loads((category / "manifest.json").read_text())["sha256"]
    assert listed["domain.json"] == again.hashes["domain.json"]
    assert {name: again.hashes[name] for name in before.hashes} == before.hashes


def test_calibrating_on_pictures_measures_them(
    category: Path, pictures: LabelledPictures, tmp_path: Path
) -> None:
    from pixelguide.images import save_png

    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "labels.json").write_text(pictures.labels.to_json())
    for k, (image, ids) in enumerate(zip(pictures.images, pictures.label_ids, strict=True)):
        save_png(tmp_path / "set" / f"{k}.png", image)
        LabelMap(ids, pictures.labels).save(tmp_path / "set" / f"{k}_label.png")
    statistics = calibrate(category, tmp_path / "set", eyes=EYES)
    assert (statistics.pictures, statistics.eyes) == (3, EYES)
    assert statistics.denoising is not None
    assert 0 < statistics.denoising.median <= statistics.denoising.highest
    assert load_statistics(ModelFolder.open(category)) == statistics


@pytest.mark.parametrize("eyes", [((0.3, 0.4), (1.7, 0.4)), ((-0.1, 0.4), (0.7, 0.4))])
def test_eyes_outside_the_picture_are_refused(
    category: Path, eyes: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    with pytest.raises(InputError, match="eyes"):
        calibrate(category, eyes=eyes)


def test_a_damaged_domain_is_an_error_that_names_it(category: Path) -> None:
    (category / "manifest.json").unlink()
    (category / "domain.json").write_text('{"pictures": "many"}')
    with pytest.raises(InputError, match=r"pictures.*domain\.json"):
        load_statistics(ModelFolder.open(category))


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
