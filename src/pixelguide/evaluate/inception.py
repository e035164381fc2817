"""FID and Inception score by the standard Inception network, an extra with weights to fetch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.evaluate.features import BATCH, frechet_distance

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
"""What torch-fidelity calls the weights of the 2015 TensorFlow network, which all published FIDs
are computed with."""

Extractor = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""From pictures uint8 N×S×S×3 to pooled features N×2048 and logits N×1008."""


def inception_extractor(weights: Path, device: torch.device | str = "cpu") -> Extractor:
    """The network with `weights`, a file named as `WEIGHTS`.

    Raises InputError that says what to install or fetch when torch-fidelity or the file is
    missing, or the file is something else. Nothing is downloaded.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except (ImportError, RuntimeError) as error:  # the latter: a torchvision for another torch
        reason = str(error).splitlines()[0]
        raise InputError(
            f"torch-fidelity cannot be used ({reason})",
            "FID",
            "Install it: pip install pixelguide[eval].",
        ) from None
    if not weights.is_file():
        raise InputError("no such file", str(weights), f"Give torch-fidelity's {WEIGHTS}.")
    try:
        network = FeatureExtractorInceptionV3(
            "inception-v3-compat",
            ["2048", "logits_unbiased"],
            feature_extractor_weights_path=str(weights),
        )
    except Exception as error:  # a file of anything may break it anywhere
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"not Inception weights ({reason})", str(weights)) from None
    network.to(device).eval()

    @torch.no_grad()
    def extract(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        features, logits = [], []
        for start in range(0, len(images), BATCH):
            pixels = torch.from_numpy(np.array(images[start : start + BATCH])).permute(0, 3, 1, 2)
            pooled, scores = network(pixels.to(device))
            features.append(pooled.cpu().double().numpy())
            logits.append(scores.cpu().double().numpy())
        return np.concatenate(features), np.concatenate(logits)

    return extract


def inception_score(logits: NDArray[np.float64]) -> float:
    """exp E_x KL(p(y|x) ‖ p(y)) of logits N×classes, all in one split.

    (Salimans et al. 2016, arXiv 1606.03498, sec. 4.) At least 1, at most the number of classes.
    """
    log_p = logits - np.logaddexp.reduce(logits, 1, keepdims=True)
    log_marginal = np.logaddexp.reduce(log_p, 0, keepdims=True) - np.log(len(logits))
    divergence = (np.exp(log_p) * (log_p - log_marginal)).sum(1)
    return float(np.exp(divergence.mean()))


def inception_measures(
    extract: Extractor, edited: NDArray[np.uint8], reference: NDArray[np.float64]
) -> dict[str, float]:
    """Measures "fid" and "inception_score" of `edited` (uint8 N×S×S×3) against features M×2048."""
    features, logits = extract(edited)
    return {
        "fid": frechet_distance(features, reference),
        "inception_score": inception_score(logits),
    }
