"""Edits of a benchmark's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.editgan.editing import EditGan
from benchmarks.editgan.tasks import edit_tasks
from pixelguide.errors import InputError
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap

from .conftest import disc


def write_task(folder: Path, gan: EditGan, name: str) -> dict[str, object]:
    """Files of one edit, a disc that grows, and its entry."""
    image, source = disc(16, 4, 3)
    _, target = disc(16, 6, 3)
    save_png(folder / f"{name}-image.png", image)
    LabelMap(source, gan.labels).save(folder / f"{name}-source.png")
    LabelMap(target, gan.labels).save(folder / f"{name}-target.png")
    files = {what: f"{name}-{what}.png" for what in ("image", "source", "target")}
    return {"name": name, "kind": "grow", **files, "classes": ["disc"], "dilation": 1}


def test_every_edit_is_made_once(tmp_path: Path, gan: EditGan) -> None:
    tasks, out = tmp_path / "tasks", tmp_path / "out"
    tasks.mkdir()
    entries = [write_task(tasks, gan, name) for name in ("a", "b")]
    (tasks / "edits.json").write_text(json.dumps({"edits": entries}))
    edit_tasks(gan, tasks, out, seed=0)
    assert load_rgb(out / "a.png").shape == (16, 16, 3)
    seconds = json.loads((out / "seconds.json").read_text())
    assert set(seconds) == {"a", "b"}
    assert min(seconds.values()) > 0
    (out / "b.png").unlink()
    kept = (out / "a.png").stat().st_mtime_ns
    edit_tasks(gan, tasks, out, seed=0)
    assert (out / "b.png").exists()
    assert (out / "a.png").stat().st_mtime_ns == kept


def test_edits_made_together_are_not_timed(tmp_path: Path, gan: EditGan) -> None:
    tasks, out = tmp_path / "tasks", tmp_path / "out"
    tasks.mkdir()
    entries = [write_task(tasks, gan, name) for name in ("a", "b", "c")]
    (tasks / "edits.json").write_text(json.dumps({"edits": entries}))
    told: list[dict[str, object]] = []
    edit_tasks(gan, tasks, out, 0, 2, told.append)
    assert [each["done"] for each in told] == [2, 3]
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"edits": [{"name": "a"}]}'])
def test_a_folder_without_edits(tmp_path: Path, gan: EditGan, text: str) -> None:
    (tmp_path / "edits.json").write_text(text)
    with pytest.raises(InputError, match=r"edits\.json"):
        edit_tasks(gan, tmp_path, tmp_path / "out", seed=0)
