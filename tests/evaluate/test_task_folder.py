from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.task_folder import load_tasks, write_tasks
from pixelguide.images import save_png


@pytest.fixture
def folder(tmp_path: Path, task: EditTask) -> Path:
    write_tasks(tmp_path, [task])
    return tmp_path


def change(folder: Path, **changes: Any) -> None:
    """Change entries of the only edit, None to leave out."""
    content = json.loads((folder / "edits.json").read_text())
    entry = {**content["edits"][0], **changes}
    content["edits"][0] = {name: value for name, value in entry.items() if value is not None}
    (folder / "edits.json").write_text(json.dumps(content))


def test_what_was_written_is_read(folder: Path, editor: Editor, task: EditTask) -> None:
    (read,) = load_tasks(folder, editor)
    assert (read.name, read.kind, read.classes) == (task.name, task.kind, task.classes)
    assert np.array_equal(read.image, task.image)
    assert np.array_equal(read.source.ids, task.source.ids)
    assert np.array_equal(read.target.ids, task.target.ids)
    assert np.array_equal(read.truth, task.truth)
    assert np.array_equal(read.roi, task.roi)


def test_only_image_and_target_must_be_there(folder: Path, editor: Editor, task: EditTask) -> None:
    left_out = dict.fromkeys(("source", "classes", "truth", "name", "kind", "roi", "dilation"))
    change(folder, **left_out)
    (read,) = load_tasks(folder, editor)
    editor.set_image(task.image)
    assert np.array_equal(read.source.ids, editor.segment().ids)
    assert read.truth is None
    assert read.name == "a-house-target"
    assert read.dilation == editor.defaults.dilation
    assert read.classes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": None}, "edits.0.image"),
        ({"image": 7}, "edits.0.image"),
        ({"target": "gone.png"}, "gone.png"),
        ({"colour": "red"}, "edits.0.colour"),
        ({"dilation": -1}, "edits.0.dilation"),
        ({"roi": "all"}, "edits.0.roi"),
        ({"classes": ["castle"]}, "castle"),
        ({"name": "a/b"}, "name 'a/b'"),
        ({"target": "a-house-source.png"}, "nothing to edit"),
        ({"truth": "small.png"}, "truth of another size"),
        ({"image": "small.png"}, "8"),
    ],
)
def test_what_is_wrong_is_named(
    folder: Path, editor: Editor, changes: dict[str, Any], message: str
) -> None:
    save_png(folder / "small.png", np.zeros((8, 8, 3), np.uint8))
    change(folder, **changes)
    with pytest.raises(InputError, match=message) as raised:
        load_tasks(folder, editor)
    assert "edits" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as JSON"),
        ("[]", "not a JSON object"),
        ('{"edits": []}', "edits: "),
        ("{}", "edits: field required"),
    ],
)
def test_an_index_that_is_none(folder: Path, editor: Editor, text: str, message: str) -> None:
    (folder / "edits.json").write_text(text)
    with pytest.raises(InputError, match=message):
        load_tasks(folder, editor)


def test_names_do_not_repeat_and_the_index_must_be_there(
    folder: Path, editor: Editor, task: EditTask
) -> None:
    write_tasks(folder, [task, task])
    with pytest.raises(InputError, match="'a-house' repeats"):
        load_tasks(folder, editor)
    with pytest.raises(InputError, match="no such file"):
        load_tasks(folder / "none", editor)
