"""What happens after each step of a pipeline's edit: progress, and what a callback asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.guidance.sampling import Steer, Step

if TYPE_CHECKING:
    from pixelguide.edit.pipeline import PixelGuidedPipeline

StepCallback = Callable[["PixelGuidedPipeline", int, int, dict[str, Any]], dict[str, Any] | None]
TENSORS = ("latents", "pred_original_sample")
"""What a callback can be given: x_t, and the picture as the prior expects it now in [-1, 1]."""


class StepWatcher:
    """Follows the steps of one picture's candidates for a pipeline, whose callback steers them.

    latents: what the last step left, N×3×S×S.
    """

    def __init__(
        self,
        pipeline: PixelGuidedPipeline,
        callback: StepCallback | None,
        names: Sequence[str] | None,
    ) -> None:
        """names: which of `TENSORS` the callback is given; None: those it names itself
        (`tensor_inputs` of diffusers' callbacks), else all. Raises InputError for others."""
        self._pipeline, self._callback = pipeline, callback
        own = getattr(callback, "tensor_inputs", None) if names is None else names
        self._names = tuple(TENSORS if own is None else own)
        for name in self._names:
            if name not in TENSORS:
                raise InputError(
                    f"'{name}' is not given to callbacks", "callback_on_step_end_tensor_inputs",
                    f"Choose of {', '.join(TENSORS)}.",
                )  # fmt: skip
        self._bar: Any = None
        self.latents: Tensor | None = None

    def __call__(self, step: Step) -> Steer | None:
        """Tell of a step; gives what the callback changes."""
        pipeline = self._pipeline
        if step.number == 1:
            pipeline._num_timesteps, pipeline._guidance_scale = step.total, step.scale
            self._bar = pipeline.progress_bar(total=step.total)
        x_t = step.x_t
        if self._callback is not None:
            given = {"latents": x_t, "pred_original_sample": step.x_0}
            given = {name: given[name] for name in self._names}
            # a copy, so that what is put into it can be told from what it was given
            answer = self._callback(pipeline, step.number - 1, step.t, dict(given))
            x_t = _changed(answer, given, x_t)
        self.latents = step.x_0 if pipeline.interrupt else x_t
        self._bar.update(1)
        scale = pipeline.guidance_scale
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not scale >= 0:
            raise InputError(f"guidance scale {scale}", "callback", "It must be 0 or more.")
        return Steer(x_t, float(scale), stop=pipeline.interrupt)

    def close(self) -> None:
        """End the progress bar."""
        if self._bar is not None:
            self._bar.close()


def _changed(answer: Any, given: dict[str, Any], x_t: Tensor) -> Tensor:
    """The latents to go on with, by what a callback returned."""
    if answer is None:
        return x_t
    if not isinstance(answer, dict):
        raise InputError(
            f"a callback that returned {type(answer).__name__}", "callback_on_step_end",
            "Return a dict, or nothing.",
        )  # fmt: skip
    for name, value in answer.items():
        if name != "latents" and value is not given.get(name):
            raise InputError(
                f"'{name}' of the callback's dict", hint="Only latents can be changed."
            )
    latents = answer.get("latents", x_t)
    if not isinstance(latents, torch.Tensor) or latents.shape != x_t.shape:
        shape = tuple(getattr(latents, "shape", ()))
        raise InputError(
            f"latents of shape {shape} from the callback", hint=f"Give {tuple(x_t.shape)}."
        )
    return latents.to(x_t.device, x_t.dtype)
