"""A checkpoint of each foreign layout, from download to edited picture, by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from diffusers import DDPMScheduler, UNet2DModel

from adm_network import AdmNetwork
from command_line import Run, assert_one_error
from foreign_networks import original, save
from pixelguide.annotations import built_in_label_sets
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap

CAT = built_in_label_sets()["cat_15"]


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """Two pictures and their maps as DatasetDDPM keeps them."""
    folder = tmp_path / "datasets" / "cat_15" / "real" / "train"
    rng = np.random.default_rng(0)
    for k in range(2):
        save_png(folder / f"{k}.png", rng.integers(0, 256, (16, 16, 3), np.uint8))
        ids = np.zeros((16, 16), np.int64)
        ids[4:12, 4:12] = CAT.id("head")
        ids[6:8, 6 + k : 9 + k] = CAT.id("eye")
        np.save(folder / f"{k}.npy", ids)
    return folder


def guided_diffusion(run: Run, folder: Path) -> Path:
    """A checkpoint of guided-diffusion, converted."""
    torch.save(AdmNetwork().state, folder / "adm.pt")
    code, _, err = run("convert", "adm", folder / "adm.pt", "-o", folder / "adm", "--size", 16)
    assert code == 0, err
    return folder / "adm"


def first_of_the_hub(run: Run, folder: Path) -> Path:
    """As google/ddpm-celebahq-256: no folders, no learned variance, plain resampling."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DModel(
            sample_size=16,
            block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
            layers_per_block=2,
            attention_head_dim=None,
            norm_num_groups=4,
            norm_eps=1e-6,
            flip_sin_to_cos=False,
            freq_shift=1,
            downsample_padding=0,
        )
    model = folder / "hub"
    model.mkdir()
    (model / "config.json").write_text(unet.to_json_string())
    (model / "scheduler_config.json").write_text(DDPMScheduler().to_json_string())
    safetensors.torch.save_file(
        unet.state_dict(), model / "diffusion_pytorch_model.safetensors", {"format": "pt"}
    )
    return model


@pytest.mark.parametrize("layout", [guided_diffusion, first_of_the_hub])
def test_from_checkpoint_to_edited_picture(
    run: Run, tmp_path: Path, annotated: Path, layout: Callable[[Run, Path], Path]
) -> None:
    model, category = layout(run, tmp_path), tmp_path / "category"
    code, out, _ = run("models", "show", model)
    assert code == 0
    shown = json.loads(out)
    assert shown["learned_variance"] == (layout is guided_diffusion)
    last = list(shown["taps"].values())[-1]["name"]
    code, out, err = run(
        "train", "classifiers", annotated, "--labels", "cat_15", "--model", model, "-o", category,
        "--taps", f"0,{last}", "--members", 2, "--iterations", 3, "--tuning", 1, "--noise-draws", 1,
        "--no-mirror", "--starts", 300, "--steps", 3, "--memory", 0.1, "--device", "cpu",
        "--allow-absent",
    )  # fmt: skip
    assert code == 0, err
    assert "5 classifiers, 14 passes of the network, 0.00 GiB" in out
    use = ("--model", category, "--device", "cpu")
    code, _, err = run("segment", annotated / "0.png", "-o", tmp_path / "map.png", *use)
    assert code == 0, err
    source = LabelMap.load(tmp_path / "map.png", CAT)
    target = source.copy()
    target.ids[6:8, 9:12] = (source.ids[7, 10] + 1) % len(CAT)
    target.save(tmp_path / "painted.png")
    code, out, err = run(
        "edit", annotated / "0.png", "--map", tmp_path / "painted.png", "-o", tmp_path / "out",
        "--roi", "changed", "--steps", 3, "--start", 300, "-n", 1, *use,
    )  # fmt: skip
    assert code == 0, err
    roi = load_rgb(tmp_path / "out" / "roi.png")[..., 0] == 255
    before, after = (load_rgb(p) for p in (annotated / "0.png", tmp_path / "out" / "00.png"))
    assert np.array_equal(before[~roi], after[~roi])


def test_published_classifiers_become_a_category(run: Run, tmp_path: Path, annotated: Path) -> None:
    model, category = guided_diffusion(run, tmp_path), tmp_path / "category"
    classes = len(CAT)
    for k in range(2):
        save(
            original(2 * 128, k, classes=classes), tmp_path / "50_150_0_1" / f"model_{k}.pth",
            "module.",
        )  # fmt: skip
    for t in (0, 100, 299):
        save(original(128, t, classes=classes), tmp_path / "guide" / f"{t}_0_1" / "model_0.pth")
    convert = (
        "convert", "classifiers", tmp_path / "50_150_0_1", tmp_path / "guide", "--model", model,
        "-o", category,
    )  # fmt: skip
    assert "21 labels" in assert_one_error(run(*convert, "--labels", "horse_21"))
    assert "no such label set" in assert_one_error(run(*convert, "--labels", "dogs"))
    assert not category.exists()
    code, out, err = run(*convert, "--labels", "cat_15", "--starts", 300, "--steps", 3)
    assert code == 0, err
    assert "ready" in out
    code, _, err = run(
        "segment", annotated / "0.png", "-o", tmp_path / "map.png", "--model", category
    )
    assert code == 0, err
