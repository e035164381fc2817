from __future__ import annotations

import dataclasses

import pytest

from pixelguide.prior import run_clock
from pixelguide.prior.run_clock import SAMPLE_PASSES, RunClock
from pixelguide.prior.training_settings import PriorTraining

SETTINGS = PriorTraining(images=1000, batch_size=10, held_out=100)


class Time:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(run_clock, "time", time)
    return time


def test_without_minutes_the_steps_say_what_is_left(time: Time) -> None:
    clock = RunClock(SETTINGS, total_steps=100, first_step=0)
    clock.start()
    time.now += 10_000
    assert clock.left(51) == pytest.approx(50 / 101)


def test_minutes_count_from_the_first_batch_to_the_last_file(time: Time) -> None:
    clock = RunClock(dataclasses.replace(SETTINGS, minutes=10), 10_000, 0)
    time.now += 300  # opening pictures, compiling
    clock.start()
    time.now += 100
    clock.start()  # only the first counts
    # 100 steps of 10 pictures in 100 s: a pass forward takes a thirtieth of a second
    ending = (SAMPLE_PASSES + 100) / 30
    assert clock.left(101) == pytest.approx(1 - 100 / (600 - ending))
    clock.checkpoint_took(60)
    time.now += 60
    assert clock.left(101) == pytest.approx(1 - 160 / 540)
    time.now += 380
    assert clock.left(102) <= 0  # 540 s of steps and checkpoints, and 60 s for the last one


def test_what_is_written_at_the_end_takes_at_most_half(time: Time) -> None:
    clock = RunClock(dataclasses.replace(SETTINGS, minutes=1), 10_000, 0)
    clock.start()
    clock.checkpoint_took(1000)
    assert clock.left(1) == 1 - 1 / 10_001
    time.now += 15
    assert clock.left(1) == pytest.approx(0.5)


def test_the_pace_is_that_of_this_run_s_steps(time: Time) -> None:
    clock = RunClock(SETTINGS, 100, first_step=40)
    clock.start()
    time.now += 50
    clock.checkpoint_took(30)
    assert clock.pictures_per_second(60) == pytest.approx(200 / 20)


def test_before_it_begins_nothing_has_passed(time: Time) -> None:
    clock = RunClock(dataclasses.replace(SETTINGS, minutes=1), 100, 0)
    time.now += 1000
    assert clock.left(1) == pytest.approx(100 / 101)
    assert clock.pictures_per_second(1) == 0
