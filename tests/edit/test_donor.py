from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit.donor import Donor
from pixelguide.edit.editor import Editor
from pixelguide.edit.result import EditResult
from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.segment.picture_statistics import PictureStatistics

BRIEF = {"num_images": 1, "num_inference_steps": 3, "start_timestep": 300, "roi": "classes"}
SKY = (slice(7, 12), slice(10, 15))
"""Painted; the model reads sky in the middle of it in `picture`."""


@pytest.fixture
def ground(labels: LabelSet) -> LabelMap:
    return LabelMap(np.full((16, 16), labels.id("grass"), np.uint8), labels)


@pytest.fixture
def painted(ground: LabelMap, labels: LabelSet) -> LabelMap:
    ids = ground.ids.copy()
    ids[SKY] = labels.id("sky")
    return LabelMap(ids, labels)


@pytest.fixture
def fine(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`picture` four times as large, with detail of its own: uint8 64×64×3."""
    rng = np.random.default_rng(0)
    whole = picture.repeat(4, 0).repeat(4, 1).astype(int)
    return np.clip(whole + rng.integers(-9, 10, whole.shape), 0, 255).astype(np.uint8)


def _edit(editor: Editor, target: LabelMap, source: LabelMap, donor: Donor | None) -> EditResult:
    return editor.edit(
        target, source=source, donor=donor, start_from="colours", edit_classes=["sky"], **BRIEF
    )


def test_an_edit_starts_from_the_donor(
    editor: Editor, painted: LabelMap, ground: LabelMap, fine: NDArray[np.uint8]
) -> None:
    donor = editor.open_donor(fine)
    plain = _edit(editor, painted, ground, None)
    given = _edit(editor, painted, ground, donor)
    again = _edit(editor, painted, ground, editor.open_donor(fine))
    assert not np.array_equal(*(each.best.image for each in (given, plain)))
    assert np.array_equal(*(each.best.image for each in (given, again)))
    assert np.array_equal(given.best.image[~given.roi], editor.image[~given.roi])
    assert given.settings["start_from"] == "colours"
    assert given.settings["donor"]["crop"] == "0,0,64"
    assert "donor" not in plain.settings


def test_the_detail_that_goes_back_is_the_donors(
    editor: Editor, painted: LabelMap, ground: LabelMap, fine: NDArray[np.uint8]
) -> None:
    editor.set_image(np.full_like(fine, 128), crop=(0, 0, 64))
    rough = np.random.default_rng(1).integers(0, 256, fine.shape, np.uint8)
    donor = editor.open_donor(rough)
    donor.subject._label_map = painted.copy()  # as large as what is painted
    given = _edit(editor, painted, ground, donor).full_size
    without = editor.edit(
        painted, source=ground, donor=donor, edit_classes=["sky"], detail=False, **BRIEF
    ).full_size
    assert given is not None
    assert without is not None
    black = np.zeros((16, 16, 3), np.uint8)
    inside = np.zeros((64, 64), np.bool_)
    inside[36:40, 48:56] = True
    # all of it is replaced
    own = (given.picture(np.full_like(black, 40)).astype(int) - 40)[inside]
    assert own.std() > 10
    plain = (without.picture(np.full_like(black, 40)).astype(int) - 40)[inside]
    assert plain.std() < 2
    assert (given.picture(black) == 128)[~given.region].all()


def test_a_donor_names_its_file_and_part(
    editor: Editor, fine: NDArray[np.uint8], tmp_path: Path
) -> None:
    save_png(tmp_path / "other.png", fine)
    donor = editor.open_donor(tmp_path / "other.png", crop=(2, 3, 48))
    assert donor.report() == {
        "file": str(tmp_path / "other.png"),
        "photograph": {"width": 64, "height": 64, "channels": 3, "bits": 8, "format": "PNG"},
        "crop": "2,3,48",
    }
    assert repr(donor) == f"Donor({tmp_path / 'other.png'}, crop 2,3,48)"


def test_the_picture_stays_the_editors(editor: Editor, fine: NDArray[np.uint8]) -> None:
    before = editor.image.copy()
    editor.open_donor(255 - fine)
    assert np.array_equal(editor.image, before)
    assert editor.proposals == ()


def test_a_dry_run_takes_a_donor(
    editor: Editor, painted: LabelMap, ground: LabelMap, fine: NDArray[np.uint8]
) -> None:
    dry = editor.dry_run(painted, source=ground, donor=editor.open_donor(fine), **BRIEF)
    assert dry.settings["donor"]["file"] is None


def test_a_grey_category_takes_a_donor_as_grey(
    editor: Editor, painted: LabelMap, ground: LabelMap, fine: NDArray[np.uint8]
) -> None:
    editor.statistics = PictureStatistics(grey=True)
    donor = editor.open_donor(fine)
    seen = donor.subject.image
    assert (seen == seen[..., :1]).all()


def test_bad_donors(
    editor: Editor, target: LabelMap, source: LabelMap, painted: LabelMap, ground: LabelMap,
    fine: NDArray[np.uint8],
) -> None:  # fmt: skip
    donor = editor.open_donor(fine)
    with pytest.raises(InputError, match="it shows no house"):
        editor.edit(target, source=source, donor=donor, **BRIEF)
    with pytest.raises(InputError, match="nothing was painted for it"):
        editor.edit(source=source, donor=donor, colours={"sky": "red"}, **BRIEF)
    with pytest.raises(InputError, match="start_from inversion with a donor"):
        editor.edit(painted, source=ground, donor=donor, start_from="inversion", **BRIEF)
    with pytest.raises(InputError, match="no square"):
        editor.open_donor(fine[:20])
