"""What users of diffusers expect of any pipeline, written down by us one by one.

The list beside that of diffusers' own common tests is in docs/decisions.md.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from torch import nn

from conftest import seeded, wake
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.classifier import ClassifierBank

MODULES = ("unet", "segmenter", "guide")


class TestExpectations:
    """Of a pipeline over tiny modules of its own, which each test may change."""

    @pytest.fixture
    def parts(
        self, segmenter_bank: ClassifierBank, guide_bank: ClassifierBank, labels: LabelSet
    ) -> dict[str, Any]:
        """Components as a user makes them: trainable, in training mode."""
        unet = Architecture(16, (16, 32), attention_levels=1, head_channels=16).build(seeded(1))
        wake(unet, 2)
        banks: list[Any] = []
        for known in (segmenter_bank, guide_bank):
            bank = ClassifierBank(**known.state())
            bank.load_state_dict(known.state_dict())
            banks.append(bank.train())
        banks[0].category = {"labels": json.loads(labels.to_json())}
        scheduler = DDPMScheduler(variance_type="learned_range")
        return {
            "unet": unet.train(), "scheduler": scheduler, "segmenter": banks[0], "guide": banks[1]
        }  # fmt: skip

    @pytest.fixture
    def pipe(self, parts: dict[str, Any]) -> PixelGuidedPipeline:
        pipe = PixelGuidedPipeline(**parts)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    @pytest.fixture
    def given(self, picture: Any, source: LabelMap, target: LabelMap) -> dict[str, Any]:
        return {
            "image": picture, "target_map": target.ids, "source_map": source.ids,
            "num_inference_steps": 3, "start_timestep": 300, "num_images": 1, "output_type": "np",
        }  # fmt: skip

    # What it is made of

    def test_parameters_that_all_pipelines_have_are_optional(self) -> None:
        parameters = inspect.signature(PixelGuidedPipeline.__call__).parameters
        common = (
            *("num_inference_steps", "num_images_per_prompt", "generator", "latents"),
            *("output_type", "return_dict", "callback_on_step_end"),
            "callback_on_step_end_tensor_inputs",
        )
        assert [n for n in common if parameters[n].default is inspect.Parameter.empty] == []
        required = [n for n, p in parameters.items() if p.default is inspect.Parameter.empty]
        assert required == ["self", "image"]  # a colour needs no map

    def test_components_are_the_modules_and_make_it_again(
        self, pipe: PixelGuidedPipeline, parts: dict[str, Any], given: dict[str, Any]
    ) -> None:
        assert set(pipe.components) == set(parts)
        assert all(pipe.components[name] is part for name, part in parts.items())
        again = PixelGuidedPipeline(**pipe.components)
        assert again.config.labels == pipe.config.labels
        first, second = (p(**given, generator=seeded(1)).images for p in (pipe, again))
        assert np.array_equal(first, second)

    def test_components_are_of_the_category_they_were_taken_from(
        self, pipe: PixelGuidedPipeline
    ) -> None:
        other = PixelGuidedPipeline(**pipe.components, defaults={"small_scale": 7.0})
        assert PixelGuidedPipeline(**pipe.components).config.defaults is None
        assert PixelGuidedPipeline(**other.components).config.defaults == {"small_scale": 7.0}

    def test_from_pipe_shares_the_modules(self, pipe: PixelGuidedPipeline) -> None:
        again = PixelGuidedPipeline.from_pipe(pipe)
        assert again.unet is pipe.unet
        assert again.config.labels == pipe.config.labels

    # A call leaves everything as it was

    def test_modules_stay_in_training(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        pipe.guide.eval()
        pipe.unet.conv_in.requires_grad_(False)
        before = {
            (part, name): (value.requires_grad, value.dtype, value.clone(), value.data_ptr())
            for part in MODULES for name, value in getattr(pipe, part).named_parameters()
        }  # fmt: skip
        modes = {part: [m.training for m in getattr(pipe, part).modules()] for part in MODULES}
        pipe(**given)
        for (part, name), (trainable, dtype, value, place) in before.items():
            now = dict(getattr(pipe, part).named_parameters())[name]
            assert (now.requires_grad, now.dtype, now.data_ptr()) == (trainable, dtype, place)
            assert torch.equal(now, value)
        for part, known in modes.items():
            assert [module.training for module in getattr(pipe, part).modules()] == known
        assert any(modes["unet"])
        assert not any(modes["guide"])

    def test_a_training_goes_on_after_validation(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        optimizer = torch.optim.SGD(pipe.unet.parameters(), lr=1e-3)
        before = pipe.unet.conv_in.weight.clone()
        for _ in range(2):
            loss = pipe.unet(torch.ones(1, 3, 16, 16), 5).sample.square().mean()
            loss.backward()
            optimizer.step()
            pipe(**given)
        assert not torch.equal(pipe.unet.conv_in.weight, before)

    def test_what_was_trained_since_is_used(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        first = pipe(**given, generator=seeded(1)).images
        with torch.no_grad():
            pipe.unet.conv_out.weight.mul_(3)
        assert (pipe(**given, generator=seeded(1)).images != first).any()

    # Precision and devices

    def test_to_dtype_reaches_every_module_and_stays(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        pipe.to(dtype=torch.bfloat16)
        pipe(**given)
        assert {getattr(pipe, part).dtype for part in MODULES} == {torch.bfloat16}

    @pytest.mark.filterwarnings("ignore:.*torch_dtype")  # diffusers has renamed it
    @pytest.mark.parametrize("how", ["dtype", "torch_dtype"])
    def test_a_dtype_can_be_loaded(
        self, pipe: PixelGuidedPipeline, tmp_path: Path, how: str
    ) -> None:
        pipe.save_pretrained(tmp_path)
        loaded = PixelGuidedPipeline.from_pretrained(tmp_path, **{how: torch.float16})
        assert {getattr(loaded, part).dtype for part in MODULES} == {torch.float16}

    def test_each_module_can_have_its_own_dtype(
        self, pipe: PixelGuidedPipeline, tmp_path: Path
    ) -> None:
        pipe.save_pretrained(tmp_path)
        types = {"unet": torch.bfloat16, "default": torch.float16}
        loaded = PixelGuidedPipeline.from_pretrained(tmp_path, dtype=types)
        assert [getattr(loaded, part).dtype for part in MODULES] == [
            torch.bfloat16, torch.float16, torch.float16,
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "offload", ["enable_sequential_cpu_offload", "enable_model_cpu_offload"]
    )
    def test_offloaded_it_makes_the_same(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any], offload: str
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        getattr(pipe, offload)(device="cpu")
        if "sequential" in offload:
            assert pipe.unet.conv_in.weight.is_meta
        for _ in range(2):
            assert np.array_equal(pipe(**given, generator=seeded(1)).images, expected)
        assert hasattr(pipe.unet, "_hf_hook"), "still offloaded"
        if "sequential" in offload:
            assert pipe.unet.conv_in.weight.is_meta

    @pytest.mark.parametrize("kind", ["leaf_level", "block_level"])
    def test_offloaded_by_groups_it_makes_the_same(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any], kind: str
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        blocks = {"num_blocks_per_group": 1} if kind == "block_level" else {}
        pipe.unet.enable_group_offload(torch.device("cpu"), offload_type=kind, **blocks)
        assert np.array_equal(pipe(**given, generator=seeded(1)).images, expected)

    def test_a_device_map_is_heeded(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any], tmp_path: Path
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        pipe.save_pretrained(tmp_path)
        loaded = PixelGuidedPipeline.from_pretrained(tmp_path, device_map="cpu")
        assert np.array_equal(loaded(**given, generator=seeded(1)).images, expected)

    def test_attention_in_slices_changes_nothing(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        for size in (1, 2):
            pipe.enable_attention_slicing(size)
            assert np.array_equal(pipe(**given, generator=seeded(1)).images, expected)

    def test_a_compiled_network_is_the_network(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        pipe.unet = torch.compile(pipe.unet, backend="eager")
        assert np.array_equal(pipe(**given, generator=seeded(1)).images, expected)

    # Many at once

    def test_lists_give_as_many_as_they_have(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        lists = {n: 2 * [given[n]] for n in ("image", "target_map", "source_map")}
        output = pipe(**{**given, **lists}, generator=[seeded(0), seeded(1)])
        assert output.images.shape == (2, 16, 16, 3)
        assert output.roi.shape == (2, 16, 16)
        assert len(output.roi_loss) == len(output.roi_accuracy) == 2

    def test_one_of_a_list_is_what_it_is_alone(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        alone = pipe(**given, generator=seeded(0))
        lists = {n: 3 * [given[n]] for n in ("image", "target_map", "source_map")}
        together = pipe(**{**given, **lists}, generator=[seeded(k) for k in range(3)])
        assert np.array_equal(together.images[0], alone.images[0])
        assert (together.images[1] != alone.images[0]).any()

    @pytest.mark.parametrize("pictures", [1, 2])
    @pytest.mark.parametrize("each", [1, 2])
    def test_num_images_per_prompt_is_of_each_picture(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any], pictures: int, each: int
    ) -> None:
        given = {**given, "num_images": None, "num_images_per_prompt": each}
        lists = {n: pictures * [given[n]] for n in ("image", "target_map")}
        assert len(pipe(**{**given, **lists}).images) == pictures * each

    # What comes out

    def test_a_tuple_holds_what_the_output_holds(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        output = pipe(**given, generator=seeded(1))
        images, roi = pipe(**given, generator=seeded(1), return_dict=False)
        assert np.array_equal(images, output[0])
        assert np.array_equal(images, output.images)
        assert np.array_equal(roi, output.roi)

    # Callbacks

    def test_callbacks_get_the_tensors_they_ask_for(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        for names in (["latents"], list(pipe._callback_tensor_inputs)):
            told: list[set[str]] = []

            def listen(own: Any, i: int, t: int, tensors: dict[str, Any]) -> dict[str, Any]:
                told.append(set(tensors))  # noqa: B023 - called in this turn alone
                assert all(isinstance(value, torch.Tensor) for value in tensors.values())
                return tensors

            pipe(
                **given, callback_on_step_end=listen, callback_on_step_end_tensor_inputs=names
            )  # fmt: skip
            assert told == 3 * [set(names)]

    def test_what_a_callback_makes_of_the_latents_is_gone_on_with(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        def blank(own: Any, i: int, t: int, tensors: dict[str, Any]) -> dict[str, Any]:
            if i == own.num_timesteps - 1:
                tensors["latents"] = torch.zeros_like(tensors["latents"])
            return tensors

        left = pipe(**{**given, "output_type": "latent"}, callback_on_step_end=blank)[0]
        assert left.shape == (1, 3, 16, 16)
        assert left.abs().sum() == 0
        output = pipe(**given, callback_on_step_end=blank)
        assert np.allclose(output.images[0][output.roi], 128 / 255)  # 0 of [-1, 1] is 127.5

    def test_a_callback_may_raise_the_guidance(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        def more(own: Any, i: int, t: int, tensors: dict[str, Any]) -> dict[str, Any]:
            own._guidance_scale += 1.0
            return tensors

        given = {**given, "guidance_scale": 2.0}
        plain = pipe(**given, generator=seeded(1)).images
        pushed = pipe(**given, generator=seeded(1), callback_on_step_end=more).images
        assert pipe.num_timesteps == 3
        assert pipe.guidance_scale == 2.0 + pipe.num_timesteps
        assert (plain != pushed).any()

    # Saving and loading

    def test_saved_and_loaded_it_makes_the_same(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any], tmp_path: Path
    ) -> None:
        expected = pipe(**given, generator=seeded(1)).images
        pipe.save_pretrained(tmp_path, safe_serialization=False)  # which is warned of
        assert list(tmp_path.rglob("*.bin")) == []
        loaded = PixelGuidedPipeline.from_pretrained(tmp_path)
        assert np.array_equal(loaded(**given, generator=seeded(1)).images, expected)

    def test_variants_are_in_the_names_of_the_weights(
        self, pipe: PixelGuidedPipeline, tmp_path: Path
    ) -> None:
        pipe.save_pretrained(tmp_path, variant="fp16")
        index = json.loads((tmp_path / "model_index.json").read_text())
        for part in MODULES:
            assert part in index
            weights = [p.name for p in (tmp_path / part).iterdir() if p.suffix != ".json"]
            assert weights == ["diffusion_pytorch_model.fp16.safetensors"]

    def test_variants_load(self, pipe: PixelGuidedPipeline, tmp_path: Path) -> None:
        pipe.save_pretrained(tmp_path, variant="fp16")
        loaded = PixelGuidedPipeline.from_pretrained(tmp_path, variant="fp16")
        for part in MODULES:
            own: nn.Module = getattr(pipe, part)
            theirs = dict(getattr(loaded, part).named_parameters())
            assert all(torch.equal(value, theirs[name]) for name, value in own.named_parameters())

    def test_a_variant_that_is_not_there_is_told(
        self, pipe: PixelGuidedPipeline, tmp_path: Path
    ) -> None:
        pipe.save_pretrained(tmp_path)
        with pytest.raises(ValueError, match="variant=fp16"):
            PixelGuidedPipeline.from_pretrained(tmp_path, variant="fp16")

    # Other schedulers

    def test_a_scheduler_is_swapped_by_its_configuration(
        self, pipe: PixelGuidedPipeline, given: dict[str, Any]
    ) -> None:
        pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
        swapped = pipe(**given, generator=seeded(1)).images
        pipe.scheduler = DDPMScheduler.from_config(pipe.scheduler.config)
        named = pipe(**given, generator=seeded(1), sampler="ddim").images
        assert np.array_equal(swapped, named)
        assert (pipe(**given, generator=seeded(1)).images != named).any()


def test_the_network_of_a_pipeline_stays_diffusers_own(
    category: Path, denoiser: Denoiser, schedule: Schedule
) -> None:
    pipe = PixelGuidedPipeline.from_pretrained(category)
    assert type(pipe.unet) is UNet2DModel
    assert len(schedule) == len(pipe.scheduler.betas)
    assert denoiser.size == pipe.unet.config.sample_size
