"""From a plan to pictures: where they begin, what is asked of the network, what stays."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import seeded
from pixelguide.edit.candidates import make_pictures
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.plan import plan_edit
from pixelguide.edit.progress import Clock
from pixelguide.edit.settings import EditSettings
from pixelguide.edit.subject import Subject
from pixelguide.guidance.guidance import unguided
from pixelguide.guidance.sampling import Step
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.picture_statistics import PictureStatistics
from pixelguide.segment.segmenter import Segmenter


@pytest.mark.parametrize(("start_from", "inverted"), [("colours", 0), ("inversion", 2)])
def test_a_pass_for_each_step_and_one_less_for_the_inversion(
    start_from: Literal["colours", "inversion"],
    inverted: int,
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    labels: LabelSet,
    picture: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
) -> None:
    subject = Subject(
        denoiser, Segmenter(denoiser, segmenter_bank, labels), PictureStatistics(), picture
    )
    settings = EditSettings(
        start_from=start_from, start_timestep=200, num_inference_steps=5, inversion_steps=3
    )
    plan = plan_edit(source, target, None, settings, EditDefaults(dilation=2), 1000)
    clock, steps = Clock(), list[Step]()
    with denoiser.counted() as passes:
        made = make_pictures(
            plan, subject, unguided(denoiser), denoiser.schedule, {}, [seeded(1), seeded(2)],
            clock, steps.append,
        )  # fmt: skip
    assert made.shape == (2, 16, 16, 3)
    assert (made[:, ~plan.roi] == picture[~plan.roi]).all()
    assert (made[0] != made[1]).any()
    assert len(passes) == inverted + 5
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert ("inversion" in clock.seconds) is bool(inverted)
