"""Editing methods to compare, each by a name such as `guided` or `sdedit:0.3`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.sdedit import sdedit
from pixelguide.guidance.flat_colours import Colours, Strokes, flat_colours
from pixelguide.images import load_rgb
from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator

KINDS = "guided, unguided, paste, sdedit, truth"
SDEDIT_STEPS = 50


@dataclass(frozen=True)
class Outcome:
    """What a method made of one task.

    images: candidates, uint8 N×S×S×3. picked: index of the one the method prefers. The rest is for
    all of them together, None where unknown: seconds by the clock and cpu_seconds by the processor,
    which other programs on the machine hardly change, and evaluations, the pictures that went
    through the prior's network, every candidate in every pass, also to score them.
    """

    images: NDArray[np.uint8]
    picked: int = 0
    seconds: float | None = None
    cpu_seconds: float | None = None
    evaluations: int | None = None


@dataclass(frozen=True)
class Method:
    """An editing method: from a task and a seed to an outcome.

    outside: its pictures come from elsewhere and may change between two runs.
    """

    name: str
    run: Callable[[EditTask, int], Outcome]
    outside: bool = False


@dataclass(frozen=True)
class Setup:
    """What methods work with. colours: see `flat_colours`. num_images: candidates for each task.
    settings: of `EditSettings`, for methods that are not given others."""

    editor: Editor
    colours: Colours
    num_images: int = 4
    settings: Mapping[str, Any] | None = None


def stroke_guide(
    task: EditTask, colours: Colours, strokes: Strokes = "classes"
) -> NDArray[np.uint8]:
    """The task's picture with flat colours where it is to change, uint8 S×S×3: `flat_colours`."""
    return flat_colours(
        task.image, task.source, task.target, task.classes, task.painted, task.roi, colours, strokes
    )


def method(text: str, setup: Setup) -> Method:
    """The method that `text` names, as KIND or KIND:SETTING=VALUE,…

    guided, and unguided (the same with scale 0, from the picture's inversion: the prior inpaints,
    and is told nothing of the target): settings of `EditSettings`.
    paste: flat class colours. sdedit: t0 (or just its value), steps, and strokes ("classes" or
    "changed"; also for paste), see `flat_colours`. truth: the true edit, as an upper bound.
    Raises InputError for anything else, and for settings out of range.
    """
    kind, _, rest = text.partition(":")
    if kind == "sdedit" and rest and "=" not in rest.split(",")[0]:
        rest = f"t0={rest}"
    settings = settings_of(text, rest)
    if kind in ("guided", "unguided"):
        settings = {**(setup.settings or {}), **settings, "num_images": setup.num_images}
        if kind == "unguided":
            settings |= {"guidance_scale": 0.0, "start_from": "inversion"}
        for fixed in ("seed", "roi", "dilation"):
            if fixed in settings:
                raise InputError(f"setting '{fixed}'", text, "It comes with the task or the run.")
        EditSettings.check(text, settings)
        return Method(text, _edited(setup.editor, settings))
    known: dict[str, dict[str, Any]] = {
        "paste": {"strokes": "classes"},
        "sdedit": {"t0": 0.3, "steps": SDEDIT_STEPS, "strokes": "classes"},
        "truth": {},
    }
    if kind not in known:
        raise InputError(f"unknown method '{kind}'", text, f"Known: {KINDS}.")
    chosen = known[kind] | settings
    if set(chosen) != set(known[kind]):
        names = ", ".join(known[kind]) or "none"
        raise InputError(f"setting '{(set(chosen) - set(known[kind])).pop()}'", text,
                         f"Settings of {kind}: {names}.")  # fmt: skip
    if chosen.get("strokes", "classes") not in get_args(Strokes):
        raise InputError(f"strokes '{chosen['strokes']}'", text, "Use classes or changed.")
    if kind == "truth":
        return Method(text, _truth)
    if kind == "paste":
        return Method(text, _pasted(setup, chosen["strokes"]))
    t0, steps = chosen["t0"], chosen["steps"]
    if not isinstance(t0, int | float) or not 0 < t0 <= 1:
        raise InputError(f"t0 {t0}", text, "It is a share of all noise levels, such as 0.3.")
    if not isinstance(steps, int) or steps < 2:
        raise InputError(f"{steps} steps", text, "Take at least 2.")
    return Method(text, _sdedited(setup, t0, steps, chosen["strokes"]))


def finished(name: str, folder: Path) -> Method:
    """A method that ran elsewhere: its pictures `folder`/TASK.png, one a task.

    `folder`/seconds.json, if there is one, has seconds by task name. Raises InputError for a
    folder that is missing; the method does for a picture that is missing or has another size.
    """
    if not folder.is_dir():
        raise InputError("no such folder", str(folder), "Give the folder with finished pictures.")
    seconds: dict[str, Any] = {}
    if (folder / "seconds.json").exists():
        try:
            seconds = dict(json.loads((folder / "seconds.json").read_text("utf-8")))
            seconds = {task: float(value) for task, value in seconds.items()}
        except (OSError, ValueError, TypeError, RecursionError) as error:
            place = str(folder / "seconds.json")
            raise InputError(f"not seconds by task ({error})", place) from None

    def run(task: EditTask, seed: int) -> Outcome:
        path = folder / f"{task.name}.png"
        image = load_rgb(path)
        if image.shape != task.image.shape:
            raise InputError(
                f"picture of {image.shape[1]}×{image.shape[0]} pixels",
                str(path),
                f"It must be {task.image.shape[1]}×{task.image.shape[0]}, as the task's.",
            )
        return Outcome(image[None], seconds=seconds.get(task.name))

    return Method(name, run, outside=True)


def _edited(editor: Editor, settings: Mapping[str, Any]) -> Callable[[EditTask, int], Outcome]:
    def run(task: EditTask, seed: int) -> Outcome:
        with _measured(editor.denoiser) as cost:
            editor.set_image(task.image)
            result = editor.edit(
                task.target,
                source=task.source,
                edit_classes=task.classes,
                seed=seed,
                roi=task.roi_mode,
                dilation=task.dilation,
                **{"rank": "agreement", **settings},
            )
        images = np.stack([candidate.image for candidate in result.candidates])
        return Outcome(images, result.best.index, **vars(cost))

    return run


def _sdedited(
    setup: Setup, t0: float, steps: int, strokes: Strokes
) -> Callable[[EditTask, int], Outcome]:
    editor = setup.editor

    def run(task: EditTask, seed: int) -> Outcome:
        guide = stroke_guide(task, setup.colours, strokes)
        draws = [generator(seed, "candidate", k) for k in range(setup.num_images)]
        with _measured(editor.denoiser) as cost:
            images = sdedit(editor.denoiser, task.image, guide, task.roi, t0, steps, draws)
            editor.set_image(task.image)
            scores = [own.roi_loss for own in editor.score(images, task.target, task.roi)]
        return Outcome(images, int(np.argmin(scores)), **vars(cost))

    return run


def _pasted(setup: Setup, strokes: Strokes) -> Callable[[EditTask, int], Outcome]:
    def run(task: EditTask, seed: int) -> Outcome:
        with _measured(setup.editor.denoiser) as cost:
            image = stroke_guide(task, setup.colours, strokes)
        return Outcome(image[None], **vars(cost))

    return run


def _truth(task: EditTask, seed: int) -> Outcome:
    if task.truth is None:
        raise InputError("no true edit is known", task.name, "Leave the method truth out.")
    return Outcome(task.truth[None])


@dataclass
class _Cost:
    """What a run has cost once it is over, see `Outcome`."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    evaluations: int = 0


@contextmanager
def _measured(denoiser: Denoiser) -> Iterator[_Cost]:
    cost = _Cost()
    began, cpu_began = time.monotonic(), time.process_time()
    with denoiser.counted() as sizes:
        yield cost
    if denoiser.device.type == "cuda":
        torch.cuda.synchronize(denoiser.device)
    cost.seconds = time.monotonic() - began
    cost.cpu_seconds = time.process_time() - cpu_began
    cost.evaluations = sum(sizes)


def settings_of(where: str, text: str) -> dict[str, Any]:
    """NAME=VALUE,… as a dict, numbers as numbers; InputError naming `where` for anything else."""
    settings: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"'{part}'", where, "Write settings as NAME=VALUE, by commas.")
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            settings[name.strip()] = value
    return settings
