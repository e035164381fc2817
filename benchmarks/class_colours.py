"""How well edited classes keep their colours, and how near those come that are asked for.

    python -m benchmarks.class_colours OUT.json [--model portraits-64] [--first 0] [--edits 60]
                                       [--pictures FOLDER] [--sheet OUT.png]

Portraits: edits of `pixelguide evaluate --maps true` of every kind. Other models: the pictures in
FOLDER, whole, which is to hold pictures that no prior has seen (with --held-out those that its
training left out), their maps as the model reads them, and five repaintings in turn: hair grows or
is cut, eyebrows rise, eyes look aside, lips get fuller. One candidate each, the model's settings.

- kept: CIEDE2000 between the mean colour of each edited class before, by the map before, and after,
  by the repainted map, over the whole picture; of every third picture without colour control too;
- asked: a class of each picture that keeps its shape gets a colour (five classes in turn, colours
  of a list): CIEDE2000 between its mean and that colour, and the correlation of L* before and after
  over its pixels; "repainted": of every second picture such a colour for a class that the edits of
  above repaint.

Photographs are measured at their own size. Prints a table, writes all numbers. (Candidates are not
scored, which takes more passes than it is worth here.)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from benchmarks.setup import add_edits, option_parser
from pixelguide.colour_difference import delta_e, lab
from pixelguide.edit import editor as editor_module
from pixelguide.edit.editor import Editor
from pixelguide.edit.result import Candidate, EditResult
from pixelguide.evaluate.cases import portrait_tasks
from pixelguide.guidance.region import dilate
from pixelguide.images import SUFFIXES, load_rgb
from pixelguide.labels import LabelMap
from pixelguide.portraits import EDITS, LABELS
from pixelguide.prior.batches import split

ASKED = {
    "hair": ("#8a4b2d", "#d8c8a0", "#1c1815", "#3050a0", "#7a7a78"),
    "lips": ("#b01e32", "#783c46", "#d08a80"),
    "iris": ("#3c6ea0", "#466e3c", "#5a3a22"),
    "clothing": ("#c82828", "#283c78", "#d8d2c0"),
    "eyebrow": ("#3c281e", "#a88a60"),
}
LEAST = 12
"""Pixels of a class whose colour is measured."""


@dataclass(frozen=True)
class Case:
    """A picture (uint8 H×W×3, H a multiple of S), its map, and the map after painting, both S×S."""

    name: str
    image: NDArray[np.uint8]
    source: LabelMap
    target: LabelMap
    classes: tuple[str, ...] | None


def portraits(editor: Editor, count: int, first: int) -> Iterator[Case]:
    """Drawn portraits and every kind of edit, by their true maps."""
    for task in portrait_tasks(editor, count, first, kinds=tuple(EDITS), maps="true"):
        yield Case(task.name, task.image, task.source, task.target, task.classes)


def shifted(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask moved; what leaves the picture is lost."""
    moved = np.roll(mask, (rows, columns), (0, 1))
    if rows < 0:
        moved[rows:] = False
    return moved


def repainted(source: LabelMap, kind: int) -> LabelMap:
    """One of five repaintings of a face's map."""
    target, side = source.copy(), len(source.ids)
    ids = {name: source.labels.id(name) for name in source.labels.names}
    step = max(1, side // 32)

    def shown(*names: str) -> NDArray[np.bool_]:
        return np.isin(source.ids, [ids[name] for name in names])

    if kind == 0:  # hair grows
        target.ids[dilate(shown("hair"), step) & shown("background", "face")] = ids["hair"]
    elif kind == 1:  # hair is cut
        rim = dilate(shown("background"), step) & shown("hair")
        target.ids[rim] = ids["background"]
    elif kind == 2:  # eyebrows rise
        target.ids[shown("eyebrow")] = ids["face"]
        target.ids[shifted(shown("eyebrow"), -step, 0) & shown("face", "eyebrow")] = ids["eyebrow"]
    elif kind == 3:  # eyes look aside
        eyes = shown("iris", "eye white")
        target.ids[shown("iris")] = ids["eye white"]
        target.ids[shifted(shown("iris"), 0, max(1, step // 2)) & eyes] = ids["iris"]
    else:  # lips get fuller
        target.ids[dilate(shown("lips"), max(1, step // 2)) & shown("face")] = ids["lips"]
    return target


def photographs(
    editor: Editor, folder: Path, count: int, first: int, held_out: int
) -> Iterator[Case]:
    """Pictures and repaintings of the maps that the model reads in them."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if held_out:
        paths = [paths[k] for k in split(len(paths), held_out)[1]]
    for number, path in enumerate(paths[first : first + count], first):
        image = load_rgb(path)
        editor.set_image(image, crop=(0, 0, min(image.shape[:2])))
        source = editor.segment()
        target = repainted(source, number % 5)
        if (source.ids != target.ids).any():
            yield Case(path.stem, image, source, target, None)


def mean_of(image: NDArray[np.uint8], shown: LabelMap, label: int) -> NDArray[np.float64] | None:
    """The mean colour of a class; None of one that is hardly there."""
    mask = enlarged(shown.ids == label, image)
    return image[mask].mean(0) if (shown.ids == label).sum() >= LEAST else None


def enlarged(mask: NDArray[np.bool_], image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """A mask of the model's size at the picture's."""
    zoom = len(image) // len(mask)
    return mask.repeat(zoom, 0).repeat(zoom, 1)


def whole(result: EditResult) -> NDArray[np.uint8]:
    """The best candidate in the whole picture."""
    return np.asarray(result.photograph(), np.uint8)


def kept(case: Case, image: NDArray[np.uint8], result: EditResult) -> dict[str, float]:
    """How far the classes that were to keep their colour are from it."""
    found = {}
    for name in result.best.colours or {}:
        label = case.source.labels.id(name)
        before = mean_of(case.image, case.source, label)
        after = mean_of(image, case.target, label)
        if before is not None and after is not None:
            found[name] = float(delta_e(before, after))
    return found


def asked(
    case: Case, shown: LabelMap, image: NDArray[np.uint8], name: str, colour: str
) -> dict[str, float]:
    """How far a class is from the colour that was asked for, and what is left of its texture."""
    pixels = enlarged(shown.ids == shown.labels.id(name), image)
    before, after = (lab(each[pixels])[:, 0] for each in (case.image, image))
    return {
        "delta_e": float(delta_e(image[pixels].mean(0), ImageColor.getrgb(colour))),
        "texture": float(np.corrcoef(before, after)[0, 1]),
    }


def unscored(_: Any, __: Any, images: NDArray[np.uint8], *___: Any) -> tuple[Candidate, ...]:
    """Instead of `score_candidates`."""
    return tuple(Candidate(k, image, 0.0, 0.0, 0) for k, image in enumerate(images))


def measured(editor: Editor, case: Case, number: int) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """All of one picture, and what was made of it beside it."""

    def give() -> None:
        crop = None if len(case.image) == editor.size else (0, 0, min(case.image.shape[:2]))
        editor.set_image(case.image, crop=crop)

    give()
    painting: dict[str, Any] = {
        "source": case.source, "edit_classes": case.classes, "num_images": 1, "seed": number,
    }  # fmt: skip
    own = editor.edit(case.target, **painting)
    row: dict[str, Any] = {"name": case.name, "kept": kept(case, whole(own), own)}
    if number % 3 == 0:
        with mock.patch.object(editor_module, "with_class_colours", lambda guided, *_: guided):
            free = editor.edit(case.target, **painting)
        row["free"] = kept(case, whole(free), own)
    pictures = [case.image, whole(own)]
    names = [*ASKED]
    for turn in range(len(names)):
        name = names[(number + turn) % len(names)]
        if (case.source.ids == case.source.labels.id(name)).sum() >= LEAST:
            colour = ASKED[name][(number // len(names)) % len(ASKED[name])]
            result = editor.edit(source=case.source, colours={name: colour})
            row["asked"] = asked(case, case.source, whole(result), name, colour) | {"class": name}
            pictures.append(whole(result))
            break
    gained = [
        name for name in ASKED
        if ((case.target.ids == case.target.labels.id(name)) & (case.source.ids != case.target.ids))
        .sum() >= LEAST
    ]  # fmt: skip
    if gained and number % 2 == 0:
        colour = ASKED[gained[0]][number % len(ASKED[gained[0]])]
        result = editor.edit(case.target, colours={gained[0]: colour}, **painting)
        row["repainted"] = asked(case, case.target, whole(result), gained[0], colour)
        pictures.append(whole(result))
    pictures += [np.full_like(case.image, 255)] * (4 - len(pictures))
    return row, np.concatenate(pictures, 1)


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| {len(rows)} pictures | n | mean ΔE | 90 % below | texture, mean | texture ≥ 0.7 |"
    yield "|---|---|---|---|---|---|"
    for key, title in (("free", "kept, without control"), ("kept", "kept")):
        apart = [value for row in rows for value in row.get(key, {}).values()]
        yield _line(title, apart)
    for key in ("asked", "repainted"):
        found = [row[key] for row in rows if key in row]
        yield _line(key, [f["delta_e"] for f in found], [f["texture"] for f in found])
        for name in ASKED if key == "asked" else ():
            own = [f for f in found if f["class"] == name]
            if own:
                yield _line(f"- {name}", [f["delta_e"] for f in own], [f["texture"] for f in own])


def _line(title: str, apart: list[float], texture: list[float] | None = None) -> str:
    cells = [str(len(apart)), f"{np.mean(apart):.2f}", f"{np.percentile(apart, 90):.2f}"]
    cells += ["", ""]
    if texture:
        cells[3:] = [f"{np.mean(texture):.3f}", f"{np.mean(np.array(texture) >= 0.7):.0%}"]
    return f"| {title} | {' | '.join(cells)} |"


def cases(editor: Editor, arguments: argparse.Namespace) -> Iterator[Case]:
    """What the options ask for."""
    count, first = arguments.edits, arguments.first
    if editor.labels.names == LABELS.names:
        return portraits(editor, count, first)
    return photographs(editor, arguments.pictures, count, first, arguments.held_out)


def main() -> None:
    """Edit, print, write."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    add_edits(parser, 0, 60)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--held-out", type=int, default=0, help="as the prior's training says")
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained(arguments.model, "cpu")
    rows, strips = [], []
    with mock.patch.object(editor_module, "score_candidates", unscored):
        for number, case in enumerate(cases(editor, arguments)):
            row, strip = measured(editor, case, number)
            rows.append(row)
            strips.append(strip)
            sys.stderr.write(f"{json.dumps(row)}\n")
    arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.sheet:
        Image.fromarray(np.concatenate(strips)).save(arguments.sheet)
    sys.stdout.write("\n".join(table(rows)) + "\n")


if __name__ == "__main__":
    main()
