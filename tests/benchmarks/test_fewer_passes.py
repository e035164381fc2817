"""Fewer passes: which candidates get a gradient when, how passes are counted, what is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.fewer_passes import (
    MEASURES,
    WAYS,
    PartlyGuided,
    PartlyGuidedEditor,
    Way,
    as_method,
    passes_of,
    plot,
    summary,
    table,
)
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.cases import portrait_tasks
from pixelguide.evaluate.methods import Setup, method
from pixelguide.guidance.guidance import GuidedPrediction
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.schedule import Schedule


def saying(gradient: float, accuracy: list[float] | None = None) -> Any:
    """A denoiser whose gradient is `gradient`, and x_0 what came in; accuracy: of each candidate,
    told by its first value."""

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        unknown = torch.full((len(x_t),), torch.nan)
        seen = unknown if accuracy is None else torch.tensor(accuracy)[x_t[:, 0, 0, 0].long()]
        return GuidedPrediction(
            Prediction(x_t, x_t, None, []), torch.full_like(x_t, gradient), unknown, seen, unknown
        )

    return predict


CANDIDATES = torch.arange(3.0).view(3, 1, 1, 1).expand(3, 3, 2, 2)


def gradients(step: GuidedPrediction) -> list[float]:
    """One number for each candidate; they must not have changed places."""
    assert torch.equal(step.prediction.x_0, CANDIDATES)
    return step.gradient[:, 0, 0, 0].tolist()


def test_a_gradient_at_every_second_step_is_there_at_the_last() -> None:
    partly = PartlyGuided(2, 2.0)
    predict = partly.wrap(saying(5, [0, 0, 0]), saying(0))
    seen = [gradients(predict(CANDIDATES, Schedule.linear(), i)) for i in (3, 2, 1, 0)]
    assert seen == [[0] * 3, [5] * 3, [0] * 3, [5] * 3]
    assert partly.guided == 6


def test_a_candidate_that_has_followed_the_map_gets_no_more_gradients() -> None:
    partly = PartlyGuided(1, 0.9)
    predict = partly.wrap(saying(5, [0.5, 0.95, 0.5]), saying(0))
    seen = [gradients(predict(CANDIDATES, Schedule.linear(), i)) for i in (1, 0)]
    assert seen == [[5, 5, 5], [5, 0, 5]]
    assert partly.guided == 5


@pytest.fixture(scope="module")
def editor() -> PartlyGuidedEditor:
    return PartlyGuidedEditor.from_pretrained("portraits-64", "cpu")


def test_passes_are_those_of_the_inversion_and_of_the_steps(editor: Editor) -> None:
    passes = {way.name: passes_of(way, editor) for way in WAYS}
    assert len(passes) == len(WAYS)
    paper = "schedule=paper,num_inference_steps=50,inversion_steps=50"
    assert [count for name, count in passes.items() if paper in name] == [99]
    assert passes_of(Way("", ""), editor) == 6  # the default's


def test_with_nothing_left_out_an_edit_is_the_editors(editor: PartlyGuidedEditor) -> None:
    (task,) = portrait_tasks(editor, 1, maps="true")
    own = Editor.from_pretrained("portraits-64", "cpu")
    expected = method("guided:num_inference_steps=2", Setup(own, {}, 2)).run(task, 0)
    made = as_method(Way("", "num_inference_steps=2"), editor, 2).run(task, 0)
    assert (made.images == expected.images).all()
    assert made.evaluations == 4


def test_means_of_the_best_are_written_and_plotted(editor: Editor, tmp_path: Path) -> None:
    rows = [
        {"method": way.name, "pick": pick, "candidates": 2, "evaluations": 12}
        | dict.fromkeys(MEASURES, value)
        for way in WAYS
        for pick, value in (("best", 0.9), ("random", 0.1), ("best", 0.8))
    ]
    entries = summary(rows, editor)
    lines = list(table(entries))
    assert len(lines) == 2 + len(WAYS)
    assert "| colours, sde | 6 | 6.0 | 0.850 | 0.850 | 0.85 |" in lines
    plot(entries, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
