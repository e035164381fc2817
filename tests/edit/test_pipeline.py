from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from numpy.typing import NDArray
from PIL import Image

from conftest import seeded
from model_folders import write_category
from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline import PixelGuidedOutput, PixelGuidedPipeline
from pixelguide.edit.pipeline_inputs import per_candidate
from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import MANIFEST, write_parts
from pixelguide.segment.category import train_category
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.picture_statistics import DOMAIN, PictureStatistics
from pixelguide.segment.plan import ClassifierTraining


def bytes_of(images: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pictures in 0 … 1 as whole numbers in 0 … 255."""
    assert images.dtype == np.float32
    return np.round(images * 255).astype(np.int64)


QUICK: dict[str, Any] = {"schedule": "fast", "num_inference_steps": 3, "start_timestep": 300}


@pytest.fixture(scope="module")
def category(
    tmp_path_factory: pytest.TempPathFactory,
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Path:
    folder = tmp_path_factory.mktemp("pipeline") / "category"
    return write_category(folder, denoiser, segmenter_bank, guide_bank, labels)


@pytest.fixture(scope="module")
def pipeline(category: Path) -> PixelGuidedPipeline:
    pipeline = PixelGuidedPipeline.from_pretrained(category)
    assert isinstance(pipeline, PixelGuidedPipeline)
    return pipeline


@pytest.fixture
def given(picture: NDArray[np.uint8], source: LabelMap, target: LabelMap) -> dict[str, Any]:
    return {"image": picture, "target_map": target.ids, "source_map": source.ids, **QUICK}


def test_a_model_folder_opens_as_it_is(pipeline: PixelGuidedPipeline, labels: LabelSet) -> None:
    assert pipeline.label_set == labels
    assert isinstance(pipeline.scheduler, DDPMScheduler)
    assert isinstance(pipeline.guide, ClassifierBank)
    assert len(pipeline.segmenter) == 2


def test_saved_and_loaded_it_gives_the_same_images(
    pipeline: PixelGuidedPipeline, given: dict[str, Any], tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path / "saved")
    loaded = PixelGuidedPipeline.from_pretrained(tmp_path / "saved")
    assert loaded.label_set == pipeline.label_set
    first, second = (
        p(**given, generator=seeded(3), num_images=2, output_type="np") for p in (pipeline, loaded)
    )
    assert first.images.tobytes() == second.images.tobytes()
    assert first.roi_loss == second.roi_loss


def test_defaults_travel_with_it(pipeline: PixelGuidedPipeline, tmp_path: Path) -> None:
    parts = dict(pipeline.components)
    own = PixelGuidedPipeline(
        **parts, labels=pipeline.config.labels, defaults={"small_scale": 7.0, "dilation": 0}
    )
    own.save_pretrained(tmp_path)
    loaded = PixelGuidedPipeline.from_pretrained(tmp_path)
    assert loaded._editor().defaults.small_scale == 7
    assert loaded._editor().defaults.dilation == 0


def test_models_are_found_by_name_and_checked_as_the_editor_s(
    category: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixelguide.prior import bundle

    monkeypatch.setattr(bundle, "built_in_models", lambda: {"tiny": category})
    assert len(PixelGuidedPipeline.from_pretrained("tiny").guide) == 4
    with pytest.raises(InputError, match="no model 'nowhere'"):
        PixelGuidedPipeline.from_pretrained("nowhere")
    damaged = tmp_path / "damaged"
    shutil.copytree(category, damaged)
    (damaged / "labels.json").write_text("{}")
    with pytest.raises(InputError, match="does not match its hash"):
        PixelGuidedPipeline.from_pretrained(damaged)


def test_what_it_saves_the_editor_opens(pipeline: PixelGuidedPipeline, tmp_path: Path) -> None:
    own = PixelGuidedPipeline(
        **pipeline.components, labels=pipeline.config.labels, defaults={"small_scale": 7.0}
    )
    own.save_pretrained(tmp_path)
    editor = Editor.from_pretrained(tmp_path, "cpu")
    assert editor.labels == pipeline.label_set
    assert editor.defaults.small_scale == 7


def test_it_may_be_saved_over_a_model(category: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(category, folder)
    statistics = PictureStatistics(eyes=((0.3, 0.4), (0.7, 0.4)), pictures=3)
    write_parts(folder, {DOMAIN: statistics.to_json(), "edit.json": b'{"small_scale": 7}'})
    pipeline = PixelGuidedPipeline.from_pretrained(folder)
    assert pipeline._editor().defaults.small_scale == 7
    for place in (folder, tmp_path / "elsewhere"):
        pipeline.save_pretrained(place)
        editor = Editor.from_pretrained(place, "cpu")
        assert editor.statistics == statistics
        assert editor.defaults.small_scale == 7
        assert (place / MANIFEST).exists()
    pipeline.register_to_config(defaults=None, domain=None)
    pipeline.save_pretrained(folder)
    editor = Editor.from_pretrained(folder, "cpu")
    assert editor.statistics == PictureStatistics()
    assert editor.defaults.small_scale != 7


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_it_edits_in_half_precision(
    category: Path, given: dict[str, Any], pipeline: PixelGuidedPipeline, dtype: torch.dtype
) -> None:
    half = PixelGuidedPipeline.from_pretrained(category).to(dtype)
    assert half.unet.dtype == dtype
    first, second = (
        bytes_of(p(**given, num_images=1, generator=seeded(1), output_type="np").images)
        for p in (pipeline, half)
    )
    assert np.abs(first - second).mean() < 5
    assert {part.dtype for part in (half.unet, half.segmenter, half.guide)} == {dtype}


def test_without_labels_it_says_so(pipeline: PixelGuidedPipeline) -> None:
    parts = dict(pipeline.components)
    parts["segmenter"] = ClassifierBank.from_config(parts["segmenter"].config)
    with pytest.raises(InputError, match="no labels"):
        PixelGuidedPipeline(**parts)


def test_a_trained_category_opens_as_a_pipeline(
    model_folder: Path,
    tmp_path: Path,
    picture: NDArray[np.uint8],
    source: LabelMap,
    given: dict[str, Any],
) -> None:
    dataset = tmp_path / "dataset"
    save_png(dataset / "a.png", picture)
    source.save(dataset / "a_label.png")
    (dataset / "labels.json").write_text(source.labels.to_json())
    settings = ClassifierTraining(
        starts=(300,), steps=3, iterations=2, tuning=2, pixels=64, noise_draws=1
    )
    train_category(dataset, model_folder, tmp_path / "out", settings, allow_absent=True)
    pipeline = PixelGuidedPipeline.from_pretrained(tmp_path / "out")
    output = pipeline(**given, num_images=2, output_type="np")
    outside = bytes_of(output.images)[:, ~output.roi]
    assert outside.shape[1] == 0 or (outside == picture[~output.roi]).all()


def test_it_does_what_the_editor_does(
    pipeline: PixelGuidedPipeline, category: Path, given: dict[str, Any],
    source: LabelMap, target: LabelMap,
) -> None:  # fmt: skip
    editor = Editor.from_pretrained(category, "cpu")
    editor.set_image(given["image"])
    expected = editor.edit(
        target, source=source, edit_classes=["house"],
        generators=per_candidate([seeded(5), seeded(6)], 2),
        sampler="ddim", guidance_scale=2.0, **QUICK,
    )  # fmt: skip
    output = pipeline(
        **given, edit_classes=["house"], generator=[seeded(5), seeded(6)], num_images=2,
        sampler="ddim", guidance_scale=2.0, output_type="np",
    )  # fmt: skip
    assert np.array_equal(bytes_of(output.images), np.stack([c.image for c in expected.candidates]))
    assert np.array_equal(output.roi, expected.roi)
    assert output.roi_loss == [c.roi_loss for c in expected.candidates]
    assert output.roi_accuracy == [c.roi_accuracy for c in expected.candidates]
    assert (bytes_of(output.images)[:, ~output.roi] == given["image"][~output.roi]).all()


def test_output_types_show_the_same_pictures(
    pipeline: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    outputs = {
        kind: pipeline(**given, num_images=2, generator=seeded(1), output_type=kind)
        for kind in ("pil", "np", "pt")
    }
    arrays = outputs["np"].images
    assert isinstance(outputs["np"], PixelGuidedOutput)
    assert arrays.shape == (2, 16, 16, 3)
    assert arrays.dtype == np.float32
    assert 0 <= arrays.min() < arrays.max() <= 1
    assert all(isinstance(image, Image.Image) for image in outputs["pil"].images)
    pil = np.stack([np.asarray(i) for i in outputs["pil"].images])
    assert np.array_equal(pil, bytes_of(arrays))
    assert np.array_equal(pil.astype(np.float32) / 255, arrays)
    assert torch.equal(outputs["pt"].images, torch.from_numpy(arrays).permute(0, 3, 1, 2))
    images, roi = pipeline(
        **given, num_images=2, generator=seeded(1), output_type="np", return_dict=False
    )
    assert np.array_equal(images, arrays)
    assert np.array_equal(roi, outputs["np"].roi)
    with pytest.raises(InputError, match="output_type 'image'"):
        pipeline(**given, output_type="image")


def test_pictures_and_maps_may_be_pil(
    pipeline: PixelGuidedPipeline, given: dict[str, Any], target: LabelMap
) -> None:
    pil = {"image": Image.fromarray(given["image"]), "target_map": target.to_image()}
    first, second = (
        pipeline(**one, num_images=1, generator=seeded(2), output_type="np").images
        for one in (given, given | pil)
    )
    assert np.array_equal(first, second)


def test_one_generator_gives_each_candidate_its_own(
    pipeline: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    def images(count: int, generator: Any) -> NDArray[np.int64]:
        output = pipeline(**given, num_images=count, generator=generator, output_type="np")
        return bytes_of(output.images)

    three = images(3, seeded(9))
    assert (three[0] != three[1]).any()
    assert np.abs(images(1, seeded(9))[0] - three[0]).max() <= 1, "however many there are"
    assert (images(1, seeded(10))[0] != three[0]).any()
    listed = images(2, [seeded(1), seeded(1)])
    assert np.abs(listed[0] - listed[1]).max() <= 1
    assert (images(1, None) != images(1, None)).any(), "without one, fresh entropy"
    with pytest.raises(InputError, match="2 generators for 3 images"):
        images(3, [seeded(1), seeded(2)])


def test_nothing_is_rendered_for_nobody(
    pipeline: PixelGuidedPipeline, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelguide.edit.progress.from_model", None)
    assert len(pipeline(**given, num_images=1).images) == 1


def test_the_callback_hears_of_every_step(
    pipeline: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    told: list[tuple[int, int]] = []

    def listen(own: Any, step: int, timestep: int, known: dict[str, Any]) -> None:
        assert own is pipeline
        assert known["latents"].shape == known["pred_original_sample"].shape == (2, 3, 16, 16)
        assert known["pred_original_sample"].abs().max() <= 1
        told.append((step, timestep))

    pipeline(**given, num_images=2, callback_on_step_end=listen)
    assert told == [(0, 299), (1, 199), (2, 99)]

    class StopError(Exception):
        pass

    def stop(*_: Any) -> None:
        raise StopError

    with pytest.raises(StopError):
        pipeline(**given, callback_on_step_end=stop)
    assert len(pipeline(**given, num_images=1).images) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.zeros((16, 8, 3), np.uint8)}, "8×16 pixels"),
        ({"target_map": np.zeros((8, 8), np.uint8)}, "map of 8×8"),
        ({"target_map": np.full((16, 16), 3, np.uint8)}, "unknown class id 3"),
        ({"target_map": np.zeros((16, 16, 3), np.uint8)}, "label map of shape"),
        ({"target_map": np.zeros((16, 16), np.int64)}, "type int64"),
        ({"num_images": 0}, "num_images"),
        ({"sampler": "euler"}, "sampler"),
        ({"start_timestep": 5000}, "start 5000"),
    ],
)
def test_bad_input_is_named(
    pipeline: PixelGuidedPipeline, given: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pipeline(**{**given, **changes})


@pytest.mark.parametrize("output_type", ["np", "latent"])
def test_classes_are_recoloured_without_a_map(
    pipeline: PixelGuidedPipeline, given: dict[str, Any], output_type: str
) -> None:
    asked = {"image": given["image"], "source_map": given["source_map"]}
    result = pipeline(**asked, colours={"sky": "#8a4b2d"}, num_images=2, output_type=output_type)
    changed = np.asarray(result.images[0])
    if output_type == "latent":
        changed = (changed.transpose(1, 2, 0) + 1) / 2
    sky = given["source_map"] == pipeline.label_set.id("sky")
    assert len(result.images) == 2
    apart = changed[sky].mean(0) * 255 - np.array([0x8A, 0x4B, 0x2D])
    before = given["image"][sky].mean(0) - np.array([0x8A, 0x4B, 0x2D])
    assert np.abs(apart).max() < 12 < np.abs(before).max()
    with pytest.raises(InputError, match="neither a map nor a colour"):
        pipeline(**asked)


def test_what_is_painted_has_the_colour_that_is_asked_for(
    pipeline: PixelGuidedPipeline, given: dict[str, Any]
) -> None:
    result = pipeline(**given, colours={"house": "#204080"}, num_images=1, output_type="np")
    house = given["target_map"] == pipeline.label_set.id("house")
    mean = result.images[0][house].mean(0) * 255
    assert np.abs(mean - (0x20, 0x40, 0x80)).max() < 8
