"""Work that is killed and repeated: run as a program, it forks one process for each attempt.

It says "ready" once all is imported. A line of standard input is [name, folder, seconds or null]:
the work is done in `folder` by a process that is killed after so long, and how it ended is printed.
What is to be killed elsewhere is one line in `WORK`.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch

from discs import write_discs
from eye import SETTINGS, Eye
from pixelguide.cli import main
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.detail_training import DetailTraining, train_detail
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.prior import training
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.public.download import download
from pixelguide.prior.training_settings import PriorTraining
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.training import train_classifiers
from pixelguide.tune import search, tuning
from pixelguide.tune.cross_fit import fold_settings

TINY = Architecture(size=16, channels=(16, 16), attention_levels=1, head_channels=16)


def train_prior(folder: Path) -> None:
    """Six steps, a checkpoint after every second."""
    pictures = folder / "pictures"
    if not pictures.exists():
        write_discs(pictures)
    training.sample_grid = lambda *_, **__: None  # type: ignore[assignment]
    settings = PriorTraining(
        images=12, batch_size=2, warmup_images=8, checkpoint_images=4, learning_rate=2e-3,
        ema_decay=0.5,
    )  # fmt: skip
    training.train_prior(PictureFolder(pictures, 16), folder / "out", TINY, settings, device="cpu")


def train_tiny_classifiers(folder: Path) -> None:
    """Six members, kept one by one."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, (4, 8, 8)).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    labels = LabelSet(("a", "b", "c"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))
    pictures = LabelledPictures(images, ids, labels)
    eye: Any = Eye()
    eye.unet.weight.data.fill_(1.0)
    eye.unet.bias.data.fill_(0.0)
    (folder / "out").mkdir(exist_ok=True)
    train_classifiers(eye, pictures, SETTINGS, checkpoint=folder / "out" / "state.safetensors")


def pull(folder: Path) -> None:
    """A file of a server on this machine, whose address lies in the folder."""
    url = (folder / "url").read_text()
    download(url, folder / "out" / "file", limit=10**8)


def batch(folder: Path) -> None:
    """An edit of two pictures each by a tiny category."""
    edits = folder / "edits"
    if not edits.exists():
        new = folder / "new"
        for k in range(2):
            portrait = portrait_at(7, k)
            shown = render(portrait, 32)
            save_png(new / f"{k}.png", shown.image)
            ids = shown.label_ids.copy()
            ids[10:16, 8:20] = LABELS.id("hair")
            LabelMap(ids, LABELS).save(new / f"{k}_edited.png")
        new.rename(edits)
    main([
        "batch", str(edits), "-o", str(folder / "out"), "--model", str(folder / "model"),
        "--steps", "2", "--device", "cpu", "-q", "-n", "2",
    ])  # fmt: skip


def tune(folder: Path) -> None:
    """A few settings of a tiny category, by a few edits of its labelled pictures."""
    labelled = folder / "labelled"
    if not labelled.exists():
        new = folder / "new"
        for k in range(4):
            shown = render(portrait_at(7, k), 32)
            save_png(new / f"{k}.png", shown.image)
            LabelMap(shown.label_ids, LABELS).save(new / f"{k}_label.png")
        (new / "labels.json").write_text(LABELS.to_json())
        new.rename(labelled)
    tuning.EDITS = 4
    tuning.fold_settings = lambda timesteps, seed: replace(
        fold_settings(timesteps, seed),
        iterations=1,
        tuning=1,
        starts=(9,),
        steps=2,
        pixels=16,
        noise_draws=1,
        mirror=False,
        segment_timesteps=(1,),
    )
    search.STARTS, search.SCALES, search.TEMPERATURES = (0.002,), (), ()
    search.STEPS, search.INVERTED = (), ()
    tuning.tune(folder / "out", labelled)


def detail(folder: Path) -> None:
    """A few steps of a small network that paints detail, for a tiny category."""
    pictures = folder / "pictures"
    if not pictures.exists():
        new = folder / "new"
        for k in range(4):
            save_png(new / f"{k}.png", render(portrait_at(7, k), 64).image)
        new.rename(pictures)
    settings = DetailTraining(images=16, batch_size=2, patch=16, width=4, blocks=1)
    train_detail(pictures, folder / "out", settings)


WORK: dict[str, Callable[[Path], None]] = {
    "train prior": train_prior,
    "train classifiers": train_tiny_classifiers,
    "pull": pull,
    "batch": batch,
    "tune": tune,
    "train detail": detail,
}


def outcome(folder: Path) -> str:
    """What finished work left, less what tells the time."""
    digest, contents = hashlib.sha256(), list[bytes]()
    for path in sorted((folder / "out").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".safetensors":
            for key, value in sorted(safetensors.torch.load_file(path).items()):
                digest.update(f"{name} {key}".encode() + value.numpy().tobytes())
        elif path.name in ("file", "edit.json") or path.suffix == ".png":
            contents.append(path.read_bytes())
    for content in sorted(contents):  # results are called after the folder that they came from
        digest.update(content)
    return digest.hexdigest()


def serve() -> None:
    """Say that it is ready, then do what standard input asks for."""
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        name, folder, seconds = json.loads(line)
        pid = os.fork()
        if pid == 0:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            code = 1
            try:
                WORK[name](Path(folder))
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            except BaseException as error:
                sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
            os._exit(code)
        print(os.waitstatus_to_exitcode(ended(pid, seconds)), flush=True)  # noqa: T201


def ended(pid: int, seconds: float | None) -> int:
    """The status of a process that ends by itself, or is killed after so many seconds."""
    until = None if seconds is None else time.monotonic() + seconds
    while until is not None and time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    if until is not None:
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


if __name__ == "__main__":
    serve()
