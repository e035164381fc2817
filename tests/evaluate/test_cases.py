from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from model_folders import write_portrait_category
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.portrait_edits import (
    EVALUATION_SEED,
    HELD_OUT_SEED,
    PAPER_KINDS,
    portrait_edits,
)
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits import EDITS, LABELS, ODDITIES, portrait_at, render


class Careless(Editor):
    """Reads every portrait as nothing but background and hair."""

    read_as = "hair"

    def segment(self) -> LabelMap:
        ids = np.zeros((32, 32), np.uint8)
        ids[:16] = LABELS.id(self.read_as)
        return LabelMap(ids, LABELS)


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Careless:
    folder: Path = tmp_path_factory.mktemp("model") / "portraits"
    editor = Careless.from_pretrained(write_portrait_category(folder), "cpu")
    assert isinstance(editor, Careless)
    return editor


@cache
def tasks(editor: Editor, count: int, odd: bool) -> list[EditTask]:
    return list(portrait_tasks(editor, count, odd=odd))


def test_the_roi_is_what_the_editor_takes(editor: Editor, task: EditTask) -> None:
    assert task.painted.sum() == 25
    assert np.array_equal(task.roi, dilate(task.painted, 1))
    editor.set_image(task.image)
    result = editor.edit(
        task.target, source=task.source, edit_classes=task.classes, roi=task.roi_mode,
        dilation=task.dilation, num_images=1, num_inference_steps=2, start_timestep=100,
    )  # fmt: skip
    assert np.array_equal(result.roi, task.roi)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", ".hidden"])
def test_names_must_be_fit_for_files(task: EditTask, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        replace(task, name=name)


def test_sizes_must_agree(task: EditTask) -> None:
    with pytest.raises(InputError, match="truth of another size"):
        replace(task, truth=np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="map of another size"):
        replace(task, image=np.zeros((8, 8, 3), np.uint8), truth=None)


def test_the_paper_s_kinds_take_turns_on_portraits_of_their_own_seed(portraits: Editor) -> None:
    made = tasks(portraits, 12, False)
    assert [task.kind for task in made] == [*PAPER_KINDS] * 2
    assert len({task.name for task in made}) == 12
    known = {render(portrait_at(EVALUATION_SEED, k), 32).image.tobytes() for k in range(60)}
    tuned_on = {render(portrait_at(HELD_OUT_SEED, k), 32).image.tobytes() for k in range(60)}
    for task in made:
        assert task.image.tobytes() in known - tuned_on
        assert task.truth is not None
        assert set(task.classes) <= set(EDITS[task.kind].classes)
        assert task.roi.any()


def test_a_part_of_the_series_is_the_same_tasks(portraits: Editor) -> None:
    (later,) = portrait_tasks(portraits, 1, first=7)
    known = tasks(portraits, 12, False)[7]
    assert later.name == known.name
    assert np.array_equal(later.image, known.image)
    assert np.array_equal(later.target.ids, known.target.ids)


def test_rare_features_are_in_the_picture_and_in_the_true_edit(portraits: Editor) -> None:
    made = tasks(portraits, 8, True)
    assert {task.name.rsplit("-", 1)[1] for task in made} == set(ODDITIES)
    hidden = 0
    for task in made:
        assert task.truth is not None
        unknown = task.source.ids == IGNORE
        assert np.array_equal(task.target.ids == IGNORE, unknown)
        inner = ~dilate(~unknown, 1)  # the rim of a hand lets through what lies under it
        assert np.array_equal(task.truth[inner], task.image[inner]), "it does not move"
        assert not task.painted[unknown].any(), "nobody asks for changes below it"
        hidden += bool(unknown.any())
    assert hidden == 3  # a microphone, a hand, a microphone


def test_only_portraits_and_known_kinds(editor: Editor, portraits: Editor) -> None:
    with pytest.raises(InputError, match="not a model of portraits"):
        next(portrait_tasks(editor, 1))
    for kinds, message in ((("grow_beard",), "grow_beard"), ((), "no kinds")):
        with pytest.raises(InputError, match=message):
            next(portrait_tasks(portraits, 1, kinds=kinds))


def test_targets_have_the_true_labels_where_the_edit_changes_them(portraits: Editor) -> None:
    for task in tasks(portraits, 12, False):
        edited = np.isin(task.target.ids, LABELS.ids(task.classes))
        assert (task.painted | ~edited).all(), "every edited pixel lies in the ROI"


def test_a_portrait_that_is_read_as_edited_is_left_out(
    portraits: Careless, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(portrait_edits(1, 32, kinds=["edit_eyebrow"], seed=EVALUATION_SEED))
    already = LabelMap(case.after.label_ids, LABELS)
    monkeypatch.setattr(portraits, "segment", already.copy)
    assert list(portrait_tasks(portraits, 1, kinds=["edit_eyebrow"])) == []


def test_true_maps_need_no_reader(portraits: Careless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portraits, "segment", None)
    cases = portrait_edits(6, 32, kinds=PAPER_KINDS, seed=EVALUATION_SEED)
    for task, case in zip(portrait_tasks(portraits, 6, maps="true"), cases, strict=True):
        assert np.array_equal(task.source.ids, case.before.label_ids)
        assert np.array_equal(task.target.ids, case.after.label_ids)
