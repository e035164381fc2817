"""Models as they lie on the hub, reduced and with random weights: each ends in an edit, or in a
refusal that says why. Layouts and configurations are those of the repositories that are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from diffusers import DDPMScheduler, UNet2DModel
from numpy.typing import NDArray

from conftest import seeded, wake
from model_folders import random_bank
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError, PixelguideError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.architecture import fresh_network
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.public.pull import pull
from pixelguide.prior.taps import default_taps
from pixelguide.prior.weight_files import ATTENTION, PICKLE, STEM, WEIGHTS
from pulls import FolderHub

DDPM = {  # Ho et al. 2020, as google's repositories have it
    "sample_size": 16, "block_out_channels": (8, 16), "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"), "attention_head_dim": None,
    "norm_num_groups": 4, "norm_eps": 1e-6, "flip_sin_to_cos": False, "freq_shift": 1,
    "downsample_padding": 0, "mid_block_scale_factor": 1, "act_fn": "silu",
}  # fmt: skip
TRAINED = {  # as diffusers' example for training writes it
    **DDPM, "attention_head_dim": 8, "norm_eps": 1e-5, "flip_sin_to_cos": True, "freq_shift": 0,
    "downsample_padding": 1,
}  # fmt: skip
INDEX = {"scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"]}


def _json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _network(changes: dict[str, Any]) -> UNet2DModel:
    unet = fresh_network({**TRAINED, **changes}, seeded(1))
    wake(unet, 2)
    return unet


def flat(folder: Path, pickled: bool, **changes: Any) -> None:
    """No folders, the first names of attention's layers."""
    unet = _network({**DDPM, **changes})
    state = unet.state_dict()
    for old, new in ATTENTION.items():
        state = {name.replace(f".{new}.", f".{old}."): value for name, value in state.items()}
    folder.mkdir()
    if pickled:
        torch.save(state, folder / PICKLE)
    else:
        safetensors.torch.save_file(state, folder / WEIGHTS)
    _json(folder / "config.json", json.loads(unet.to_json_string()))
    _json(folder / "scheduler_config.json", {
        "_class_name": "DDPMScheduler", "_diffusers_version": "0.1.1", "beta_end": 0.02,
        "beta_schedule": "linear", "beta_start": 0.0001, "clip_sample": True,
        "num_train_timesteps": 1000, "trained_betas": None, "variance_type": "fixed_small",
    })  # fmt: skip
    _json(folder / "model_index.json", {"_class_name": "DDPMPipeline", **INDEX})


def today(
    folder: Path,
    scheduler: dict[str, Any] | None = None,
    kind: str = "DDPMPipeline",
    save: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """unet/ and scheduler/, saved by diffusers itself."""
    _network(changes).save_pretrained(folder / "unet", **(save or {}))
    if "sample_size" in changes:
        config = json.loads((folder / "unet/config.json").read_text())
        _json(folder / "unet/config.json", {**config, "sample_size": changes["sample_size"]})
    _json(folder / "scheduler/scheduler_config.json", {
        **json.loads(DDPMScheduler().to_json_string()), **(scheduler or {}),
    })  # fmt: skip
    _json(folder / "model_index.json", {"_class_name": kind, **INDEX})


def other(folder: Path, kind: str | list[str], parts: dict[str, str], **files: Any) -> None:
    """An index of these parts (name → class), and the configurations of `files`."""
    today(folder)
    index = {"_class_name": kind, **{name: ["diffusers", what] for name, what in parts.items()}}
    for name in parts:
        if not (folder / name).exists():
            _json(folder / name / "config.json", {"_class_name": parts[name]})
    for name, changes in files.items():
        path = folder / name / ("scheduler_config.json" if name == "scheduler" else "config.json")
        known = json.loads(path.read_text())
        _json(path, changes if name == "scheduler" else {**known, **changes})
    _json(folder / "model_index.json", index)


Made = Callable[[Path], None]
PIXELS = {"unet": "UNet2DModel", "scheduler": "DDPMScheduler"}
EDITED: dict[str, Made] = {
    "google/ddpm-cifar10-32": lambda f: flat(f, True),
    "google/ddpm-celebahq-256": lambda f: flat(f, True, block_out_channels=(8, 8)),
    "google/ddpm-ema-church-256": lambda f: flat(f, False),
    "anton-l/ddpm-butterflies-128": today,
    "a training that predicts x_0": lambda f: today(f, {"prediction_type": "sample"}),
    "a training that predicts v, zero terminal SNR": lambda f: today(
        f, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    ),
    "a cosine schedule": lambda f: today(f, {"beta_schedule": "squaredcos_cap_v2"}),
    "a schedule of trained betas": lambda f: today(
        f, {"trained_betas": np.linspace(1e-4, 0.02, 1000).tolist(), "beta_schedule": "linear"}
    ),
    "DDIM": lambda f: today(f, {"_class_name": "DDIMScheduler"}, "DDIMPipeline"),
    "PNDM": lambda f: today(f, {"_class_name": "PNDMScheduler"}, "PNDMPipeline"),
    "shards": lambda f: today(f, save={"max_shard_size": "20KB"}),
    "fp16 alone": lambda f: today(f, save={"variant": "fp16"}),
    "fp16 in shards": lambda f: today(f, save={"variant": "fp16", "max_shard_size": "20KB"}),
    "sizes as a list": lambda f: today(f, sample_size=[16, 16]),
    "learned timesteps": lambda f: today(
        f, time_embedding_type="learned", num_train_timesteps=1000
    ),
    "residual resampling and scale-shift norm": lambda f: today(
        f,
        {"variance_type": "learned_range"},
        out_channels=6,
        downsample_type="resnet",
        upsample_type="resnet",
        resnet_time_scale_shift="scale_shift",
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    ),
}
REFUSED: dict[str, tuple[Made, str]] = {
    "CompVis/ldm-celebahq-256": (
        lambda f: other(f, "LDMPipeline", {**PIXELS, "vqvae": "VQModel"}),
        r"a latent model \(LDMPipeline with a 'vqvae'\)|a latent model \(with a 'vqvae'\)",
    ),
    "facebook/DiT-XL-2-256": (
        lambda f: other(
            f, "DiTPipeline", {"transformer": "DiTTransformer2DModel", "vae": "AutoencoderKL"}
        ),
        "a latent model",
    ),
    "stable-diffusion-v1-5": (
        lambda f: other(
            f,
            "StableDiffusionPipeline",
            {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIP"},
        ),
        "a latent model",
    ),
    "kandinsky-2-2-decoder": (
        lambda f: other(f, "KandinskyV22Pipeline", {**PIXELS, "movq": "VQModel"}),
        r"a latent model .*'movq'",
    ),
    "DeepFloyd/IF-I-M-v1.0": (
        lambda f: other(f, "IFPipeline", {**PIXELS, "text_encoder": "T5EncoderModel"}),
        "a text-to-image model",
    ),
    "google/ncsnpp-ffhq-256": (
        lambda f: other(f, "ScoreSdeVePipeline", PIXELS),
        r"a score-based model \(VE\)",
    ),
    "the same without its index": (
        lambda f: (
            other(f, "DDPMPipeline", PIXELS, unet={"time_embedding_type": "fourier"}),
            (f / "model_index.json").unlink(),
        ),  # type: ignore[return-value]
        "conditioned on noise scales",
    ),
    "openai/diffusers-cd_imagenet64_l2": (
        lambda f: other(f, "ConsistencyModelPipeline", PIXELS),
        "a consistency model",
    ),
    "harmonai/maestro-150k": (
        lambda f: other(f, "DanceDiffusionPipeline", {"unet": "UNet1DModel"}),
        "a model of sounds",
    ),
    "a class-conditional one": (
        lambda f: other(f, "DDPMPipeline", PIXELS, unet={"num_class_embeds": 10}),
        "class-conditional; a prior knows no classes",
    ),
    "grey digits": (
        lambda f: other(f, "DDPMPipeline", PIXELS, unet={"in_channels": 1, "out_channels": 1}),
        "1 channels in, 1 out, of grey pictures",
    ),
    "latents of four channels, without a vae": (
        lambda f: other(f, "DDPMPipeline", PIXELS, unet={"in_channels": 4, "out_channels": 4}),
        "4 channels in, 4 out, of latents",
    ),
    "super-resolution": (
        lambda f: other(f, "DDPMPipeline", PIXELS, unet={"in_channels": 6}),
        "of super-resolution",
    ),
    "oblong pictures": (
        lambda f: other(f, "DDPMPipeline", PIXELS, unet={"sample_size": [16, 32]}),
        r"sample_size \[16, 32\]",
    ),
    "an EDM": (
        lambda f: other(f, "DDPMPipeline", PIXELS, scheduler={"_class_name": "EDMEulerScheduler"}),
        "no noise levels of a DDPM, but noise scales of an EDM",
    ),
    "flow matching": (
        lambda f: other(
            f,
            "DDPMPipeline",
            PIXELS,
            scheduler={"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 1.0},
        ),
        "times of a flow-matching model",
    ),
    "someone's own pipeline": (
        lambda f: other(f, ["pipeline", "MyPipeline"], PIXELS),
        "'MyPipeline' is no pipeline of an unconditional model of pixels",
    ),
    "an adapter": (
        lambda f: _json(f / "adapter_config.json", {"peft_type": "LORA"}),
        r"an adapter, not a model \('adapter_config.json'\)",
    ),
}


@pytest.fixture(autouse=True)
def _home(home: Path) -> None:
    """Every test has its own."""


def _edited(folder: ModelFolder, labels: LabelSet, picture: NDArray[np.uint8]) -> Any:
    schedule, kind = folder.schedule()
    unet = folder.frozen()
    denoiser = Denoiser(unet, schedule, default_taps(unet), kind)
    banks = [random_bank(denoiser, 3, steps) for steps in ([[50]], [[100], [300]])]
    editor = Editor(denoiser, *banks, labels)
    editor.set_image(picture)
    ids = np.zeros((16, 16), np.uint8)
    painted = ids.copy()
    painted[5:10, 4:9] = 2
    return editor.edit(
        LabelMap(painted, labels), source=LabelMap(ids, labels), roi="changed",
        num_inference_steps=3, start_timestep=len(schedule), num_images=1,
    )  # fmt: skip


@pytest.mark.parametrize("name", EDITED)
def test_what_fits_is_edited_with(
    tmp_path: Path, name: str, labels: LabelSet, picture: NDArray[np.uint8]
) -> None:
    source = tmp_path / "source"
    EDITED[name](source)
    pulled = ModelFolder.open(pull("someone/model", hub=FolderHub(source)).path)
    results = [_edited(pulled, labels, picture)]
    if not (source / PICKLE).exists():  # a folder opens as it is
        results.append(_edited(ModelFolder.open(source), labels, picture))
    for result in results:
        assert (result.best.image != picture)[result.roi].any()
        assert result.best.changed_pixels_outside == 0
    assert len(list(source.rglob(f"{STEM}*"))) >= 1


def _read(source: Path) -> None:
    folder = ModelFolder.open(source)
    folder.schedule()
    folder.frozen()


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_says_what_it_is(tmp_path: Path, name: str) -> None:
    make, reason = REFUSED[name]
    source = tmp_path / "source"
    make(source)
    fetched: list[str] = []

    class Hub(FolderHub):
        def fetch(self, repository: str, commit: str, names: Any, *more: Any) -> None:
            fetched.extend(names)
            super().fetch(repository, commit, names, *more)

    with pytest.raises(InputError, match=reason) as on_the_hub:
        pull("someone/model", hub=Hub(source))
    assert not [file for file in fetched if file.endswith((".safetensors", ".bin"))]
    with pytest.raises(InputError, match=reason) as here:
        _read(source)
    for caught in (on_the_hub, here):
        assert "again" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_there_are_enough_of_them() -> None:
    assert len(EDITED) + len(REFUSED) >= 20
    assert issubclass(InputError, PixelguideError)
