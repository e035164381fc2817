"""How often an edit asks the network, and by which rule it moves on: the named schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pixelguide.prior.schedule import Spacing

Sampler = Literal["ddpm", "ddim", "sde", "sde-2m", "dpm-2m"]
"""ddpm: eq. 9 of the paper. ddim, dpm-2m: the probability-flow ODE by DPM-Solver++ of first order
(which is DDIM) and second order, multistep. sde, sde-2m: the reverse SDE likewise."""
GuidanceUnit = Literal["gradient", "noise"]
"""What a strength multiplies: "gradient" is g of eq. 8, the paper's s; "noise" the noise that a
network finds in a pixel, see `noise_units.in_noise_units`."""
ScheduleName = Literal["brief", "fast", "paper"]


@dataclass(frozen=True)
class StepPlan:
    """steps: timesteps from t0 down to the picture, a guided pass at each, spread by `spacing`.
    inversion_steps: timesteps from the picture up to t0, a pass at each but the last."""

    sampler: Sampler
    steps: int
    inversion_steps: int
    spacing: Spacing


SCHEDULES: dict[ScheduleName, StepPlan] = {
    # from colours and a low start, where more passes gain nothing (docs/results.md)
    "brief": StepPlan("sde", 6, 4, "trailing"),
    # chosen by docs/performance.md, "Fewer passes": as accurate as the paper's at a sixth of it;
    # but where much is made anew, hair above all, it loses the colour more often
    "fast": StepPlan("sde", 11, 4, "trailing"),
    "paper": StepPlan(
        "ddpm", 50, 50, "linspace"
    ),  # Matsunaga et al. 2022, sec. 4.1: 50 steps each way
}
