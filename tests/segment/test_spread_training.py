"""Workers train what one process trains, to the bit, and what is finished is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pixelguide.errors import InputError, ResourceError
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining
from pixelguide.segment.spread_training import OpenTrainer, Trainer, spread_training
from pixelguide.segment.training import train_classifiers
from pixelguide.workers.local_pool import LocalPool

SETTINGS = ClassifierTraining(
    segment_timesteps=(50, 150), starts=(300, 500), steps=4, iterations=40, tuning=6,
    noise_draws=2, batch_size=24, members=2, together=3,
)  # fmt: skip


class Counting:
    """Pools of one worker that remembers what it trained, and fails where it is told to."""

    def __init__(self, fails: str = "") -> None:
        self.trained: list[str] = []
        self.fails = fails

    def __call__(self, opened: Any) -> LocalPool:
        trainer: Trainer = opened()
        known = trainer.perform

        def perform(payload: Any, check: Callable[[], None]) -> Any:
            if payload.name == self.fails:
                raise ResourceError("no memory")
            self.trained.append(payload.name)
            return known(payload, check)

        trainer.perform = perform  # type: ignore[method-assign]
        return LocalPool(lambda: trainer)


def test_the_result_is_that_of_one_process(eye: Any, pictures: LabelledPictures) -> None:
    states: list[dict[str, Any]] = []
    alone = train_classifiers(eye, pictures, SETTINGS)
    spread = spread_training(eye, pictures, SETTINGS, Counting(), on_progress=states.append)
    for own, known in zip(spread, alone, strict=True):
        assert own.timesteps == known.timesteps
        assert not own.training
        for name, value in known.state_dict().items():
            assert torch.equal(own.state_dict()[name], value), name
    assert states[-1]["done"] == states[-1]["total"]
    assert states[-1]["share"] == pytest.approx(1)


def test_each_finished_timestep_is_kept(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    first = Counting(fails="guide-299")
    with pytest.raises(ResourceError, match="no memory, guide-299"):
        spread_training(eye, pictures, SETTINGS, first, kept=tmp_path)
    second = Counting()
    found = spread_training(eye, pictures, SETTINGS, second, kept=tmp_path)
    assert "common" in first.trained
    assert "guide-299" in second.trained
    kept = {path.stem for path in tmp_path.glob("*.safetensors")}
    assert kept == {*first.trained, *second.trained}
    assert len(second.trained) < len(first.trained) + len(second.trained) - 1
    assert not {"common", "segmenter-0"} & {*second.trained}
    whole = spread_training(eye, pictures, SETTINGS, Counting())
    for own, known in zip(found, whole, strict=True):
        for name, value in known.state_dict().items():
            assert torch.equal(own.state_dict()[name], value), name
    third = Counting()
    spread_training(eye, pictures, SETTINGS, third, kept=tmp_path)
    assert third.trained == []


def test_parts_of_another_training_are_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    spread_training(eye, pictures, SETTINGS, Counting(), kept=tmp_path)
    other = ClassifierTraining(**{**vars(SETTINGS), "seed": 1})
    with pytest.raises(InputError, match="other settings, data or prior"):
        spread_training(eye, pictures, other, Counting(), kept=tmp_path)


def test_what_opens_a_trainer_moves_nothing_that_lies_right(
    eye: Any, pictures: LabelledPictures
) -> None:
    assert isinstance(OpenTrainer(eye, pictures, SETTINGS)(), Trainer)
