"""The state of an unfinished training of classifiers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import safetensors.torch
import torch

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.safe import load_weights, read_tensors
from pixelguide.prior.threads import thread_count, threads_note
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining


class TrainingCheckpoint:
    """Finished members of an unfinished run, in one safetensors file (path None: kept nowhere)."""

    def __init__(
        self,
        path: Path | None,
        settings: ClassifierTraining,
        pictures: LabelledPictures,
        denoiser: Denoiser,
    ) -> None:
        self.path = path
        if path is None:
            return
        data = hashlib.sha256(pictures.images.tobytes() + pictures.label_ids.tobytes())
        # features of two priors, or of two sets of taps, must not meet in one bank
        data.update(repr(denoiser.taps).encode())
        for value in denoiser.unet.state_dict().values():
            data.update(value.cpu().numpy().tobytes())
        self._identity = json.dumps({**asdict(settings), "data": data.hexdigest()}, sort_keys=True)

    def restore(
        self,
        segmenter: ClassifierBank,
        guide: ClassifierBank,
        on_note: Callable[[str], None] | None = None,
    ) -> int:
        """Fill the banks with what was kept; how many members were finished, 0 without a file.

        on_note: told in a sentence what makes the rest other than without the interruption.
        Raises InputError for the state of a training with other settings, data or prior.
        """
        if self.path is None or not self.path.exists():
            return 0
        tensors = read_tensors(self.path)
        try:
            identity = bytes(tensors.pop("identity").tolist()).decode()
            done = int(tensors.pop("done"))
            threads = int(tensors.pop("threads")) if "threads" in tensors else None
        except (KeyError, ValueError, TypeError, OverflowError, RuntimeError) as error:
            raise self._damaged(error) from None
        if identity != self._identity:
            raise InputError(
                "checkpoint of a training with other settings, data or prior",
                self.path.name,
                "Delete it, or repeat its settings.",
            )
        if not 0 <= done <= 2 + len(guide):
            raise self._damaged(f"{done} finished")
        for prefix, bank in (("segmenter.", segmenter), ("guide.", guide)):
            own = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
            load_weights(bank, own, self.path.name)
        if on_note and (note := threads_note(threads)):
            on_note(note)
        return done

    def _damaged(self, reason: object) -> InputError:
        name = self.path.name if self.path else ""
        return InputError(f"damaged checkpoint ({reason})", name, "Delete it to start over.")

    def keep(self, segmenter: ClassifierBank, guide: ClassifierBank, done: int) -> None:
        """Write the banks, of which `done` members are finished, in one piece."""
        if self.path is None:
            return
        tensors = {f"segmenter.{name}": value for name, value in segmenter.state_dict().items()}
        tensors |= {f"guide.{name}": value for name, value in guide.state_dict().items()}
        tensors["done"] = torch.tensor(done)
        tensors["threads"] = torch.tensor(thread_count())
        tensors["identity"] = torch.tensor(list(self._identity.encode()), dtype=torch.uint8)
        write_atomically(self.path, safetensors.torch.save(tensors))
