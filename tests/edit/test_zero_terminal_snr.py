"""Schedules that end without any signal (Lin et al. 2024, arXiv 2305.08891): edits from any start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers import DDPMScheduler

from conftest import seeded
from model_folders import without_manifest
from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap

ZERO = {"beta_schedule": "scaled_linear", "rescale_betas_zero_snr": True}


def _editor(category: Path, kind: str) -> Editor:
    scheduler = DDPMScheduler(prediction_type=kind, variance_type="learned_range", **ZERO)
    config = scheduler.to_json_string()
    (without_manifest(category) / "scheduler" / "scheduler_config.json").write_text(config)
    editor = Editor.from_pretrained(category, "cpu")
    assert float(editor.denoiser.schedule.alpha_bar[-1]) == 0
    return editor


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "sde", "sde-2m", "dpm-2m"])
@pytest.mark.parametrize("start_from", ["inversion", "colours"])
@pytest.mark.parametrize("start", [1000, 999, 300])
def test_a_network_that_predicts_v_edits_from_any_start(
    category: Path, picture: Any, source: LabelMap, target: LabelMap,
    sampler: str, start_from: str, start: int,
) -> None:  # fmt: skip
    editor = _editor(category, "v_prediction")
    editor.set_image(picture)
    result = editor.edit(
        target, source=source, start_timestep=start, start_from=start_from, sampler=sampler,
        num_inference_steps=3, inversion_steps=3, num_images=1,
    )  # fmt: skip
    assert (result.best.image != picture)[result.roi].any()
    assert np.isfinite(result.best.roi_loss)


def test_a_network_that_predicts_noise_is_capped_with_a_word(
    category: Path, picture: Any, source: LabelMap, target: LabelMap
) -> None:
    editor = _editor(category, "epsilon")
    editor.set_image(picture)
    quick: dict[str, Any] = {"source": source, "num_inference_steps": 3, "num_images": 1}
    with pytest.raises(InputError, match=r"a start of 1000: at t = 999 .* Start at 999 or lower"):
        editor.edit(target, start_timestep=1000, **quick)
    assert editor.edit(target, start_timestep=999, **quick).best.changed_pixels_outside == 0


def test_a_pipeline_does_as_well(category: Path, picture: Any, target: LabelMap) -> None:
    _editor(category, "v_prediction")
    pipe = PixelGuidedPipeline.from_pretrained(category)
    output = pipe(
        picture, target.ids, start_timestep=1000, num_inference_steps=3, num_images=1,
        generator=seeded(1), output_type="np",
    )  # fmt: skip
    assert np.isfinite(output.images).all()
