from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.methods import stroke_guide
from pixelguide.evaluate.sdedit import sdedit
from pixelguide.images import to_model
from pixelguide.prior.denoiser import Denoiser, Prediction
from pixelguide.prior.schedule import Schedule


def run(
    denoiser: Denoiser, task: EditTask, t0: float = 0.3, seeds: tuple[int, ...] = (0, 1)
) -> NDArray[np.uint8]:
    guide = stroke_guide(task, {})
    draws = [seeded(seed) for seed in seeds]
    return sdedit(denoiser, task.image, guide, task.roi, t0, 5, draws)


def test_outside_is_exact_and_inside_changes(denoiser: Denoiser, task: EditTask) -> None:
    images = run(denoiser, task)
    assert images.shape == (2, 16, 16, 3)
    assert images.dtype == np.uint8
    assert (images[:, ~task.roi] == task.image[~task.roi]).all()
    assert (images[:, task.roi] != task.image[task.roi]).any()
    assert not np.array_equal(images[0], images[1])


def test_candidates_depend_on_their_own_generator_alone(denoiser: Denoiser, task: EditTask) -> None:
    together, alone = run(denoiser, task), run(denoiser, task, seeds=(1,))
    # a batch of another size may round differently
    assert np.abs(together[1].astype(int) - alone[0]).max() <= 1


def test_one_pass_a_step_for_all_candidates(denoiser: Denoiser, task: EditTask) -> None:
    with denoiser.counted() as calls:
        run(denoiser, task)
    assert calls == [2] * 5


def test_a_perfect_denoiser_gives_back_the_guide(task: EditTask, schedule: Schedule) -> None:
    """Whatever the noise: a network that knows the guide takes all of it away."""
    guide = stroke_guide(task, {})
    known = to_model(guide)

    class Knowing:
        device = torch.device("cpu")

        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x_t: torch.Tensor, levels: Schedule, i: int) -> Prediction:
            level = torch.full((len(x_t),), i)
            x_0 = known.expand_as(x_t)
            return Prediction(levels.predict_eps(x_t, x_0, level), x_0, None, [])

    for t0 in (0.05, 0.5, 1.0):
        draws = [seeded(0)]
        (image,) = sdedit(Knowing(), task.image, guide, task.roi, t0, 10, draws)  # type: ignore[arg-type]
        assert np.array_equal(image, np.where(task.roi[..., None], guide, task.image))


@pytest.mark.parametrize("t0", [0.0, -0.2, 1.2])
def test_t0_must_be_a_share(denoiser: Denoiser, task: EditTask, t0: float) -> None:
    with pytest.raises(InputError, match="t0"):
        run(denoiser, task, t0)
