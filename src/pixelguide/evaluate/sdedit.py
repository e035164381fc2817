"""SDEdit on our prior: noise on a stroke painting, taken away again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.guidance.guidance import unguided
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import noised_start, sample_edit
from pixelguide.images import from_model, to_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import spaced_timesteps


def sdedit(
    denoiser: Denoiser,
    image: NDArray[np.uint8],
    guide: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    t0: float,
    steps: int,
    generators: Sequence[torch.Generator],
) -> NDArray[np.uint8]:
    """Edited pictures, uint8 N×S×S×3, one for each of N CPU `generators`.

    (Meng et al. 2021, arXiv 2108.01073: the VP-SDE form of stroke-based editing with a mask, once
    through.) The guide (uint8 S×S×3) is noised to t0, a share of the full schedule in (0, 1], and
    denoised in `steps` DDPM steps; at every level the pixels outside `roi` (bool S×S, True = may
    change) are those of `image`, noised to it. The bytes outside are copied from `image` at the
    end: the original masks the last level in the same way. Raises InputError for a t0 out of range.
    """
    start = round(t0 * len(denoiser.schedule))
    if not 2 <= start <= len(denoiser.schedule):
        raise InputError(f"t0 {t0}", "sdedit", "It is a share of all noise levels, 0.1 … 0.5.")
    schedule = denoiser.schedule.respaced(spaced_timesteps(start, steps))
    x_0 = to_model(image, denoiser.device)
    strokes = to_model(guide, denoiser.device)
    inside = torch.from_numpy(roi).to(denoiser.device)

    x_t = noised_start(strokes, schedule, generators)
    x_edit = sample_edit(unguided(denoiser), x_0, x_t, inside, schedule, 0, generators, "ddpm")
    return composite(image, from_model(x_edit), roi)
