from __future__ import annotations

import pytest

from pixelguide.errors import InputError
from pixelguide.guidance.start import check_start, check_steps, start_level


@pytest.mark.parametrize(
    ("start", "share", "steps", "timesteps", "t0"),
    [
        (None, 0.8, 50, 1000, 800),
        (None, 0.5, 50, 1000, 500),
        (None, 0.8, 50, 4000, 3200),
        (300, 0.8, 50, 1000, 300),
        (2, 0.8, 2, 1000, 2),
        (1000, 0.5, 1000, 1000, 1000),
    ],
)
def test_a_share_of_the_timesteps_or_what_the_user_says(
    start: int | None, share: float, steps: int, timesteps: int, t0: int
) -> None:
    assert start_level(start, share, steps, timesteps) == t0


@pytest.mark.parametrize(
    ("start", "steps", "told"),
    [
        (1, 2, "start 1, settings. It must lie in 2 … 1000"),
        (1001, 50, "start 1001"),
        (40, 50, "50 steps from start 40"),
        (None, 501, "501 steps from start 500"),
    ],
)
def test_what_the_model_cannot_do_is_an_error(start: int | None, steps: int, told: str) -> None:
    with pytest.raises(InputError, match=told):
        start_level(start, 0.5, steps, 1000)


def test_a_start_and_its_steps_are_checked_by_name() -> None:
    check_start(2, 1000)
    check_start(1000, 1000)
    check_steps(20, 20)
    with pytest.raises(InputError, match=r"^start 101, settings\. It must lie in 2 … 100"):
        check_start(101, 100)
    with pytest.raises(InputError, match=r"^21 inversion steps from start 20"):
        check_steps(21, 20, "inversion steps")
