from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch

from pixelguide.edit.pipeline_scheduler import adopted_sampler, noise_levels
from pixelguide.errors import InputError
from pixelguide.prior.schedule import Schedule

# diffusers hands numpy tensors in a way that numpy 2 frowns upon
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("name", "options", "sampler"),
    [
        ("DDPMScheduler", {}, None),
        ("DDIMScheduler", {}, "ddim"),
        ("EulerDiscreteScheduler", {}, "ddim"),
        ("EulerAncestralDiscreteScheduler", {}, "sde"),
        ("DPMSolverMultistepScheduler", {}, "dpm-2m"),
        ("DPMSolverMultistepScheduler", {"solver_order": 1}, "ddim"),
        ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}, "sde-2m"),
        (
            "DPMSolverMultistepScheduler",
            {"algorithm_type": "sde-dpmsolver++", "solver_order": 1},
            "sde",
        ),
    ],
)
def test_the_family_is_adopted(name: str, options: dict[str, Any], sampler: str | None) -> None:
    trained = diffusers.DDPMScheduler(beta_schedule="scaled_linear", variance_type="learned_range")
    scheduler = getattr(diffusers, name).from_config(trained.config, **options)
    assert adopted_sampler(scheduler) == sampler
    levels, own = noise_levels(scheduler), Schedule.from_scheduler(trained)
    assert torch.equal(levels.alpha_bar, own.alpha_bar)
    assert levels.fixed_variance == own.fixed_variance


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("PNDM", {}, "PNDMScheduler, whose steps"),
        ("UniPCMultistep", {}, "UniPCMultistepScheduler, whose steps"),
        ("LMSDiscrete", {}, "LMSDiscreteScheduler, whose steps"),
        ("DPMSolverMultistep", {"solver_order": 3}, r"of dpmsolver\+\+, order 3"),
        ("DPMSolverMultistep", {"solver_type": "heun"}, "solver_type heun"),
    ],
)
def test_other_rules_are_refused(name: str, options: dict[str, Any], reason: str) -> None:
    scheduler = getattr(diffusers, f"{name}Scheduler")(**options)
    with pytest.raises(InputError, match=rf"{reason}.*scheduler\. "):
        adopted_sampler(scheduler)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("FlowMatchEulerDiscrete", {}, "no noise levels of a DDPM"),
        ("EDMEuler", {}, "no noise levels of a DDPM"),
        ("DPMSolverMultistep", {"use_karras_sigmas": True}, "with use_karras_sigmas"),
        ("DDPM", {"thresholding": True}, "with thresholding"),
    ],
)
def test_other_levels_are_refused(name: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        noise_levels(getattr(diffusers, f"{name}Scheduler")(**options))


def test_steps_of_euler_are_ddims() -> None:
    """The claim behind the table, on diffusers' own two schedulers."""
    steps = torch.tensor([900, 600, 250])
    ddim = diffusers.DDIMScheduler(clip_sample=False)
    euler = diffusers.EulerDiscreteScheduler(timestep_spacing="leading", steps_offset=0)
    ddim.set_timesteps(10)
    euler.set_timesteps(10)
    alpha = ddim.alphas_cumprod.double().sqrt()
    x = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for t in steps[:2]:
        eps = torch.tanh(x)
        ours = ddim.step(eps, int(t), x).prev_sample
        scaled = x / alpha[int(t)]  # Euler's variables: no scaling of the picture
        theirs = euler.step(eps, euler.timesteps[euler.index_for_timestep(t)], scaled)
        back = theirs.prev_sample * alpha[int(t) - 100]
        torch.testing.assert_close(back, ours, rtol=1e-3, atol=1e-3)
        euler._step_index = None
