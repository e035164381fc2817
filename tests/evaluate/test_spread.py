"""Evaluations by workers have the rows and pictures of one process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixelguide.edit.editor import Editor
from pixelguide.edit.opening import open_category
from pixelguide.errors import ResourceError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.judge import Judge
from pixelguide.evaluate.methods import Setup, method
from pixelguide.evaluate.runner import picture_path, run_methods
from pixelguide.evaluate.spread import OpenEvaluator
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
from pixelguide.workers.local_pool import LocalPool
from pixelguide.workers.shared_tensors import put_together, take_apart

METHODS = ("guided:num_inference_steps=3,start_timestep=300", "paste", "truth")
COSTS = ("seconds", "cpu_seconds")


def test_workers_make_what_one_process_makes(
    category: Path, task: EditTask, tmp_path: Path
) -> None:
    parts = open_category(category, "cpu", DEFAULT_OPTIONS)
    editor = Editor(**vars(parts))
    tasks = [replace(task, name=f"task-{k}") for k in range(2)]
    setup = Setup(editor, {}, 2, {})
    methods = [method(text, setup) for text in METHODS]
    judge = Judge(editor, None)
    alone = run_methods(tasks, methods, judge, tmp_path / "alone")
    opened = OpenEvaluator(parts, "cpu", METHODS, {}, 2, {}, 0)
    worker = put_together(take_apart(opened))()
    states: list[dict[str, Any]] = []
    pool = LocalPool(lambda: worker)
    out = tmp_path / "spread"
    spread = run_methods(tasks, methods, judge, out, on_progress=states.append, pool=pool)
    assert len(alone) == 8
    for own, known in zip(spread, alone, strict=True):
        assert {k: v for k, v in own.items() if k not in COSTS} == {
            k: v for k, v in known.items() if k not in COSTS
        }
        paths = [
            picture_path(folder, own["method"], own["task"], own["pick"])
            for folder in (out, tmp_path / "alone")
        ]
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert states[-1]["done"] == states[-1]["total"] == 6

    def never() -> Any:
        raise AssertionError("everything is made")

    again = run_methods(tasks, methods, judge, out, pool=LocalPool(never))
    assert again == spread


def test_a_failure_ends_the_run_and_what_is_made_stays(
    category: Path, task: EditTask, tmp_path: Path
) -> None:
    parts = open_category(category, "cpu", DEFAULT_OPTIONS)
    editor = Editor(**vars(parts))
    unknown = replace(task, name="no-truth", truth=None)
    methods = [method("truth", Setup(editor, {}, 1, {}))]
    worker = OpenEvaluator(parts, "cpu", ("truth",), {}, 1, {}, 0)()
    pool = LocalPool(lambda: worker, ahead=1)
    with pytest.raises(ResourceError, match="no-truth, truth"):
        run_methods([task, unknown], methods, Judge(editor, None), tmp_path, pool=pool)
    assert picture_path(tmp_path, "truth", task.name, "best").exists()
