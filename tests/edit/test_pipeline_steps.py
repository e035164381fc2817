"""Callbacks: what they are given, what they may change, and that nothing else is passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.callbacks import PipelineCallback

from conftest import seeded
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap


@pytest.fixture
def pipe(category: Path) -> PixelGuidedPipeline:
    pipe = PixelGuidedPipeline.from_pretrained(category)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def given(picture: Any, source: LabelMap, target: LabelMap) -> dict[str, Any]:
    return {
        "image": picture, "target_map": target.ids, "source_map": source.ids, "num_images": 1,
        "num_inference_steps": 4, "start_timestep": 300, "output_type": "np",
    }  # fmt: skip


def test_progress_is_shown_as_it_is_configured(
    pipe: PixelGuidedPipeline, given: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    pipe(**given)
    assert capfd.readouterr().err == ""
    pipe.set_progress_bar_config(desc="painting")
    pipe(**given)
    shown = capfd.readouterr().err
    assert "painting: 100%" in shown
    assert "4/4" in shown


def test_an_interrupted_call_ends_with_what_there_is(
    pipe: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    expected: list[torch.Tensor] = []

    def stop(own: Any, i: int, t: int, tensors: dict[str, Any]) -> dict[str, Any]:
        expected.append(tensors["pred_original_sample"])
        own._interrupt = i == 1
        return tensors

    output = pipe(**given, callback_on_step_end=stop)
    assert len(expected) == 2
    assert pipe.interrupt
    inside = ((expected[-1][0].permute(1, 2, 0).numpy() + 1) / 2)[output.roi]
    assert np.abs(output.images[0][output.roi] - inside).max() <= 0.5 / 255 + 1e-6
    several = pipe(**{**given, "image": 2 * [given["image"]]}, callback_on_step_end=stop)
    assert len(several.images) == len(several.roi) == 1, "the other was not begun"
    assert len(pipe(**given).images) == 1
    assert not pipe.interrupt


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda d: 3, "a callback that returned int"),
        (lambda d: {**d, "pred_original_sample": d["latents"]}, "'pred_original_sample' of the"),
        (lambda d: {**d, "prompt_embeds": d["latents"]}, "'prompt_embeds' of the"),
        (lambda d: {"latents": d["latents"][:, :2]}, r"latents of shape \(1, 2, 16, 16\)"),
        (lambda d: {"latents": None}, "latents of shape"),
    ],
)
def test_what_cannot_be_heeded_is_refused(
    pipe: PixelGuidedPipeline, given: dict[str, Any], answer: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pipe(**given, callback_on_step_end=lambda own, i, t, tensors: answer(tensors))


def test_tensors_that_there_are_none_of_are_refused(
    pipe: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"'prompt_embeds'.*Choose of latents, pred_orig"):
        pipe(**given, callback_on_step_end_tensor_inputs=["prompt_embeds"])


def test_callbacks_of_diffusers_name_their_own_tensors(
    pipe: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    told: list[set[str]] = []

    class Listen(PipelineCallback):  # type: ignore[misc]
        tensor_inputs = ("latents",)

        def callback_fn(self, own: Any, i: int, t: int, tensors: dict[str, Any]) -> dict[str, Any]:
            told.append(set(tensors))
            return tensors

    pipe(**given, callback_on_step_end=Listen(cutoff_step_ratio=1.0))
    assert told == 4 * [{"latents"}]


@pytest.mark.parametrize("scale", [-1.0, float("nan"), "2", True])
def test_a_scale_that_is_none_is_refused(
    pipe: PixelGuidedPipeline, given: dict[str, Any], scale: Any
) -> None:
    def change(own: Any, *_: Any) -> None:
        own._guidance_scale = scale

    with pytest.raises(InputError, match="guidance scale"):
        pipe(**given, callback_on_step_end=change)


def test_guidance_does_not_begin_on_the_way(
    pipe: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    def begin(own: Any, *_: Any) -> None:
        own._guidance_scale = 2.0

    with pytest.raises(InputError, match="guidance after a scale of 0"):
        pipe(**given, guidance_scale=0, callback_on_step_end=begin)


def test_latents_are_where_the_steps_begin(
    pipe: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    start = torch.randn(1, 3, 16, 16, generator=seeded(3))
    calm = {**given, "temperature": 0.0, "output_type": "latent"}
    first, again, other = (
        pipe(**calm, latents=one, generator=seeded(0)).images for one in (start, start, -start)
    )
    assert torch.equal(first, again)
    assert (first != other).any()
    with pytest.raises(InputError, match="1 latents for 2 images"):
        pipe(**{**given, "num_images": 2}, latents=start)
    with pytest.raises(InputError, match=r"a start of shape \(1, 3, 8, 8\)"):
        pipe(**given, latents=start[..., :8, :8])
    with pytest.raises(InputError, match="latents and start_from"):
        pipe(**given, latents=start, start_from="colours")
