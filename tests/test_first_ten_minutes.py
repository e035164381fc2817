"""A diffusers user's first ten minutes, from loading to sharing, as one test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, DPMSolverMultistepScheduler
from PIL import Image

from conftest import seeded
from fake_hub import FakeHub
from pixelguide import Editor, PixelGuidedPipeline
from pixelguide.labels import LabelMap
from pixelguide.prior.public.pull import pull
from pulls import FolderHub


# diffusers hands numpy a tensor in a way that numpy 2 frowns upon
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_first_ten_minutes_run_as_expected(
    category: Path, picture: Any, target: LabelMap, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PIXELGUIDE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    image = Image.fromarray(picture)
    quick: dict[str, Any] = {"num_inference_steps": 3, "start_timestep": 300}

    # load, and edit
    pipe = PixelGuidedPipeline.from_pretrained(category)
    pipe.set_progress_bar_config(disable=True)
    images = pipe(image, target.ids, num_images_per_prompt=2, generator=seeded(0), **quick).images
    assert [one.size for one in images] == [(16, 16)] * 2
    first = pipe(image, target.ids, num_images=1, generator=seeded(0), output_type="np", **quick)
    assert np.array_equal(np.asarray(images[0]), np.round(first.images[0] * 255))

    # swap the scheduler
    for scheduler in (DDIMScheduler, DPMSolverMultistepScheduler):
        pipe.scheduler = scheduler.from_config(pipe.scheduler.config)
        swapped = pipe(image, target.ids, num_images=1, generator=seeded(0), **quick).images
        assert (np.asarray(swapped[0]) != np.asarray(images[0])).any(), scheduler

    # listen to it, and change what it does
    seen: list[int] = []

    def listen(own: Any, step: int, timestep: int, tensors: dict[str, Any]) -> dict[str, Any]:
        seen.append(timestep)
        return {"latents": tensors["latents"] * 1.0}

    pipe(
        image, target.ids, num_images=1, callback_on_step_end=listen,
        callback_on_step_end_tensor_inputs=["latents"], **quick,
    )  # fmt: skip
    assert len(seen) == pipe.num_timesteps == 3

    # several pictures at once, as they come out
    many = pipe([image, image], [target.ids, target.ids], num_images=1, output_type="pt", **quick)
    assert pipe(many.images, target.ids, num_images=1, **quick).images[1].size == (16, 16)

    # half precision, and offloading
    half = PixelGuidedPipeline.from_pretrained(category, dtype=torch.bfloat16)
    half.set_progress_bar_config(disable=True)
    half(image, target.ids, num_images=1, **quick)
    assert half.unet.dtype == half.guide.dtype == torch.bfloat16
    pipe.enable_sequential_cpu_offload(device="cpu")
    pipe(image, target.ids, num_images=1, **quick)
    pipe.remove_all_hooks()

    # save, push, pull, and open what came, in three ways
    hub = FakeHub(tmp_path / "hub", monkeypatch)
    pipe.save_pretrained("mine", push_to_hub=True, repo_id="someone/mine")
    pull("someone/mine", hub=FolderHub(hub.folder("someone/mine")))
    again = PixelGuidedPipeline.from_pretrained("someone/mine")
    assert isinstance(again.scheduler, DPMSolverMultistepScheduler)
    assert Editor.from_pretrained("someone/mine", "cpu").labels == pipe.label_set
    modules = str(tmp_path / "modules")
    monkeypatch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", modules)
    monkeypatch.syspath_prepend(modules)
    opened = DiffusionPipeline.from_pretrained("mine", trust_remote_code=True)
    opened.set_progress_bar_config(disable=True)
    one, two = (
        np.asarray(p(image, target.ids, num_images=1, generator=seeded(1), **quick).images[0])
        for p in (pipe, opened)
    )
    assert np.array_equal(one, two)
    assert json.loads(Path("mine/model_index.json").read_text())["unet"][0] == "diffusers"
    assert "Traceback" not in capfd.readouterr().err
