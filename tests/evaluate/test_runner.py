from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.judge import Judge
from pixelguide.evaluate.methods import Method, Outcome
from pixelguide.evaluate.runner import picture_path, run_methods
from pixelguide.images import load_rgb


class Counting:
    """A method of random pictures that remembers what it was asked."""

    def __init__(self, candidates: int = 3) -> None:
        self.asked: list[str] = []
        self.candidates = candidates

    def __call__(self, task: EditTask, seed: int) -> Outcome:
        self.asked.append(task.name)
        draws = np.random.default_rng([seed, len(task.name)])
        images = draws.integers(0, 256, (self.candidates, 16, 16, 3), np.uint8)
        return Outcome(
            images, picked=self.candidates - 1, seconds=1.5, cpu_seconds=1.2, evaluations=7
        )


@pytest.fixture
def tasks(task: EditTask) -> list[EditTask]:
    return [replace(task, name=f"task-{k}") for k in range(3)]


@pytest.fixture
def judge(editor: Editor) -> Judge:
    return Judge(editor, None)


def test_rows_and_pictures(tmp_path: Path, tasks: list[EditTask], judge: Judge) -> None:
    own, single = Counting(), Counting(1)
    states: list[dict[str, Any]] = []
    methods = [Method("a:b=1", own), Method("single", single)]
    rows = run_methods(tasks, methods, judge, tmp_path, on_progress=states.append)
    assert [(row["task"], row["method"], row["pick"]) for row in rows] == [
        (f"task-{k}", name, pick)
        for k in range(3)
        for name, pick in (("a:b=1", "best"), ("a:b=1", "random"), ("single", "best"))
    ]
    outcome = own(tasks[0], 0)
    for row in rows[:2]:
        image = load_rgb(picture_path(tmp_path, "a:b=1", "task-0", row["pick"]))
        if row["pick"] == "best":
            assert np.array_equal(image, outcome.images[2])
        assert any(np.array_equal(image, known) for known in outcome.images)
        expected = judge(tasks[0], image)
        assert {name: row[name] for name in expected} == expected
        assert [row[cost] for cost in ("seconds", "cpu_seconds", "evaluations")] == [1.5, 1.2, 7]
        assert row["candidates"] == 3
    assert [state["done"] for state in states] == [*range(7)]
    assert states[-1]["total"] == 6


def test_a_stopped_run_goes_on_and_ends_the_same(
    tmp_path: Path, tasks: list[EditTask], judge: Judge
) -> None:
    whole = run_methods(tasks, [Method("m", Counting())], judge, tmp_path / "whole")
    own = Counting()

    def stop(state: dict[str, Any]) -> None:
        if state["done"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_methods(tasks, [Method("m", own)], judge, tmp_path / "parts", on_progress=stop)
    assert own.asked == ["task-0", "task-1"]
    # killed between a picture and its row: it is made again
    (tmp_path / "parts" / "edits" / "m" / "task-1.json").unlink()
    rows = run_methods(tasks, [Method("m", own)], judge, tmp_path / "parts")
    assert own.asked == ["task-0", "task-1", "task-1", "task-2"]
    assert rows == whole


def test_parts_by_several_processes_are_merged_by_running_the_whole(
    tmp_path: Path, tasks: list[EditTask], judge: Judge
) -> None:
    own = Counting()
    for part in (tasks[2:], tasks[:2]):
        run_methods(part, [Method("m", own)], judge, tmp_path)
    own.asked.clear()
    rows = run_methods(tasks, [Method("m", own)], judge, tmp_path)
    assert own.asked == []
    assert [row["task"] for row in rows[::2]] == ["task-0", "task-1", "task-2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda task: replace(task, image=255 - task.image),
        lambda task: replace(task, dilation=2),
        lambda task: replace(task, truth=None),
        lambda task: replace(task, kind="other"),
    ],
)
def test_a_task_that_changed_is_made_again(
    tmp_path: Path, tasks: list[EditTask], judge: Judge, change: Callable[[EditTask], EditTask]
) -> None:
    own = Counting()
    run_methods(tasks[:1], [Method("m", own)], judge, tmp_path)
    run_methods([change(tasks[0])], [Method("m", own)], judge, tmp_path)
    assert own.asked == ["task-0", "task-0"]


def test_pictures_from_elsewhere_are_measured_anew(
    tmp_path: Path, tasks: list[EditTask], judge: Judge
) -> None:
    own = Counting()
    for _ in range(2):
        run_methods(tasks[:1], [Method("m", own, outside=True)], judge, tmp_path)
    assert own.asked == ["task-0", "task-0"]


def test_other_settings_need_another_folder(
    tmp_path: Path, tasks: list[EditTask], judge: Judge
) -> None:
    run_methods(tasks[:1], [], judge, tmp_path, settings={"model": "a"})
    run_methods(tasks[:1], [], judge, tmp_path, settings={"model": "a"})
    with pytest.raises(InputError, match="model a, not b"):
        run_methods(tasks[:1], [], judge, tmp_path, settings={"model": "b"})
    with pytest.raises(InputError, match="seed 0, not 1"):
        run_methods(tasks[:1], [], judge, tmp_path, seed=1, settings={"model": "a"})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match="not readable"):
        run_methods(tasks[:1], [], judge, tmp_path)


def test_methods_need_names_of_their_own(
    tmp_path: Path, tasks: list[EditTask], judge: Judge
) -> None:
    methods = [Method("a:b", Counting()), Method("a_b", Counting())]
    with pytest.raises(InputError, match="a method repeats"):
        run_methods(tasks, methods, judge, tmp_path)


def test_random_picks_are_spread_and_depend_on_the_seed(
    tmp_path: Path, task: EditTask, judge: Judge
) -> None:
    draws = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    many = [replace(task, name=f"t{k}") for k in range(24)]

    def picks(seed: int) -> list[int]:
        out = tmp_path / str(seed)
        run_methods(many, [Method("m", lambda task, seed: Outcome(draws))], judge, out, seed)
        shown = [load_rgb(picture_path(out, "m", own.name, "random")) for own in many]
        return [int(np.argmax([np.array_equal(image, own) for own in draws])) for image in shown]

    first = picks(0)
    assert set(first) == {0, 1, 2, 3}
    assert first != picks(1)
    content = json.loads((tmp_path / "0" / "edits" / "m" / "t0.json").read_text())
    assert len(content["rows"]) == 2
