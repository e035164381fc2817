"""What a training does and needs is known before it starts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.errors import InputError
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.segment.plan import ClassifierTraining, guide_timesteps, plan_training


def test_the_paper_guides_by_every_timestep_that_edits_visit() -> None:
    settings = ClassifierTraining()
    timesteps = guide_timesteps(settings)
    visited = set(spaced_timesteps(500, 50)) | set(spaced_timesteps(750, 50))
    assert list(timesteps) == sorted(visited)
    assert settings.segment_timesteps == (50, 150, 250)  # Matsunaga et al. 2022, sec. 3.2


@pytest.mark.parametrize(
    ("changes", "timesteps", "message"),
    [
        ({"starts": (500, 5000)}, 1000, r"start 5000, starts\. Each must lie in 2 … 1000"),
        ({"starts": (1,)}, 1000, "start 1, starts"),
        ({}, 600, r"start 750, starts\. Each must lie in 2 … 600"),
        ({"starts": (500, 40)}, 1000, "50 steps from start 40, steps"),
        ({"starts": (100,)}, 200, r"timesteps \(50, 150, 250\), model"),
    ],
)
def test_settings_that_the_schedule_has_not_are_refused(
    changes: dict[str, Any], timesteps: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ClassifierTraining(**changes).check(timesteps)
    ClassifierTraining().check(1000)


GIB = 2**30


def test_the_plan_of_the_built_in_category_is_not_limited_by_memory() -> None:
    plan = plan_training(ClassifierTraining(), pictures=20, size=64, channels=352)
    assert plan.classifiers == 1 + 85
    assert {job.pixels for job in plan.jobs} == {1024}
    assert plan.passes == 2 * 20 * 4 * (3 + 1 + 85)
    assert plan.feature_bytes == 7 * 2 * 20 * 4 * 1024 * 352 * 2


def test_adm_256_with_34_pictures_stays_within_its_memory() -> None:
    # ddpm-segmentation needs 210 GB for the features of 50 such pictures
    plan = plan_training(ClassifierTraining(), pictures=34, size=256, channels=2816)
    assert plan.feature_bytes <= 2 * GIB
    assert all(job.pixels >= 400 for job in plan.jobs)
    assert plan.classifiers == 86


@given(
    st.integers(1, 200), st.sampled_from([16, 64, 256]), st.integers(1, 3000),
    st.floats(0.01, 8), st.integers(1, 12), st.integers(1, 9),
)  # fmt: skip
def test_every_member_is_trained_once_within_the_memory(
    pictures: int, size: int, channels: int, memory: float, members: int, together: int
) -> None:
    settings = ClassifierTraining(memory=memory, members=members, together=together)
    try:
        plan = plan_training(settings, pictures, size, channels)
    except InputError:
        return
    assert plan.feature_bytes <= memory * GIB
    for kind, count in (("segmenter", members), ("common", 1), ("guide", 85)):
        trained = [k for job in plan.jobs if job.kind == kind for k in job.members]
        assert trained == list(range(count))
    kinds = [job.kind for job in plan.jobs]
    assert kinds.index("common") < kinds.index("guide"), "what the guide starts from"
    assert all(16 <= job.pixels <= 1024 and len(job.members) <= together for job in plan.jobs)


def test_too_little_memory_is_an_error_not_a_bad_category() -> None:
    settings = ClassifierTraining(memory=0.01)
    with pytest.raises(InputError, match=r"0\.01 GiB for features of 272 views, memory"):
        plan_training(settings, pictures=34, size=256, channels=2816)
