"""Schedulers of diffusers that an edit can follow: their noise levels, and how they step."""

from __future__ import annotations

from typing import Any

from pixelguide.errors import InputError
from pixelguide.guidance.schedules import Sampler
from pixelguide.prior.schedule import Schedule

ADOPTED = "DDPM, DDIM, Euler, EulerAncestral, DPMSolverMultistep (++, order 1 or 2)"
HINT = f"Take one of {ADOPTED}, or give `sampler`."
RESHAPED = (
    *("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas"),
    *("use_lu_lambdas", "thresholding"),
)
"""Options that change the levels or the prediction in ways that no sampler here has."""


def noise_levels(scheduler: Any) -> Schedule:
    """The levels of a scheduler. Raises InputError for one that has not those of a DDPM, or other
    steps between them."""
    kind = type(scheduler).__name__
    if getattr(scheduler, "betas", None) is None:
        raise InputError(f"{kind} has no noise levels of a DDPM", "scheduler", HINT)
    for option in RESHAPED:
        if scheduler.config.get(option):
            raise InputError(f"{kind} with {option}", "scheduler", f"Set {option}=False.")
    return Schedule.from_scheduler(scheduler)


def adopted_sampler(scheduler: Any) -> Sampler | None:
    """The sampler whose steps are those of `scheduler`; None for DDPM's, of which every model has
    one and which leaves the choice to the model.

    Euler's steps are DDIM's, in other variables (Song et al. 2021, arXiv 2010.02502, sec. 4.3); the
    ancestral ones are those of the reverse SDE of first order. Raises InputError for other rules.
    """
    kind, config = type(scheduler).__name__, scheduler.config
    if kind in ("DDPMScheduler", "DDPMParallelScheduler"):
        return None
    if kind in ("DDIMScheduler", "DDIMParallelScheduler", "EulerDiscreteScheduler"):
        return "ddim"
    if kind == "EulerAncestralDiscreteScheduler":
        return "sde"
    if kind == "DPMSolverMultistepScheduler":
        return _multistep(config)
    raise InputError(f"{kind}, whose steps no sampler here takes", "scheduler", HINT)


def _multistep(config: Any) -> Sampler:
    rule, order = config.get("algorithm_type"), config.get("solver_order")
    if rule not in ("dpmsolver++", "sde-dpmsolver++") or order not in (1, 2):
        raise InputError(f"DPMSolverMultistepScheduler of {rule}, order {order}", "scheduler", HINT)
    if order == 2 and config.get("solver_type") != "midpoint":
        raise InputError(
            f"DPMSolverMultistepScheduler of solver_type {config.get('solver_type')}",
            "scheduler",
            "Set solver_type='midpoint'.",
        )
    if rule.startswith("sde"):
        return "sde-2m" if order == 2 else "sde"
    return "dpm-2m" if order == 2 else "ddim"
