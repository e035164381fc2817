from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pixelguide.edit.editor import Editor
from pixelguide.evaluate.boundary import boundary_f_score
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.independent import IndependentSegmenter, SmallUNet
from pixelguide.evaluate.judge import MEASURES, Judge, independent_of
from pixelguide.evaluate.measures import mean_absolute_error, psnr
from pixelguide.labels import IGNORE


@pytest.fixture(scope="module")
def reader() -> IndependentSegmenter:
    """A network of random weights, for pictures of any size."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return IndependentSegmenter(SmallUNet(3, (4, 6, 8)))


def test_the_true_edit_is_perfect(editor: Editor, task: EditTask) -> None:
    assert task.truth is not None
    values = Judge(editor, None)(task, task.truth)
    assert values["true_psnr"] == 100
    assert values["true_ssim"] == pytest.approx(1)
    assert values["true_feature_distance"] == pytest.approx(0, abs=1e-9)
    assert values["mae_outside"] == 0
    assert values["psnr_outside"] == 100
    assert values["changed_pixels_outside"] == 0
    assert values["roi_pixels"] == 49
    assert values["independent_accuracy"] is None
    assert values["boundary_f"] is None


def test_values_are_those_of_the_measures(
    editor: Editor, task: EditTask, reader: IndependentSegmenter
) -> None:
    image = np.random.default_rng(0).integers(0, 256, task.image.shape, np.uint8)
    values = Judge(editor, reader)(task, image)
    assert set(MEASURES) <= {*values, "seconds", "cpu_seconds", "evaluations"}
    assert values["mae_outside"] == mean_absolute_error(image, task.image, ~task.roi)
    assert task.truth is not None
    assert values["true_psnr"] == psnr(image, task.truth, task.roi)
    editor.set_image(task.image)
    (scored,) = editor.score(image[None], task.target, task.roi)
    assert values["roi_accuracy"] == scored.roi_accuracy
    assert values["changed_pixels_outside"] == scored.changed_pixels_outside > 0
    (read,) = reader(image[None])
    right = (read == task.target.ids)[task.roi]
    assert values["independent_accuracy"] == right.mean()
    assert values["boundary_f"] == boundary_f_score(read, task.target.ids, task.roi)


def test_what_is_not_known_is_none(editor: Editor, task: EditTask) -> None:
    values = Judge(editor, None)(replace(task, truth=None), task.image)
    assert values["true_psnr"] is values["true_ssim"] is values["true_feature_distance"] is None
    everywhere = replace(task, dilation=16)
    assert everywhere.roi.all()
    values = Judge(editor, None)(everywhere, task.image)
    assert values["mae_outside"] is None
    assert values["psnr_outside"] is None


def test_pixels_without_a_target_do_not_count(
    editor: Editor, task: EditTask, reader: IndependentSegmenter
) -> None:
    (read,) = reader(task.image[None])
    target = task.target.copy()
    wrong = task.roi & (read != target.ids) & (target.ids != 2)
    target.ids[wrong] = IGNORE
    counted = task.roi & ~wrong
    values = Judge(editor, reader)(replace(task, target=target), task.image)
    right = (read == target.ids)[counted]
    assert values["independent_accuracy"] == right.mean()


def test_only_portraits_have_an_independent_reader(editor: Editor) -> None:
    assert independent_of(editor) is None
