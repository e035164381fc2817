"""One network run in several ways, as `benchmarks.whole_edit` times them."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.setup import run_as
from benchmarks.whole_edit import whole_edit
from pixelguide.evaluate.subjects import subject_of_shape
from pixelguide.guidance.schedules import StepPlan
from pixelguide.prior.kernels.frozen import FrozenConv2d
from pixelguide.prior.kernels.options import InferenceOptions


def test_an_edit_is_the_same_whichever_way_it_is_run() -> None:
    plain = subject_of_shape("adm-64", 32, torch.device("cpu"), InferenceOptions(plain=True))
    passes = StepPlan("sde", 2, 2, "trailing")
    expected = whole_edit(run_as(plain, "plain"), passes, 2)()
    assert not any(isinstance(layer, FrozenConv2d) for layer in plain.denoiser.unet.modules())
    eager = run_as(plain, "eager")
    assert any(isinstance(layer, FrozenConv2d) for layer in eager.denoiser.unet.modules())
    found = whole_edit(eager, passes, 2)()
    assert isinstance(expected, np.ndarray)
    assert isinstance(found, np.ndarray)
    assert found.shape == (2, 32, 32, 3)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 2
