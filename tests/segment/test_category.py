from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from foreign_networks import original, save
from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.errors import InputError
from pixelguide.images import from_model, save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import PIPELINE_CODE
from pixelguide.prior.taps import list_taps
from pixelguide.segment.category import (
    CHECKPOINT,
    describe,
    import_category,
    train_category,
    write_category,
)
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.plan import ClassifierTraining, TrainingPlan

SETTINGS = ClassifierTraining(
    starts=(300,), steps=4, iterations=3, tuning=2, pixels=64, noise_draws=1, together=2
)


@pytest.fixture
def dataset(tmp_path: Path, labels: LabelSet) -> Path:
    folder = tmp_path / "dataset"
    for k in range(2):
        rng = np.random.default_rng(k)
        save_png(folder / f"{k}.png", rng.integers(0, 256, (16, 16, 3), np.uint8))
        ids = rng.integers(0, 3, (16, 16)).astype(np.uint8)
        LabelMap(ids, labels).save(folder / f"{k}_label.png")
    (folder / "labels.json").write_text(labels.to_json())
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_a_prior_becomes_a_category(
    dataset: Path, model_folder: Path, tmp_path: Path, labels: LabelSet
) -> None:
    write_parts(model_folder, {"edit.json": b'{"small_scale": 7}'})
    out = tmp_path / "category"
    train_category(dataset, model_folder, out, SETTINGS, taps=["0", "block1_1/1", "3"])
    prior = content(model_folder)
    made = content(out)
    for name in prior.keys() - {"manifest.json", "model_index.json"}:
        assert made[name] == prior[name]
    assert CHECKPOINT not in made
    assert set(json.loads(made["manifest.json"])["sha256"]) == made.keys() - {"manifest.json"}
    index = json.loads(made["model_index.json"])
    assert index["_class_name"] == ["pipeline", "PixelGuidedPipeline"]
    assert made["pipeline.py"] == PIPELINE_CODE.encode()
    assert index["labels"] == json.loads(labels.to_json())
    assert index["defaults"] == {"small_scale": 7}

    editor = Editor.from_pretrained(out, "cpu")
    assert editor.defaults.small_scale == 7
    editor.set_image(dataset / "0.png")
    target = LabelMap.load(dataset / "1_label.png", editor.labels)
    result = editor.edit(
        target, source=LabelMap.load(dataset / "0_label.png", editor.labels),
        roi="changed", dilation=0, num_inference_steps=3, num_images=1,
    )  # fmt: skip
    assert result.best.changed_pixels_outside == 0


def test_a_prior_that_vanishes_on_the_way_is_named(
    model_folder: Path, tmp_path: Path, segmenter_bank: ClassifierBank, labels: LabelSet
) -> None:
    prior = ModelFolder.open(model_folder)
    (model_folder / "unet" / "config.json").unlink()
    with pytest.raises(InputError, match=r"cannot read the model \(No such file.*unet.config"):
        write_category(prior, tmp_path / "out", segmenter_bank, segmenter_bank, labels)


def test_a_category_may_replace_its_own_prior(dataset: Path, model_folder: Path) -> None:
    train_category(dataset, model_folder, model_folder, SETTINGS)
    first = content(model_folder)
    Editor.from_pretrained(model_folder, "cpu")
    train_category(dataset, model_folder, model_folder, SETTINGS)
    assert content(model_folder) == first, "training again changes nothing"


def test_fewer_pictures_train_another_category(
    dataset: Path, model_folder: Path, tmp_path: Path
) -> None:
    hashes = []
    for limit in (None, 2, 1):
        train_category(dataset, model_folder, tmp_path / f"{limit}", SETTINGS, limit=limit)
        hashes.append(ModelFolder.open(tmp_path / f"{limit}").hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_killed_run_is_no_category_and_goes_on_to_the_same_bytes(
    dataset: Path, model_folder: Path, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def kill(told: dict[str, Any]) -> None:
        if told["done"] >= 3:
            raise KilledError

    train_category(dataset, model_folder, tmp_path / "whole", SETTINGS)
    out = tmp_path / "killed"
    with pytest.raises(KilledError):
        train_category(dataset, model_folder, out, SETTINGS, on_progress=kill)
    with pytest.raises(InputError):
        Editor.from_pretrained(out, "cpu")
    train_category(dataset, model_folder, out, SETTINGS)
    assert content(out) == content(tmp_path / "whole")


def test_the_plan_is_told_before_anything_is_done(
    dataset: Path, model_folder: Path, tmp_path: Path
) -> None:
    class TooMuchError(Exception):
        pass

    told: list[TrainingPlan] = []

    def refuse(plan: TrainingPlan) -> None:
        told.append(plan)
        raise TooMuchError

    with pytest.raises(TooMuchError):
        train_category(dataset, model_folder, tmp_path / "out", SETTINGS, on_plan=refuse)
    assert not (tmp_path / "out").exists()
    (plan,) = told
    assert plan.classifiers == 1 + 4


def test_a_prior_without_folders_becomes_a_category_with_them(
    dataset: Path, model_folder: Path, tmp_path: Path
) -> None:
    for old in ("unet/config.json", f"unet/{WEIGHTS}", "scheduler/scheduler_config.json"):
        (model_folder / old).rename(model_folder / Path(old).name)
    (model_folder / "manifest.json").unlink()
    train_category(dataset, model_folder, tmp_path / "out", SETTINGS)
    Editor.from_pretrained(tmp_path / "out", "cpu")
    PixelGuidedPipeline.from_pretrained(tmp_path / "out")


def test_bad_places_and_taps_are_refused(dataset: Path, model_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="a file, not a folder"):
        train_category(dataset, model_folder, file, SETTINGS)
    with pytest.raises(InputError, match="no decoder block '9'"):
        train_category(dataset, model_folder, tmp_path / "out", SETTINGS, taps=["0", "9"])
    with pytest.raises(InputError, match="no model"):
        train_category(dataset, tmp_path / "nowhere", tmp_path / "out", SETTINGS)
    with pytest.raises(InputError, match="no such file or folder"):
        train_category(tmp_path / "nowhere", model_folder, tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out").exists()


def test_describe_tells_a_prior_from_a_category(
    dataset: Path, model_folder: Path, tmp_path: Path, tiny_unet: torch.nn.Module, labels: LabelSet
) -> None:
    prior = describe(model_folder)
    assert prior["size"] == 16
    assert prior["parameters"] == sum(p.numel() for p in tiny_unet.parameters())
    assert prior["learned_variance"] is True
    assert prior["timesteps"] == 1000
    assert [tap["resolution"] for tap in prior["taps"].values()] == [8, 16, 16, 16]
    assert [tap["channels"] for tap in prior["taps"].values()] == [32, 32, 16, 16]
    assert all(tap["default"] for tap in prior["taps"].values())
    assert "classes" not in prior
    assert "segmenter" not in prior
    train_category(dataset, model_folder, tmp_path / "out", SETTINGS, taps=["1", "3"])
    category = describe(tmp_path / "out")
    assert category["classes"] == list(labels.names)
    assert category["segmenter"] == {"taps": [1, 3], "timesteps": [[50, 150, 250]]}
    assert category["guide"] == {"taps": [1, 3], "timesteps": [[0], [100], [199], [299]]}
    assert category["hash"] == ModelFolder.open(tmp_path / "out").hash != prior["hash"]
    json.dumps(category)


# classifiers that were trained elsewhere


@pytest.fixture
def foreign(tmp_path: Path, denoiser: Denoiser) -> Path:
    """An f_multi of two members, and a guide for four timesteps, on blocks 0 and 1."""
    channels = sum(tap.channels for tap in list_taps(denoiser.unet)[:2])
    for k in range(2):
        save(original(2 * channels, k), tmp_path / "foreign" / "50_150_0_1" / f"model_{k}.pth")
    for t in (0, 100, 200, 299):
        save(original(channels, t), tmp_path / "foreign" / "guide" / f"{t}_0_1" / "model_0.pth")
    return tmp_path / "foreign"


def test_foreign_classifiers_become_a_category(
    foreign: Path, model_folder: Path, tmp_path: Path, labels: LabelSet, x_0: torch.Tensor
) -> None:
    import_category(
        model_folder, tmp_path / "out", foreign / "50_150_0_1", foreign / "guide", labels,
        settings=SETTINGS,
    )  # fmt: skip
    editor = Editor.from_pretrained(tmp_path / "out", "cpu")
    assert editor.labels == labels
    editor.set_image(from_model(x_0)[0])
    source = editor.segment()
    target = source.copy()
    target.ids[4:9, 4:9] = (source.ids[4, 4] + 1) % 3
    result = editor.edit(target, roi="changed", num_inference_steps=3, num_images=1)
    assert result.best.changed_pixels_outside == 0
    described = describe(tmp_path / "out")
    assert described["segmenter"] == {"taps": [0, 1], "timesteps": [[50, 150]] * 2}
    assert described["guide"] == {"taps": [0, 1], "timesteps": [[0], [100], [200], [299]]}


def test_foreign_classifiers_that_do_not_fit_are_refused(
    foreign: Path, model_folder: Path, tmp_path: Path, labels: LabelSet
) -> None:
    out, reader, guide = tmp_path / "out", foreign / "50_150_0_1", foreign / "guide"
    two = LabelSet(labels.names[:2], labels.palette[:2])
    with pytest.raises(InputError, match="classifiers of 3 classes, 2 labels"):
        import_category(model_folder, out, reader, guide, two, settings=SETTINGS)
    with pytest.raises(InputError, match="5 folders of classifiers"):
        import_category(model_folder, out, foreign, guide, labels, settings=SETTINGS)
    with pytest.raises(InputError, match="named timesteps and blocks do not make up"):
        import_category(
            model_folder, out, reader, guide, labels, settings=SETTINGS, taps=["0", "3"]
        )
    assert not out.exists()
