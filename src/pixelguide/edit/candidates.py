"""From a plan to pictures: the start, the guided steps, and the picture put back around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.edit.plan import Plan
from pixelguide.edit.progress import Clock
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.flat_colours import Colours
from pixelguide.guidance.guidance import GuidedDenoiser
from pixelguide.guidance.recolouring import Recolouring
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import Steer, Step, noised_start, sample_edit
from pixelguide.images import from_model, to_model
from pixelguide.prior.schedule import Schedule, spaced_timesteps


def make_pictures(
    plan: Plan,
    subject: Subject,
    predict: GuidedDenoiser,
    schedule: Schedule,
    colours: Colours,
    generators: Sequence[torch.Generator],
    clock: Clock,
    on_step: Callable[[Step], Steer | None] | None = None,
    x_t: Tensor | None = None,
    dyes: Recolouring | None = None,
) -> NDArray[np.uint8]:
    """Candidates, uint8 N×S×S×3, one for each of N CPU `generators`.

    predict: the guided network, see `guidance`. schedule: all of the model's levels. colours: of
    classes, see `Plan.colours`. clock: told how long the inversion and the steps take. x_t: a start
    from outside, see `Steering`. dyes: for what is only recoloured, which all candidates share.
    Raises InputError if x_t has another shape.
    """
    before = dyes(subject.image) if dyes else subject.image
    if not plan.made.any():
        return composite(subject.image, before[None].repeat(len(generators), 0), plan.roi)
    steps = plan.step_plan
    levels = schedule.respaced(spaced_timesteps(plan.start, steps.steps, steps.spacing))
    x_0 = subject.x_0()
    if dyes:
        x_0 = to_model(before, x_0.device)
    if x_t is not None:
        x_t = _given(x_t, len(generators), x_0)
    elif plan.start_from == "colours":
        painted = to_model(plan.colours(before, colours), x_0.device)
        x_t = noised_start(painted, levels, generators, plan.temperature)
    else:
        with clock("inversion"):
            x_t = subject.inverted(plan.start, steps.inversion_steps, x_0 if dyes else None)
    inside = torch.from_numpy(plan.made).to(x_0.device)
    with clock("sampling"):
        x_edit = sample_edit(
            predict, x_0, x_t, inside, levels, plan.scale, generators, steps.sampler, on_step,
            plan.temperature,
        )  # fmt: skip
    made = composite(before, from_model(x_edit), plan.made)
    return composite(subject.image, made, plan.roi)


def _given(x_t: Tensor, count: int, x_0: Tensor) -> Tensor:
    wanted = (count, *x_0.shape[1:])
    if tuple(x_t.shape) not in (wanted, tuple(x_0.shape)):
        raise InputError(
            f"a start of shape {tuple(x_t.shape)}", "latents", f"Give {wanted}: one a candidate."
        )
    if not x_t.is_floating_point() or not torch.isfinite(x_t).all():
        raise InputError("a start that is no finite numbers", "latents", "Give floating point.")
    return x_t.to(x_0.device, x_0.dtype)
