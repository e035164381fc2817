"""The authors' own training of one pixel classifier, run as it is, on features handed in.

PATH: see `authors`.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor

from benchmarks.authors import NEEDED, UNUSED, imported
from pixelguide.labels import IGNORE

SCRIPT = "train_pixel_classifier.py"
STAND_INS = {
    **UNUSED,
    # of their data set and their feature extractor, in place of which features are handed in
    "blobfile": {},
    "torchvision": {"transforms": None},
}


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of this process's work, which other processes disturb less."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class AuthorsRun:
    """What one run of their script gave. classifier: M×inputs to logits. iterations: batches."""

    classifier: Callable[[Tensor], Tensor]
    iterations: int
    spent: Spent


class AuthorsTraining:
    """Their `train`: batches of 64 of all pixels, Adam, until its own break."""

    def __init__(self, path: Path) -> None:
        """Imports their code. Raises InputError if PATH lacks a part of it."""
        self._script, self._classifying = imported(
            path, ("train_pixel_classifier", "src.pixel_classifier"), (*NEEDED, SCRIPT), STAND_INS
        )

    def run(self, features: Tensor, labels: Tensor, classes: int) -> AuthorsRun:
        """One classifier from float32 M×inputs and int64 M, on the CPU."""
        # as their prepare_data lays it out: inputs×M in memory
        laid_out = features.T.contiguous().T
        prepared = (laid_out, labels.to(torch.uint8))
        said = io.StringIO()
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(self._script, "prepare_data", return_value=prepared),
            # theirs go to a GPU if there is one
            mock.patch.object(self._script, "dev", return_value=torch.device("cpu")),
            contextlib.redirect_stdout(said),
        ):
            arguments = {
                "number_class": classes,
                "ignore_label": IGNORE,
                "batch_size": 64,  # of their experiments/ffhq_34
                "start_model_num": 0,
                "model_num": 1,
                "dim": [1, 1, features.shape[1]],
                "exp_dir": folder,
            }
            watch = Stopwatch()
            self._script.train(arguments)
            spent = watch.read()
            (classifier,) = self._classifying.load_ensemble(arguments)
        return AuthorsRun(classifier, iterations(said.getvalue()), spent)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Spent:
        """By the clock and of this process."""
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def iterations(said: str) -> int:
    """How many batches their script trained on before its break, by what it printed."""
    found = re.search(r"Total iters, (\d+)", said)
    return int(found[1]) if found else 0
