"""Pixel classifiers that DatasetDDPM's and the paper's own code trained: `model_<i>.pth`.

A folder holds the members of one ensemble, each `{"model_state_dict": …}` of Linear–ReLU–BatchNorm,
Linear–ReLU–BatchNorm, Linear. Its name says which timesteps and decoder blocks they read, such as
`50_150_250_5_6_7_8_12`; the paper's code has one folder for each t of its guide, `<t>_5_6_7_8_12`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.files import entries_below
from pixelguide.prior.adm.torch_files import read_state_dict
from pixelguide.prior.taps import Tap
from pixelguide.segment.classifier import ClassifierBank

LAYERS = {
    "weight1": "layers.0.weight", "bias1": "layers.0.bias",
    "gain1": "layers.2.weight", "shift1": "layers.2.bias",
    "mean1": "layers.2.running_mean", "variance1": "layers.2.running_var",
    "weight2": "layers.3.weight", "bias2": "layers.3.bias",
    "gain2": "layers.5.weight", "shift2": "layers.5.bias",
    "mean2": "layers.5.running_mean", "variance2": "layers.5.running_var",
    "weight3": "layers.6.weight", "bias3": "layers.6.bias",
}  # fmt: skip
"""Names of a bank's parameters and of theirs."""


@dataclass(frozen=True)
class ClassifierFolder:
    """A folder of `model_<i>.pth`. numbers: what its name holds, timesteps and then blocks."""

    path: Path
    members: tuple[Path, ...]
    numbers: tuple[int, ...]


def find_classifiers(folder: Path) -> list[ClassifierFolder]:
    """Every folder of classifiers in or under `folder`, by name. Raises InputError if none is."""
    found: dict[Path, dict[int, Path]] = {}
    for path in sorted(p for p in entries_below(folder) if fnmatch(p.name, "model_*.pth")):
        number = re.fullmatch(r"model_(\d+)", path.stem)
        if number and path.is_file() and not path.is_symlink():
            found.setdefault(path.parent, {})[int(number[1])] = path
    if not found:
        raise InputError("no model_<i>.pth", str(folder), "Give the folder of the classifiers.")
    return [
        ClassifierFolder(
            path,
            tuple(members[k] for k in sorted(members)),
            tuple(map(int, path.name.split("_"))) if re.fullmatch(r"\d+(_\d+)*", path.name) else (),
        )
        for path, members in sorted(found.items())
    ]


def import_ensemble(
    found: ClassifierFolder,
    taps: Sequence[Tap],
    timesteps: Sequence[int] | None = None,
    blocks: Sequence[int] | None = None,
) -> ClassifierBank:
    """A bank with one member per file, in evaluation mode.

    taps: every tap of the prior (`list_taps`). timesteps, blocks: what the classifiers read; by
    default what the folder's name says. Raises InputError naming the file for another layout, and
    when the timesteps and blocks do not make up the width of the first layer.
    """
    states = [_read(path) for path in found.members]
    for path, state in zip(found.members, states, strict=True):
        for name, value in state.items():
            if value.shape != states[0][name].shape:
                raise InputError(
                    f"'{name}' is of another shape than in {found.members[0].name}", path.name
                )
    inputs = states[0]["layers.0.weight"].shape[1]
    steps, used = _reads(found, inputs, taps, timesteps, blocks)
    bank: ClassifierBank = ClassifierBank(
        num_classes=len(states[0]["layers.6.bias"]),
        timesteps=[list(steps)] * len(states),
        taps=[tap.index for tap in used],
        tap_channels=[tap.channels for tap in used],
        hidden=[len(states[0]["layers.0.bias"]), len(states[0]["layers.3.bias"])],
    )
    with torch.no_grad():
        for ours, theirs in LAYERS.items():
            getattr(bank, ours).copy_(torch.stack([state[theirs].float() for state in states]))
    bank.eval().requires_grad_(False)
    return bank


def import_guide(
    found: Sequence[ClassifierFolder],
    taps: Sequence[Tap],
    wanted: Sequence[int],
    blocks: Sequence[int] | None = None,
) -> ClassifierBank:
    """{C_t}: for each timestep of `wanted` the classifier trained nearest to it, each once.

    found: folders named `<t>_<blocks>`; the first member of each is taken. Raises InputError as
    `import_ensemble`, and when members differ in what they read or name.
    """
    named = {folder.numbers[0]: folder for folder in found if folder.numbers}
    if not named:
        raise InputError(
            "no folder is named by its timestep", str(found[0].path.parent), "Say `<t>_<blocks>`."
        )
    chosen = sorted({min(named, key=lambda t: (abs(t - want), t)) for want in wanted})
    alone = [
        import_ensemble(
            ClassifierFolder(named[t].path, named[t].members[:1], named[t].numbers),
            taps, [t], blocks,
        )
        for t in chosen
    ]  # fmt: skip
    first = alone[0].state()
    for t, bank in zip(chosen, alone, strict=True):
        if {**bank.state(), "timesteps": None} != {**first, "timesteps": None}:
            raise InputError("classifiers of different shapes", named[t].path.name)
    guide: ClassifierBank = ClassifierBank(**{**first, "timesteps": [[t] for t in chosen]})
    with torch.no_grad():
        for name, value in guide.state_dict().items():
            value.copy_(torch.cat([bank.state_dict()[name] for bank in alone]))
    guide.eval().requires_grad_(False)
    return guide


def _read(path: Path) -> dict[str, Tensor]:
    state = read_state_dict(path)
    for name in LAYERS.values():
        matrix = name in ("layers.0.weight", "layers.3.weight", "layers.6.weight")
        if name not in state:
            problem = f"'{name}' is missing"
        elif state[name].ndim != 1 + matrix:
            problem = f"'{name}' has shape {tuple(state[name].shape)}"
        elif not torch.isfinite(state[name]).all():
            problem = f"'{name}' holds values that are not finite"
        else:
            continue
        raise InputError(problem, path.name, "Give a pixel classifier of DatasetDDPM.")
    width = 0
    for linear, norm in (("0", "2"), ("3", "5"), ("6", "-")):
        outputs, inputs = state[f"layers.{linear}.weight"].shape
        own = {len(state[name]) for name in LAYERS.values() if name.split(".")[1] in (linear, norm)}
        if own != {outputs} or width not in (0, inputs):
            raise InputError(
                f"layer {linear} does not fit the others", path.name, "Fetch the file again."
            )
        width = outputs
    return {name: state[name] for name in LAYERS.values()}


def _reads(
    found: ClassifierFolder,
    inputs: int,
    taps: Sequence[Tap],
    timesteps: Sequence[int] | None,
    blocks: Sequence[int] | None,
) -> tuple[tuple[int, ...], list[Tap]]:
    """The timesteps and taps that make up `inputs` channels."""
    known = {tap.index: tap for tap in taps}
    numbers = found.numbers
    # a name does not say where timesteps end and blocks begin; the width of the input does
    splits = [(numbers[:k], numbers[k:]) for k in range(1, len(numbers))]
    if timesteps or blocks:
        splits = [
            (tuple(timesteps or steps), tuple(blocks or own)) for steps, own in splits or [((), ())]
        ]
    for steps, own in splits:
        ascending = list(own) == sorted(set(own)) and all(index in known for index in own)
        if own and ascending and len(steps) * sum(known[i].channels for i in own) == inputs:
            return tuple(steps), [known[index] for index in own]
    raise InputError(
        f"{inputs} input channels, which the named timesteps and blocks do not make up",
        found.path.name,
        "Give --timesteps and --taps, and the prior they were trained on.",
    )
