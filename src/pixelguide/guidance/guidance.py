"""Pixel-wise guidance: which way to push x_t so that its labels become the target map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pixelguide.labels import IGNORE
from pixelguide.prior.denoiser import Denoiser, Prediction
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.pixel_classifiers import PixelClassifiers


@dataclass(frozen=True)
class GuidedPrediction:
    """A denoiser's prediction and what the classifiers say about it.

    gradient: g of eq. 8, N×C×S×S, zeros when unguided. loss, accuracy, doubt: N, over the ROI, of
    what C_t reads in x_t against the target map (doubt: 1 less the mean probability that it gives
    to that map); NaN when unguided.
    """

    prediction: Prediction
    gradient: Tensor
    loss: Tensor
    accuracy: Tensor
    doubt: Tensor


GuidedDenoiser = Callable[[Tensor, Schedule, int], GuidedPrediction]


def guided(
    denoiser: Denoiser, bank: PixelClassifiers, target: Tensor, roi: Tensor
) -> GuidedDenoiser:
    """Wrap `denoiser` so that it also returns g = ∇_{x_t} mean_{p∈M} CE(y_edit_p, C_t(F_p)).

    (Matsunaga et al. 2022, eq. 8 and Alg. 1.) target: int64 S×S class ids; roi: bool S×S. Each
    candidate's gradient is that of its own mean, so it does not depend on the batch. Gradients
    are enabled only in here, and one pass serves denoising and labelling.
    """
    size = target.shape[-1]
    with torch.inference_mode(
        False
    ):  # tensors made in inference mode can take no part in gradients
        wanted = (roi & (target != IGNORE)).flatten()
        pixels = wanted.nonzero()[:, 0]
        labels = target.flatten()[pixels]

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        member = bank.nearest(int(schedule.timesteps[i]))
        with torch.inference_mode(False), torch.enable_grad():
            x_t = x_t.detach().clone().requires_grad_()
            prediction = denoiser(x_t, schedule, i)
            logits = bank.logits(member, prediction.taps, pixels, size)  # N×P×classes
            errors = F.cross_entropy(
                logits.flatten(0, 1), labels.repeat(len(x_t)), reduction="none"
            )
            loss = errors.view(len(x_t), -1).mean(1)
            (gradient,) = torch.autograd.grad(loss.sum(), x_t)
        accuracy = (logits.argmax(2) == labels).float().mean(1)
        doubt = 1 - (-errors.detach()).exp().view(len(x_t), -1).mean(1)
        return GuidedPrediction(_detached(prediction), gradient, loss.detach(), accuracy, doubt)

    return predict


def unguided(denoiser: Denoiser) -> GuidedDenoiser:
    """`denoiser` with no push at all: what the prior alone paints into the ROI (scale 0)."""

    @torch.no_grad()
    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        unknown = torch.full((len(x_t),), torch.nan)
        prediction = denoiser(x_t, schedule, i)
        return GuidedPrediction(prediction, torch.zeros_like(x_t), unknown, unknown, unknown)

    return predict


def _detached(prediction: Prediction) -> Prediction:
    v = None if prediction.v is None else prediction.v.detach()
    return Prediction(prediction.eps.detach(), prediction.x_0.detach(), v, [])
