"""A category that nobody tunes by hand: drawn fish, with their label maps and edits of known truth.

    python -m recipes.fish pictures OUT [--count 12000] [--size 32]    OUT/pictures to train a prior
    python -m recipes.fish labelled OUT [--count 20] [--size 32]       OUT/labelled, other fish
    python -m recipes.fish edits OUT [--count 100] [--size 32]         OUT/edits, for `evaluate`

recipes/fish.md has what follows: three commands, no number. Each fish is drawn from a few lengths
and colours, once as a picture, four times as fine and reduced, and once as a map of the parts. An
edit changes some of them, so that its true result is known.
"""

from __future__ import annotations

import argparse
import colorsys
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.task_folder import write_tasks
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet

LABELS = LabelSet(
    ("water", "plant", "body", "stripe", "tail", "fin", "eye"),
    (
        (40, 90, 150),
        (50, 140, 60),
        (240, 160, 60),
        (120, 40, 40),
        (200, 90, 160),
        (230, 220, 90),
        (250, 250, 250),
    ),
)
FINE = 4
"""Points a pixel, each way."""
SEEDS = {"pictures": 1, "labelled": 2, "edits": 3}
"""No fish of one kind is one of another."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fish:
    """Lengths are shares of the picture's side, from its middle; colours RGB in 0 … 1.

    centre: x, y. length, height: half axes of the body. turn: radians. tail, dorsal, ventral: how
    far they stick out. stripes: where they lie along the body, in -1 … 1, and how wide. eye: its
    radius. plants: x, height and sway of each. phase: of the shading.
    """

    centre: tuple[float, float]
    length: float
    height: float
    turn: float
    left: bool
    tail: float
    dorsal: float
    ventral: float
    stripes: tuple[tuple[float, float], ...]
    eye: float
    plants: tuple[tuple[float, float, float], ...]
    phase: float
    water: tuple[float, float, float]
    body: tuple[float, float, float]
    stripe: tuple[float, float, float]
    fins: tuple[float, float, float]


def fish_at(kind: str, index: int) -> Fish:
    """Fish `index` of an endless series; `kind`: of `SEEDS`."""
    draws = np.random.default_rng([SEEDS[kind], index])
    hue = draws.random()
    count = int(draws.integers(0, 4))
    spread = np.linspace(-0.35, 0.35, count) if count > 1 else np.zeros(count)
    return Fish(
        centre=(draws.uniform(-0.05, 0.05), draws.uniform(-0.1, 0.05)),
        length=draws.uniform(0.28, 0.35),
        height=draws.uniform(0.15, 0.24),
        turn=draws.uniform(-0.25, 0.25),
        left=bool(draws.random() < 0.5),
        tail=draws.uniform(0.1, 0.2),
        dorsal=draws.uniform(0.05, 0.14),
        ventral=draws.uniform(0.03, 0.1),
        stripes=tuple((float(x), draws.uniform(0.07, 0.12)) for x in spread),
        eye=draws.uniform(0.04, 0.065),
        plants=tuple(
            (draws.uniform(-0.5, 0.5), draws.uniform(0.1, 0.45), draws.uniform(0.01, 0.05))
            for _ in range(int(draws.integers(0, 4)))
        ),
        phase=draws.uniform(0, 6.28),
        water=_colour(draws.uniform(0.5, 0.62), draws.uniform(0.4, 0.7), draws.uniform(0.35, 0.8)),
        body=_colour(hue, draws.uniform(0.4, 0.9), draws.uniform(0.6, 0.95)),
        stripe=_colour(hue + draws.uniform(0.3, 0.7), draws.uniform(0.2, 0.9),
                       draws.uniform(0.1, 0.95)),
        fins=_colour(hue + draws.uniform(-0.12, 0.12), draws.uniform(0.4, 0.9),
                     draws.uniform(0.4, 0.75)),
    )  # fmt: skip


def draw(fish: Fish, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Its picture, uint8 size×size×3, and its map, uint8 size×size of `LABELS`."""
    across = (np.arange(size * FINE) + 0.5) / (size * FINE) - 0.5
    x, y = np.meshgrid(across, across)
    layers = list(_layers(fish, x, y))
    ids = np.zeros(x.shape, np.uint8)
    for label, mask, _ in layers:
        ids[mask] = label
    colour = np.zeros((*x.shape, 3))
    for _, mask, paint in layers:
        colour[mask] = paint[mask]
    blocks = colour.reshape(size, FINE, size, FINE, 3).mean((1, 3))
    image = np.rint(255 * np.clip(blocks, 0, 1)).astype(np.uint8)
    votes = [(ids == k).reshape(size, FINE, size, FINE).sum((1, 3)) for k in range(len(LABELS))]
    return image, np.argmax(votes, 0).astype(np.uint8)


def _layers(fish: Fish, x: Floats, y: Floats) -> Iterator[tuple[int, Mask, Floats]]:
    """Class, where, and colours of each layer, from the back."""
    everywhere = np.ones(x.shape, bool)
    light = 0.75 - 0.5 * y + 0.05 * np.sin(14 * x + 6 * y + fish.phase)
    yield 0, everywhere, light[..., None] * np.array(fish.water)
    for at, high, sway in fish.plants:
        rise = 0.5 - y
        middle = at + sway * np.sin(16 * rise + fish.phase)
        shade = 0.7 + 0.3 * np.cos(40 * rise)
        leaf = (np.abs(x - middle) < 0.03 * (1.15 - rise / high)) & (rise < high)
        yield 1, leaf, shade[..., None] * np.array((0.2, 0.6, 0.25))
    # the fish's own frame: u along it, the head at +1, v across, the back at -1
    dx, dy = x - fish.centre[0], y - fish.centre[1]
    along = np.cos(fish.turn) * dx + np.sin(fish.turn) * dy
    v = (np.cos(fish.turn) * dy - np.sin(fish.turn) * dx) / fish.height
    u = (-along if fish.left else along) / fish.length
    rays = 0.85 + 0.15 * np.sin(30 * v + 8 * u)
    fins = rays[..., None] * np.array(fish.fins)
    beyond = (-u - 0.8) * fish.length  # behind the body
    fork = 0.3 * np.clip(beyond, 0, None)
    reach = fish.tail * (0.75 + 0.35 * np.abs(v)) + 0.04
    spread = np.abs(v * fish.height) < 0.03 + 0.75 * np.clip(beyond, 0, None) - fork * 0.3
    yield 4, (beyond > 0) & (beyond < reach) & spread, fins
    arch = np.clip(1 - ((u + 0.1) / 0.55) ** 2, 0, None)
    yield 5, (v < 0) & (-v < 0.9 + fish.dorsal * arch / fish.height) & (arch > 0.05), fins
    below = np.clip(1 - ((u - 0.15) / 0.3) ** 2, 0, None)
    yield 5, (v > 0) & (v < 0.9 + fish.ventral * below / fish.height) & (below > 0.05), fins
    trunk = u**2 + v**2 * (1 + 0.35 * u * (u < 0)) < 1
    shade = (0.95 - 0.3 * v + 0.08 * np.cos(24 * u) * np.cos(12 * v))[..., None]
    yield 2, trunk, shade * np.array(fish.body)
    for at, wide in fish.stripes:
        yield 3, trunk & (np.abs(u - at + 0.1 * v**2) < wide), shade * np.array(fish.stripe)
    ex, ey = (u - 0.62) * fish.length, (v + 0.22) * fish.height
    away = np.hypot(ex, ey)
    white = np.where(away < 0.55 * fish.eye, 0.08, 0.95)
    yield 6, away < fish.eye, np.repeat(white[..., None], 3, 2)


def _colour(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    return colorsys.hsv_to_rgb(hue % 1, saturation, value)


Edit = Callable[[Fish, np.random.Generator], Fish]
EDITS: dict[str, tuple[tuple[str, ...], Edit]] = {
    "tail": (
        ("tail",),
        lambda fish, draws: replace(fish, tail=0.34 - fish.tail + draws.uniform(-0.03, 0.03)),
    ),
    "fins": (
        ("fin",),
        lambda fish, draws: replace(
            fish, dorsal=0.19 - fish.dorsal, ventral=draws.uniform(0.03, 0.1)
        ),
    ),
    "eye": (("eye",), lambda fish, draws: replace(fish, eye=0.105 - fish.eye)),
    "stripes": (
        ("stripe",),
        lambda fish, draws: replace(
            fish,
            stripes=() if len(fish.stripes) > 1 else ((-0.3, 0.1), (0.0, 0.09), (0.3, 0.08)),
        ),
    ),
    "shape": (
        ("body", "tail", "fin", "stripe"),
        lambda fish, draws: replace(fish, height=0.39 - fish.height),
    ),
}
"""Edited classes, and the fish that is wanted."""


def edit_tasks(count: int, size: int) -> list[EditTask]:
    """Edits of fish that were never trained on, the kinds taking turns, with their truth."""
    tasks = []
    for index in range(count):
        kind = list(EDITS)[index % len(EDITS)]
        classes, change = EDITS[kind]
        before = fish_at("edits", index)
        after = change(before, np.random.default_rng([SEEDS["edits"], index, 1]))
        image, source = draw(before, size)
        truth, target = draw(after, size)
        shown = {*np.unique(source), *np.unique(target)}
        classes = tuple(name for name in classes if LABELS.id(name) in shown)
        if not np.isin(LABELS.ids(classes), np.unique([source, target])).any():
            continue
        changed = source != target
        edited = np.isin(source, LABELS.ids(classes)) | np.isin(target, LABELS.ids(classes))
        if not (changed & edited).any():
            continue
        name = f"{index:04d}-{kind}"
        maps = (LabelMap(source, LABELS), LabelMap(target, LABELS))
        tasks.append(EditTask(name, kind, image, *maps, classes, truth, "classes", 1))
    return tasks


def write_pictures(folder: Path, kind: str, count: int, size: int, maps: bool) -> None:
    """NNNNN.png, and NNNNN_label.png and labels.json where there are to be `maps`."""
    for index in range(count):
        image, ids = draw(fish_at(kind, index), size)
        save_png(folder / f"{index:05d}.png", image)
        if maps:
            LabelMap(ids, LABELS).save(folder / f"{index:05d}_label.png")
    if maps:
        write_atomically(folder / "labels.json", LABELS.to_json().encode())


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=tuple(SEEDS))
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--size", type=int, default=32)
    arguments = parser.parse_args()
    counts = {"pictures": 12_000, "labelled": 20, "edits": 100}
    count = arguments.count or counts[arguments.kind]
    folder = arguments.out / arguments.kind
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.kind == "edits":
        write_tasks(folder, edit_tasks(count, arguments.size))
    else:
        write_pictures(
            folder, arguments.kind, count, arguments.size, maps=arguments.kind == "labelled"
        )
    sys.stdout.write(f"{folder}: {count} fish\n")


if __name__ == "__main__":
    main()
