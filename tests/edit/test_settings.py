from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.guidance.schedules import SCHEDULES, StepPlan


def test_at_256_pixels_the_defaults_are_the_papers() -> None:
    # Matsunaga et al. 2022, sec. 4.1
    assert EditDefaults.for_size(256) == EditDefaults(
        small_roi=5000,
        small_start=500,
        small_scale=100,
        large_start=750,
        large_scale=40,
        dilation=3,
    )


@given(st.sampled_from([16, 32, 64, 128, 512, 1024]))
def test_size_rule_follows_the_area(size: int) -> None:
    paper, own = EditDefaults.for_size(256), EditDefaults.for_size(size)
    area = size**2 / 256**2
    assert own.small_roi / size**2 == pytest.approx(5000 / 256**2, abs=1 / size**2)
    assert own.small_scale == pytest.approx(paper.small_scale * area)
    assert own.large_scale == pytest.approx(paper.large_scale * area)
    assert (own.small_start, own.large_start) == (500, 750)
    assert own.dilation >= 1


@given(st.integers(1, 65536), st.sampled_from([32, 64, 256]))
def test_large_regions_start_at_more_noise(pixels: int, size: int) -> None:
    defaults = EditDefaults.for_size(size)
    start, scale = defaults.choose(EditSettings(), pixels, 1000)
    small = pixels <= defaults.small_roi
    assert start == (500 if small else 750)
    assert scale == (defaults.small_scale if small else defaults.large_scale)


def test_the_limit_itself_is_small() -> None:
    defaults = EditDefaults.for_size(256)
    assert defaults.choose(EditSettings(), 5000, 1000) == (500, 100)
    assert defaults.choose(EditSettings(), 5001, 1000) == (750, 40)


@given(st.integers(50, 1000), st.floats(0, 1e6), st.integers(1, 9999))
def test_what_the_user_chooses_is_taken(start: int, scale: float, pixels: int) -> None:
    chosen = EditSettings(start_timestep=start, guidance_scale=scale)
    assert EditDefaults().choose(chosen, pixels, 1000) == (start, scale)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"start_timestep": 1}, "start 1"),
        ({"start_timestep": 0}, "start 0"),
        ({"start_timestep": -500}, "start -500"),
        ({"start_timestep": 1001}, "start 1001"),
        ({"guidance_scale": -0.5}, "scale -0.5"),
    ],
)
def test_choices_out_of_range_are_refused(values: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError) as caught:
        EditDefaults().choose(EditSettings(**values), 100, 1000)
    assert caught.value.what == named


def test_the_papers_schedule_is_fifty_steps_each_way() -> None:
    # Matsunaga et al. 2022, sec. 4.1
    assert EditSettings(schedule="paper").step_plan(500) == StepPlan("ddpm", 50, 50, "linspace")


@given(st.sampled_from([*SCHEDULES]), st.integers(2, 1000))
def test_a_schedule_never_has_more_steps_than_timesteps(schedule: Any, start: int) -> None:
    passes = EditSettings(schedule=schedule).step_plan(start)
    assert passes.steps == min(SCHEDULES[schedule].steps, start)
    assert passes.inversion_steps == min(SCHEDULES[schedule].inversion_steps, start)


@pytest.mark.parametrize(("large", "named"), [(False, "fast"), (True, "paper")])
def test_the_automatic_schedule_follows_the_size(large: bool, named: Any) -> None:
    assert EditSettings().step_plan(500, large) == SCHEDULES[named]
    for chosen in ("fast", "paper"):
        assert EditSettings(schedule=chosen).step_plan(500, large) == SCHEDULES[chosen]
    assert EditSettings().step_plan(500, large, "colours") == SCHEDULES["brief"]
    assert EditSettings(schedule="fast").step_plan(500, large, "colours") == SCHEDULES["fast"]


@given(st.integers(2, 30), st.integers(2, 30))
def test_passes_that_the_user_chooses_are_taken(steps: int, inversion: int) -> None:
    chosen = EditSettings(num_inference_steps=steps, inversion_steps=inversion, sampler="ddim")
    assert chosen.step_plan(500) == StepPlan("ddim", steps, inversion, "trailing")


@pytest.mark.parametrize("field", ["num_inference_steps", "inversion_steps"])
def test_more_steps_than_timesteps_are_refused(field: str) -> None:
    with pytest.raises(InputError, match=r"21 (inversion )?steps from start 20"):
        EditSettings(**{field: 21}).step_plan(20)


def test_a_schedule_may_be_shorter() -> None:
    chosen = EditSettings(start_timestep=101, num_inference_steps=2)
    with pytest.raises(InputError, match="2 … 100"):
        EditDefaults().choose(chosen, 100, timesteps=100)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("num_images", 0),
        ("num_images", 65),
        ("num_images", "many"),
        ("num_images", None),
        ("num_images", 1.5),
        ("seed", -1),
        ("seed", 2**63),
        ("num_inference_steps", 1),
        ("num_inference_steps", 1001),
        ("num_inference_steps", "few"),
        ("inversion_steps", 1),
        ("inversion_steps", None),
        ("schedule", "quick"),
        ("start_timestep", "early"),
        ("start_timestep", 12.5),
        ("start_timestep", None),
        ("guidance_scale", "strong"),
        ("guidance_scale", math.nan),
        ("guidance_scale", math.inf),
        ("guidance_scale", [1]),
        ("sampler", "euler"),
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", "warm"),
        ("roi", "everything"),
        ("dilation", -1),
        ("dilation", 65),
        ("guidance", 1.0),
        ("Seed", 1),
    ],
)
def test_bad_settings_name_their_field(field: str, bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        EditSettings.check("settings", {"seed": 1, field: bad})
    assert caught.value.what.startswith(f"{field}: ")
    assert caught.value.where == "settings"
    assert "\n" not in str(caught.value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "num_images": st.integers(1, 64),
            "seed": st.integers(0, 2**63 - 1),
            "schedule": st.sampled_from(["auto", "fast", "paper"]),
            "num_inference_steps": st.one_of(st.just("auto"), st.integers(2, 1000)),
            "inversion_steps": st.one_of(st.just("auto"), st.integers(2, 1000)),
            "start_timestep": st.one_of(st.just("auto"), st.integers(2, 1000)),
            "guidance_scale": st.one_of(st.just("auto"), st.floats(0, 1e9)),
            "sampler": st.sampled_from(["auto", "ddpm", "ddim", "sde", "sde-2m", "dpm-2m"]),
            "temperature": st.one_of(st.just("auto"), st.floats(0, 2)),
            "roi": st.sampled_from(["classes", "changed"]),
            "dilation": st.one_of(st.none(), st.integers(0, 64)),
        },
    )
)
def test_good_settings_pass_unchanged_and_survive_a_report(values: dict[str, Any]) -> None:
    chosen = EditSettings.check("settings", values)
    dumped = chosen.model_dump()
    assert {name: dumped[name] for name in values} == values
    assert EditSettings.check("settings", dumped) == chosen


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_any_seed_is_taken_or_refused_by_name(seed: int) -> None:
    if 0 <= seed < 2**63:
        assert EditSettings.check("settings", {"seed": seed}).seed == seed
    else:
        with pytest.raises(InputError, match=r"^seed: "):
            EditSettings.check("settings", {"seed": seed})
