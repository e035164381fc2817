"""A prior learns, never from what is held out, and survives whatever stops its training."""

from __future__ import annotations

import dataclasses
import errno
import functools
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors
import torch
from diffusers import UNet2DModel

from discs import write_discs
from pixelguide.errors import InputError, ResourceError
from pixelguide.images import load_rgb, save_png
from pixelguide.prior import run_clock, training
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.augmentation import Augmentation
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.checkpoint import NAME
from pixelguide.prior.loss import hybrid_loss
from pixelguide.prior.manifest import MANIFEST
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.sampling import sample_grid
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.training import held_out_loss, train_prior
from pixelguide.prior.training_settings import PriorTraining

TINY = Architecture(size=16, channels=(16, 16), attention_levels=1, head_channels=16)
SETTINGS = PriorTraining(
    images=20, batch_size=4, warmup_images=8, checkpoint_images=8, learning_rate=2e-3, ema_decay=0.5
)
"""Five steps, with a checkpoint after the second, the fourth and the last."""

Kept = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_discs(tmp_path / "pictures")


@pytest.fixture
def _no_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the sheet of samples, which takes longer than such a training."""
    monkeypatch.setattr(training, "sample_grid", lambda *_, **__: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder from an uninterrupted run."""
    root = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "sample_grid", lambda *_, **__: None)
        _train(write_discs(root / "pictures"), root / "model")
    return root / "model"


@pytest.fixture(scope="module")
def whole(finished: Path) -> Kept:
    """What every interrupted run has to end with."""
    return _kept(finished)


def _train(folder: Path, out: Path, settings: PriorTraining = SETTINGS, **options: Any) -> Any:
    network = options.pop("network", TINY)
    return train_prior(PictureFolder(folder, 16), out, network, settings, device="cpu", **options)


def _kept(out: Path) -> Kept:
    """Everything the training keeps: the averaged weights, and its state to the last bit."""
    with safetensors.safe_open(out / NAME, "pt") as file:
        state = {name: file.get_tensor(name).numpy().tobytes() for name in file.keys()}  # noqa: SIM118
        state["metadata"] = file.metadata()
    return state | {name: (out / name).read_bytes() for name in (f"unet/{WEIGHTS}", MANIFEST)}


def _fail_at(call: int, function: Any, error: BaseException) -> Any:
    """`function`, but its `call`-th call raises."""
    calls = [0]

    def wrapped(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise error
        return function(*arguments, **options)

    return wrapped


# Interruptions


@pytest.mark.usefixtures("_no_samples")
@pytest.mark.parametrize("step", [2, 4])
def test_killed_run_ends_with_the_same_bits(
    folder: Path, tmp_path: Path, whole: Kept, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with monkeypatch.context() as patch:
        # held-out losses are computed by the same function, once after every second step
        call = step + (step - 1) // 2
        kill = _fail_at(call, training.hybrid_loss, KeyboardInterrupt())
        patch.setattr(training, "hybrid_loss", kill)
        with pytest.raises(KeyboardInterrupt):
            _train(folder, tmp_path / "run")
    assert (tmp_path / "run" / NAME).exists() == (step > 2)
    reports: list[dict[str, Any]] = []
    _train(folder, tmp_path / "run", on_progress=reports.append)
    done = [r["done"] for r in reports if r["stage"] == "checkpoint"]
    assert done == ([16, 20] if step > 2 else [8, 16, 20])  # it went on, and did not start over
    assert _kept(tmp_path / "run") == whole


@pytest.mark.usefixtures("_no_samples")
@pytest.mark.parametrize(
    ("name", "failure", "raised"),
    [
        (f"unet/{WEIGHTS}", OSError(errno.ENOSPC, "No space left"), ResourceError),
        (MANIFEST, KeyboardInterrupt(), KeyboardInterrupt),
        (NAME, OSError(errno.ENOSPC, "No space left"), ResourceError),
    ],
)
def test_run_stopped_in_the_middle_of_a_save_goes_on(
    folder: Path,
    tmp_path: Path,
    whole: Kept,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    failure: BaseException,
    raised: type[BaseException],
) -> None:
    replace, calls = os.replace, []

    def failing(source: str, target: Path) -> None:
        if target.as_posix().endswith(name):
            calls.append(target)
            if len(calls) == 2:  # the first save went well
                raise failure
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing)
        with pytest.raises(raised):
            _train(folder, tmp_path / "run")
    if name == MANIFEST:  # weights that are newer than their manifest
        with pytest.raises(InputError, match="does not match"):
            ModelFolder.open(tmp_path / "run")
    else:
        ModelFolder.open(tmp_path / "run").unet()
    reports: list[dict[str, Any]] = []
    _train(folder, tmp_path / "run", on_progress=reports.append)
    assert reports[0]["done"] == 16
    assert _kept(tmp_path / "run") == whole
    ModelFolder.open(tmp_path / "run").unet()
    assert not [path.name for path in (tmp_path / "run").rglob(".*")]


def test_finished_run_is_not_trained_further(
    folder: Path, finished: Path, whole: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "hybrid_loss", _fail_at(1, None, AssertionError("trained")))
    unet = _train(folder, finished)
    assert _kept(finished) == whole
    saved = ModelFolder.open(finished).unet().state_dict()
    for name, value in unet.state_dict().items():
        assert torch.equal(value.half().float(), saved[name]), name


@pytest.mark.usefixtures("_no_samples")
def test_a_run_without_cooldown_can_be_prolonged(folder: Path, tmp_path: Path) -> None:
    level = dataclasses.replace(SETTINGS, cooldown=0)
    _train(folder, tmp_path / "whole", level)
    _train(folder, tmp_path / "run", dataclasses.replace(level, images=12))
    assert _kept(tmp_path / "run") != _kept(tmp_path / "whole")
    _train(folder, tmp_path / "run", level)
    assert _kept(tmp_path / "run") == _kept(tmp_path / "whole")


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"batch_size": 2}, {"learning_rate": 1e-4}, {"flip": False}, {"held_out": 1}],
)
def test_checkpoint_of_other_settings_is_refused(
    folder: Path, finished: Path, whole: Kept, change: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="another training"):
        _train(folder, finished, dataclasses.replace(SETTINGS, **change))
    assert _kept(finished) == whole


# What has an influence on the weights


@pytest.mark.usefixtures("_no_samples")
def test_held_out_pictures_and_global_generators_have_no_influence(
    folder: Path, tmp_path: Path, whole: Kept
) -> None:
    # Of twelve pictures the first is held out.
    save_png(folder / "00.png", 255 - load_rgb(folder / "00.png"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1234)
        before = torch.random.get_rng_state()
        _train(folder, tmp_path / "run")
        assert torch.equal(torch.random.get_rng_state(), before)
    assert _kept(tmp_path / "run") == whole


@pytest.mark.usefixtures("_no_samples")
@pytest.mark.parametrize("change", ["seed", "picture"])
def test_seed_and_trained_pictures_have_an_influence(
    folder: Path, tmp_path: Path, whole: Kept, change: str
) -> None:
    if change == "picture":
        save_png(folder / "01.png", 255 - load_rgb(folder / "01.png"))
    _train(folder, tmp_path / "run", dataclasses.replace(SETTINGS, seed=int(change == "seed")))
    weights = f"unet/{WEIGHTS}"
    assert _kept(tmp_path / "run")[weights] != whole[weights]


@pytest.mark.usefixtures("_no_samples")
def test_training_can_start_from_a_trained_network(
    folder: Path, tmp_path: Path, finished: Path
) -> None:
    start = ModelFolder.open(finished).unet()
    before = {name: value.clone() for name, value in start.state_dict().items()}
    # One step with a learning rate of almost nothing stays where it began.
    settings = dataclasses.replace(SETTINGS, images=4, learning_rate=1e-9)
    trained = _train(folder, tmp_path / "run", settings, network=start).state_dict()
    for name, value in start.state_dict().items():
        assert torch.equal(value, before[name]), name
        assert torch.allclose(trained[name], value, rtol=0, atol=1e-6), name
    with pytest.raises(InputError, match="pictures of 32 pixels for a network of 16"):
        train_prior(PictureFolder(folder, 32), tmp_path / "large", start, settings, device="cpu")


@pytest.mark.usefixtures("_no_samples")
def test_a_folder_with_classifiers_of_the_prior_is_not_trained_into(
    folder: Path, finished: Path, whole: Kept, tmp_path: Path
) -> None:
    out = tmp_path / "category"
    shutil.copytree(finished, out)
    (out / "segmenter").mkdir()
    _train(folder, out)  # finished: there is nothing to train
    with pytest.raises(InputError, match=r"classifiers of another prior.*Choose another"):
        _train(folder, out, dataclasses.replace(SETTINGS, images=40))
    (out / NAME).unlink()
    with pytest.raises(InputError, match="classifiers of another prior"):
        _train(folder, out)
    assert (out / f"unet/{WEIGHTS}").read_bytes() == whole[f"unet/{WEIGHTS}"]


def test_a_network_without_learned_variance_is_refused(folder: Path, tmp_path: Path) -> None:
    fixed = UNet2DModel(
        sample_size=16,
        block_out_channels=(16,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=4,
    )
    with pytest.raises(InputError, match="without learned variance"):
        _train(folder, tmp_path / "run", network=fixed)
    assert not (tmp_path / "run").exists()


# Learning


def test_prior_learns_and_leaves_a_model_and_samples(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "sample_grid", functools.partial(sample_grid, count=4))
    settings = dataclasses.replace(SETTINGS, images=320, batch_size=8, checkpoint_images=1000)
    reports: list[dict[str, Any]] = []
    unet = _train(folder, tmp_path / "run", settings, on_progress=reports.append)

    held_out = PictureFolder(folder, 16).batch([0] * 8)
    losses = [
        held_out_loss(network, held_out, Schedule.linear(), settings)
        for network in (TINY.build(torch.Generator()), unet)
    ]
    assert losses[0] == pytest.approx(1, abs=0.1)  # it answers zero, and the noise has variance 1
    assert losses[1] < 0.8 * losses[0]
    steps = [r for r in reports if r["stage"] == "train prior"]
    assert [r["done"] for r in steps] == [80, 160, 240, 320]
    assert {r["total"] for r in steps} == {320}
    assert steps[-1]["loss"] < 0.9 * steps[0]["loss"]
    assert all(np.isfinite(r["vlb"]) and r["images_per_second"] > 0 for r in steps)
    (checkpoint,) = [r for r in reports if r["stage"] == "checkpoint"]
    assert checkpoint["done"] == 320
    assert checkpoint["held_out_loss"] > 0

    assert load_rgb(tmp_path / "run" / "samples.png").shape == (32, 32, 3)
    model = ModelFolder.open(tmp_path / "run")
    assert model.scheduler().config.variance_type == "learned_range"
    x, t = torch.randn(1, 3, 16, 16, generator=torch.Generator()), torch.tensor([10])
    with torch.no_grad():
        difference = (model.unet()(x, t).sample - unet(x, t).sample).abs().max()
    assert difference < 0.01  # of outputs near 1, from weights in fp16


@pytest.mark.parametrize(
    ("settings", "device", "message"),
    [
        (dataclasses.replace(SETTINGS, images=3), "cpu", "3 images in batches of 4"),
        (dataclasses.replace(SETTINGS, batch_size=0), "cpu", "batches of 0"),
        (SETTINGS, "abacus", "abacus"),
        (dataclasses.replace(SETTINGS, mixed_precision="fp7"), "cpu", "fp7"),
        (dataclasses.replace(SETTINGS, minutes=0), "cpu", "0 minutes"),
    ],
)
def test_impossible_settings_are_refused(
    folder: Path, tmp_path: Path, settings: PriorTraining, device: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train_prior(PictureFolder(folder, 16), tmp_path / "run", TINY, settings, device=device)
    assert not (tmp_path / "run").exists()


def test_file_in_place_of_the_model_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("something else")
    with pytest.raises(InputError, match="a file, not a folder"):
        _train(folder, tmp_path / "run")
    assert (tmp_path / "run").read_text() == "something else"


def test_the_rate_ramps_up_stays_and_falls_to_zero() -> None:
    settings = PriorTraining(batch_size=4, warmup_images=16, cooldown=0.25)
    rates = [_rate(step, settings) for step in range(1, 101)]
    assert rates[:4] == pytest.approx([0.25 * k for k in range(1, 5)])
    assert rates[4:75] == [1.0] * 71
    assert rates[75:] == pytest.approx([k / 26 for k in range(25, 0, -1)])
    constant = PriorTraining(warmup_images=0, cooldown=0)
    assert {_rate(step, constant) for step in range(1, 101)} == {1.0}
    assert training._rate(50, -0.1, 100, settings) == 0  # a clock that has run out


def test_a_short_training_is_not_spent_on_its_warm_up() -> None:
    rates = [_rate(step, PriorTraining(batch_size=4, cooldown=0)) for step in range(1, 101)]
    assert rates[:5] == pytest.approx([k / 101 / training.WARMUP_SHARE for k in range(1, 6)])
    assert rates[5:] == [1.0] * 95  # instead of 8,000 pictures, of which it sees 400


def _rate(step: int, settings: PriorTraining) -> float:
    return training._rate(step, (101 - step) / 101, 100, settings)


@pytest.mark.usefixtures("_no_samples")
def test_a_run_with_a_clock_ends_by_then_and_well(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(10_000))
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr(run_clock, "time", clock)  # a second a look at the clock
    left: list[float] = []
    ramp = training._rate

    def rate(step: int, share: float, *rest: Any) -> float:
        left.append(share)
        return ramp(step, share, *rest)

    monkeypatch.setattr(training, "_rate", rate)
    settings = dataclasses.replace(SETTINGS, images=4_000, minutes=0.5, checkpoint_images=4_000)
    train_prior(PictureFolder(folder, 16), tmp_path / "run", TINY, settings, device="cpu")
    assert len(left) > 3
    assert left == sorted(left, reverse=True)
    assert left[-2] > 0 >= left[-1]
    assert (tmp_path / "run" / "model_index.json").exists()
    assert (tmp_path / "run" / NAME).exists()


def test_a_bad_batch_is_skipped(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def loss(*arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        simple, vlb = hybrid_loss(*arguments)
        return (simple * torch.nan, vlb) if len(calls) == 3 else (simple, vlb)

    monkeypatch.setattr(training, "hybrid_loss", loss)
    monkeypatch.setattr(training, "sample_grid", lambda *_, **__: None)
    unet = _train(folder, tmp_path / "run")
    assert len(calls) > 3
    assert all(weights.isfinite().all() for weights in unet.parameters())


@pytest.mark.usefixtures("_no_samples")
def test_augmented_training_reads_larger_pictures_and_resumes(folder: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, augmentation=Augmentation(), shift_noise=True)
    pictures = PictureFolder(folder, settings.picture_size(16))
    assert pictures.size == 32
    with pytest.raises(InputError, match="pictures of 16 pixels"):
        _train(folder, tmp_path / "other", settings)
    half = dataclasses.replace(settings, images=8)
    train_prior(pictures, tmp_path / "model", TINY, half, device="cpu")
    train_prior(pictures, tmp_path / "model", TINY, settings, device="cpu")
    with pytest.raises(InputError, match="another training"):
        train_prior(PictureFolder(folder, 16), tmp_path / "model", TINY, SETTINGS, device="cpu")
