"""Which trained priors a training can go on from."""

from __future__ import annotations

import torch
from diffusers import UNet2DModel

from pixelguide.errors import InputError
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.schedule import Schedule


def start_network(model: ModelFolder) -> UNet2DModel:
    """The network of `model` for `train_prior` to go on from.

    Raises InputError for one that was trained with another noise schedule, or answers something
    else than ε: it would have to learn anew what it knows.
    """
    scheduler, expected = model.scheduler(), Schedule.linear()
    alpha_bar = Schedule.from_scheduler(scheduler).alpha_bar
    if len(alpha_bar) != len(expected) or not torch.allclose(
        alpha_bar, expected.alpha_bar, rtol=1e-3
    ):
        raise InputError(
            "a start model of another noise schedule",
            "scheduler_config.json",
            "Priors are trained on the linear one of 1000 timesteps: start from such a model.",
        )
    kind = scheduler.config.get("prediction_type", "epsilon")
    if kind != "epsilon":
        raise InputError(
            f"a start model that predicts '{kind}'",
            "scheduler_config.json",
            "Priors are trained to predict epsilon: start from such a model.",
        )
    return model.unet()
