from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.picture_statistics import PictureStatistics
from pixelguide.segment.segmenter import Segmenter


@pytest.fixture
def subject(
    denoiser: Denoiser, segmenter_bank: ClassifierBank, labels: LabelSet, picture: NDArray[np.uint8]
) -> Subject:
    return Subject(
        denoiser, Segmenter(denoiser, segmenter_bank, labels), PictureStatistics(), picture
    )


def test_what_takes_passes_is_computed_once(subject: Subject, denoiser: Denoiser) -> None:
    with denoiser.counted() as calls:
        first, inverted = subject.segment(), subject.inverted(300, 4)
    assert calls
    with denoiser.counted() as calls:
        assert np.array_equal(subject.segment().ids, first.ids)
        assert torch.equal(subject.inverted(300, 4), inverted)
    assert not calls
    with denoiser.counted() as calls:
        subject.inverted(300, 5)
        subject.inverted(200, 4)
    assert len(calls) == 4 + 3, "another inversion is another one"


def test_a_map_that_is_painted_on_leaves_the_known_one(subject: Subject) -> None:
    read = subject.segment()
    before = read.ids.copy()
    read.ids[:] = (read.ids + 1) % 3
    assert np.array_equal(subject.segment().ids, before)


def test_the_picture_and_the_doubt_about_it_stay(subject: Subject) -> None:
    with pytest.raises(ValueError, match="read-only"):
        subject.image[0] = 0
    doubt = subject.segment().uncertainty
    assert doubt is not None
    before = doubt.copy()
    doubt[:] = 0
    assert np.array_equal(subject.segment().uncertainty, before)


def test_maps_must_have_the_categorys_classes_and_the_pictures_size(
    subject: Subject, source: LabelMap, labels: LabelSet
) -> None:
    assert subject.at_model_size(source) is source
    other = LabelSet(("a", "b", "c"), labels.palette)
    with pytest.raises(InputError, match="another category"):
        subject.at_model_size(LabelMap(source.ids, other))
    with pytest.raises(InputError, match="map of 8×16 pixels for a picture of 16×16"):
        subject.at_model_size(LabelMap(source.ids[:, :8].copy(), labels))


def test_a_picture_of_the_models_size_has_no_larger_one(subject: Subject) -> None:
    assert subject.placement is None
    assert subject.full_size(np.ones((16, 16), np.bool_), 1) is None


def test_the_editor_forgets_all_of_it_with_another_picture(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    editor.segment()
    with editor.denoiser.counted() as calls:
        editor.set_image(picture)
        editor.segment()
    assert calls


def test_detail_is_painted_unless_it_is_left_out(tiny_editor: Editor) -> None:
    detail = object()
    tiny_editor._detail = detail  # type: ignore[assignment]
    tiny_editor.set_image(np.zeros((64, 64, 3), np.uint8), crop=(0, 0, 64))
    subject = tiny_editor._opened()
    roi = np.ones((tiny_editor.size, tiny_editor.size), bool)
    for detailed, expected in ((True, detail), (False, None)):
        full = subject.full_size(roi, 1, detailed=detailed)
        assert full is not None
        assert full.detail is expected
