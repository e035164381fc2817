"""A batch's edits are those of the editor."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.batch.worker import STRIP, EditFiles, EditWorker, open_edit_worker
from pixelguide.edit.editor import Editor
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
from pixelguide.workers.shared_tensors import put_together, take_apart

SETTINGS = EditSettings.check(
    "", {"num_images": 2, "num_inference_steps": 3, "start_timestep": 300}
).model_dump()  # fmt: skip


@pytest.fixture
def wanted(
    tmp_path: Path, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> BatchEdit:
    save_png(tmp_path / "p.png", picture)
    source.save(tmp_path / "p_label.png")
    target.save(tmp_path / "p_edited.png")
    return BatchEdit(
        image=tmp_path / "p.png", map=tmp_path / "p_edited.png", classes=("house",),
        source_map=tmp_path / "p_label.png",
    )  # fmt: skip


def perform(editor: Editor, wanted: BatchEdit, output: str = "png") -> EditFiles:
    return EditWorker(editor).perform(wanted.inputs(SETTINGS, output), lambda: None)


def test_its_files_are_those_that_a_result_saves(
    tmp_path: Path, tiny_editor: Editor, wanted: BatchEdit, picture: NDArray[np.uint8],
    source: LabelMap, target: LabelMap,
) -> None:  # fmt: skip
    found = perform(tiny_editor, wanted)
    tiny_editor.set_image(picture)
    result = tiny_editor.edit(target, source=source, edit_classes=["house"], **SETTINGS)
    report = result.save(tmp_path / "alone")
    alone = {path.name: path.read_bytes() for path in (tmp_path / "alone").iterdir()}
    assert {*found.files} == {*alone, STRIP}
    for name in alone:
        if name != "report.json":
            assert found.files[name] == alone[name]
    report.pop("seconds")
    assert json.loads(found.files["report.json"]) == report
    assert found.seconds["total"] > 0


def test_what_was_edited_before_makes_no_difference(
    tmp_path: Path, tiny_editor: Editor, wanted: BatchEdit, picture: NDArray[np.uint8]
) -> None:
    alone = perform(tiny_editor, wanted)
    save_png(tmp_path / "other.png", 255 - picture)
    other = wanted.model_copy(update={"image": tmp_path / "other.png", "source_map": None})
    assert perform(tiny_editor, other).files != alone.files
    assert perform(tiny_editor, wanted).files == alone.files


def test_parts_sent_elsewhere_make_the_same(
    category: Path, wanted: BatchEdit, tiny_editor: Editor
) -> None:
    opened = open_edit_worker(category, "cpu", DEFAULT_OPTIONS, elsewhere=True)
    sent = put_together(pickle.loads(pickle.dumps(take_apart(opened))))()  # noqa: S301
    inputs = wanted.inputs(SETTINGS, "png")
    assert sent.perform(inputs, _go).files == opened().perform(inputs, _go).files


def _go() -> None:
    return


def test_a_part_of_a_photograph(
    tmp_path: Path, tiny_editor: Editor, wanted: BatchEdit, picture: NDArray[np.uint8]
) -> None:
    large = np.repeat(np.repeat(picture, 4, 0), 4, 1)
    large = np.concatenate([large, large], 1)
    save_png(tmp_path / "large.png", large)
    edit = wanted.model_copy(
        update={"image": tmp_path / "large.png", "crop": "0,0,64", "source_map": None}
    )
    files = perform(tiny_editor, edit, "tiff").files
    assert {"00.tif", "01.tif", "roi.png"} <= {*files}
    (tmp_path / "roi.png").write_bytes(files["roi.png"])
    roi = load_rgb(tmp_path / "roi.png")[..., 0] > 0
    assert roi.shape == (64, 128)
    assert not roi[:, 64:].any()
    # a map says its part in the file beside it
    part = {"frame": {"x": 0, "y": 0, "size": 64, "angle": 0}}
    (tmp_path / "p_edited.part.json").write_text(json.dumps(part))
    told = edit.model_copy(update={"crop": None})
    assert perform(tiny_editor, told, "tiff").files == files


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"map": "p.png"}, "colour"),
        ({"image": "bad.png"}, "bad.png"),
        ({"image": "wide.png"}, "no square"),
        ({"source_map": "bad.png"}, "bad.png"),
        ({"map": "p_label.png", "classes": None}, "nothing to edit|do not differ|identical"),
        ({"crop": "1,2"}, "crop '1,2'"),
    ],
)
def test_what_cannot_be_edited_is_an_input_error(
    tmp_path: Path, tiny_editor: Editor, wanted: BatchEdit, picture: NDArray[np.uint8],
    change: dict[str, Any], words: str,
) -> None:  # fmt: skip
    (tmp_path / "bad.png").write_bytes(b"none")
    save_png(tmp_path / "wide.png", np.concatenate([picture, picture], 1))
    files = ("image", "map", "source_map")
    placed = {k: tmp_path / v if k in files else v for k, v in change.items()}
    with pytest.raises(InputError, match=words):
        perform(tiny_editor, wanted.model_copy(update=placed))


def test_it_ends_within_a_step(tiny_editor: Editor, wanted: BatchEdit) -> None:
    class Ended(BaseException):
        pass

    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Ended

    with pytest.raises(Ended):
        EditWorker(tiny_editor).perform(wanted.inputs(SETTINGS, "png"), check)
    assert torch.is_grad_enabled()
