"""How far the order of candidates agrees with marks that a person gave them by eye.

    python -m benchmarks.marked_results sheets PICTURES OUT --model faces-128
    python -m benchmarks.marked_results agreement TABLE.md

`sheets` repaints the maps of pictures that the prior's training held out, by program, and edits
each with three candidates. It writes sheets without scores (picture, painted map, candidates in
the order of their generators) and `marks.md`, a table of ROI loss and oddity of each candidate with
room for its marks: 2 as good as a photograph, 1 so-so, 0 ruined. Look at the sheets first, then
write the marks into the table. It prints how far edited classes are from the colours they had
(CIEDE2000).

`agreement` reads such tables from a file (docs/results.md has two) and prints of each, by the
weight of the oddity: Spearman's rank correlation with the marks over all candidates, the pairs of
one edit with different marks that come in the right order, and the mean mark of what ranks first.
Then what a weight is worth on edits that had no part in its choice: chosen on one half of the
edits, measured on the other, over 500 random halves.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from benchmarks.hidden_parts import held_out, say
from benchmarks.setup import add_model, option_parser
from pixelguide.batch.scripted import repainted
from pixelguide.edit.editor import Editor
from pixelguide.edit.result import ODD
from pixelguide.errors import InputError
from pixelguide.evaluate.contact_sheet import contact_sheet
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.prior.pictures import PictureFolder

ROWS_OF_A_SHEET = 3
CANDIDATES = 3
WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
HALVES = 500
ROW = re.compile(r"^\| (\d\d-\w+) \| (\d(?:, \d)*) \| ([\d., ]+) \| ([\d., ]+) \|$")


@dataclass(frozen=True)
class Marked:
    """One edit: of each candidate its mark, ROI loss and oddity."""

    marks: tuple[int, ...]
    losses: tuple[float, ...]
    oddities: tuple[float, ...]

    def badness(self, weight: float) -> list[float]:
        """What candidates are ranked by, low first; infinite weight: by the oddity alone."""
        if math.isinf(weight):
            return list(self.oddities)
        pairs = zip(self.losses, self.oddities, strict=True)
        return [loss + weight * math.log(odd) for loss, odd in pairs]


def main() -> None:
    """Make the sheets, or measure the agreement."""
    parser = option_parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sheets = commands.add_parser("sheets")
    sheets.add_argument("pictures", type=Path)
    sheets.add_argument("out", type=Path)
    add_model(sheets)
    sheets.add_argument("--edits", type=int, default=20)
    sheets.set_defaults(model="faces-128")
    agreement = commands.add_parser("agreement")
    agreement.add_argument("table", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.command == "sheets":
        make_sheets(arguments)
    else:
        for table in tables(arguments.table.read_text("utf-8")):
            report(table)


def lower_hairline(source: LabelMap) -> tuple[LabelMap, tuple[str, ...]]:
    """The hair grows down over the face by a twentieth of the picture, as a fringe does."""
    return _moved_hairline(source, "hair", "face")


def higher_hairline(source: LabelMap) -> tuple[LabelMap, tuple[str, ...]]:
    """The face grows up into the hair by a twentieth of the picture."""
    return _moved_hairline(source, "face", "hair")


def _moved_hairline(source: LabelMap, grows: str, over: str) -> tuple[LabelMap, tuple[str, ...]]:
    target, step = source.copy(), max(1, source.ids.shape[0] // 20)
    own, other = (source.ids == source.labels.id(name) for name in (grows, over))
    near = np.zeros_like(own)
    for shift in range(1, step + 1):
        if grows == "hair":
            near[shift:] |= own[:-shift]
        else:
            near[:-shift] |= own[shift:]
    near[source.ids.shape[0] // 2 :] = False  # of the forehead, not of the neck
    if not (near & other).any():
        raise InputError("no hairline in the picture", "map", "Take another.")
    target.paint(grows, near & other)
    return target, (grows, over)


def _scripted(name: str) -> Callable[[LabelMap], tuple[LabelMap, tuple[str, ...]]]:
    return lambda source: repainted(source, name)


KINDS: dict[str, Callable[[LabelMap], tuple[LabelMap, tuple[str, ...]]]] = {
    "open_mouth": _scripted("open_mouth"),
    "lower_hairline": lower_hairline,
    "bigger_eyes": _scripted("bigger_eyes"),
    "close_mouth": _scripted("close_mouth"),
    "higher_hairline": higher_hairline,
    "raise_brows": _scripted("raise_brows"),
}


def make_sheets(arguments: argparse.Namespace) -> None:
    """Edit, and write sheets and the table to fill in."""
    editor = Editor.from_pretrained(arguments.model, "cpu")
    pictures = PictureFolder(arguments.pictures, editor.size)
    indices = iter(held_out(len(pictures), 4 * arguments.edits))
    arguments.out.mkdir(parents=True, exist_ok=True)
    headings = ["picture", "painted", *"123"[:CANDIDATES]]
    apart: list[float] = []
    rows, lines = [], ["| edit | mark | ROI loss | oddity |", "|---|---|---|---|"]
    for number in range(arguments.edits):
        kind = list(KINDS)[number % len(KINDS)]
        image, source, (target, classes) = _first_paintable(editor, pictures, indices, kind)
        result = editor.edit(target, source=source, edit_classes=classes, seed=number,
                             num_images=CANDIDATES)  # fmt: skip
        apart += [
            colour["delta_e"]
            for one in result.candidates
            for colour in (one.colours or {}).values()
        ]
        name = f"{number:02d}-{kind}"
        cells = [(image, ""), (target.colour(), "")]
        rows.append((name, [*cells, *((one.image, "") for one in result.candidates)]))
        losses = ", ".join(f"{one.roi_loss:.2f}" for one in result.candidates)
        odd = ", ".join(f"{one.oddity:.2f}" for one in result.candidates)
        lines.append(f"| {name} | {', '.join('?' * CANDIDATES)} | {losses} | {odd} |")
    for first in range(0, len(rows), ROWS_OF_A_SHEET):
        sheet = contact_sheet(headings, rows[first : first + ROWS_OF_A_SHEET])
        save_png(arguments.out / f"sheet-{first:02d}.png", sheet)
    (arguments.out / "marks.md").write_text("\n".join(lines) + "\n", "utf-8")
    say(f"colours of edited classes: mean ΔE {np.mean(apart):.2f} of {len(apart)}, "
        f"90 % below {np.percentile(apart, 90):.2f}")  # fmt: skip


def _first_paintable(
    editor: Editor, pictures: PictureFolder, indices: Iterator[int], kind: str
) -> tuple[np.ndarray, LabelMap, tuple[LabelMap, tuple[str, ...]]]:
    """The next picture that shows what `kind` repaints, its map, what was painted and classes."""
    for index in indices:
        image = pictures.picture(index)
        editor.set_image(image)
        source = editor.segment()
        try:
            return image, source, KINDS[kind](source)
        except InputError:
            continue
    raise InputError("too few pictures for so many edits", "pictures", "Ask for fewer.")


def tables(text: str) -> list[list[Marked]]:
    """Every run of marked rows in a document."""
    found: list[list[Marked]] = []
    within = False
    for line in text.splitlines():
        match = ROW.match(line)
        if match:
            if not within:
                found.append([])
            marks, losses, oddities = (
                tuple(float(value) for value in match[column].split(", ")) for column in (2, 3, 4)
            )
            found[-1].append(Marked(tuple(int(mark) for mark in marks), losses, oddities))
        within = match is not None
    return found


def correlation(edits: list[Marked], weight: float) -> float:
    """Spearman's, of all candidates: how far low badness goes with high marks."""
    badness = [value for edit in edits for value in edit.badness(weight)]
    marks = [mark for edit in edits for mark in edit.marks]
    return -float(stats.spearmanr(badness, marks).statistic)


def pairs_in_order(edits: list[Marked], weight: float) -> tuple[int, int]:
    """Pairs of one edit's candidates with different marks: in the right order, and all."""
    right = total = 0
    for edit in edits:
        badness = edit.badness(weight)
        for first in range(len(badness)):
            for second in range(len(badness)):
                if edit.marks[first] > edit.marks[second]:
                    total += 1
                    right += badness[first] < badness[second]
    return right, total


def mark_of_the_best(edits: list[Marked], weight: float) -> float:
    """Mean mark of the candidate that ranks first."""
    return float(np.mean([edit.marks[int(np.argmin(edit.badness(weight)))] for edit in edits]))


def report(edits: list[Marked]) -> None:
    """Print one table's agreement."""
    everything = [mark for edit in edits for mark in edit.marks]
    counts = ", ".join(f"{everything.count(mark)} of {mark}" for mark in (2, 1, 0))
    say(f"{len(edits)} edits, {len(everything)} results: {counts}; "
        f"one taken blindly has {np.mean(everything):.2f}")  # fmt: skip
    for weight in (*WEIGHTS, math.inf):
        right, total = pairs_in_order(edits, weight)
        say(f"weight {weight:g}{' (now)' if weight == ODD else ''}: correlation "
            f"{correlation(edits, weight):.2f}, pairs {right} of {total}, "
            f"mark of the best {mark_of_the_best(edits, weight):.2f}")  # fmt: skip
    rng = np.random.default_rng(0)
    gains, chosen = [], []
    for _ in range(HALVES):
        order = rng.permutation(len(edits))
        learnt, tried = ([edits[k] for k in half] for half in np.array_split(order, 2))
        best = max(WEIGHTS, key=lambda weight: correlation(learnt, weight))
        chosen.append(best)
        gains.append((correlation(tried, 0.0), correlation(tried, best), correlation(tried, ODD)))
    before, fitted, now = np.mean(gains, 0)
    low, high = np.percentile(np.array(gains)[:, 2] - np.array(gains)[:, 0], [2.5, 97.5])
    say(f"on the half that had no part in the choice: loss alone {before:.2f}, weight chosen on "
        f"the other half {fitted:.2f} (median {np.median(chosen):g}), {ODD:g} {now:.2f}; "
        f"gain of {ODD:g}, 95 % of the halves: {low:.2f} to {high:.2f}\n")  # fmt: skip


if __name__ == "__main__":
    main()
