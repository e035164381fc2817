"""What a donor changes: the same edits of held-out faces with and without one.

    python -m benchmarks.donor PICTURES [--model faces-128] [--pairs 12] [--sheets FOLDER]

Pictures that the prior's training held out are taken in pairs, and of the first a mouth and one eye
are hidden under the flat mean colour of the face, at full resolution, with a rim (see
`benchmarks.hidden_parts`). Each is painted back by its own map, with one candidate from seed 0:
from flat colours, and from the second picture as the donor.

accuracy: of the map in the region, by the model's own segmenter. oddity: the prior's error through
noise in the region, as `edit` reports it. seam: the largest ΔE between neighbouring pixels across
the region's border beyond the hidden picture's own. sharpness: deviation of the Laplacian of the
lightness in the part, as a multiple of that of the truth. --sheets: donor, hidden picture, edit
without and with donor, and truth, side by side.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.hidden_parts import SMALLEST, held_out
from benchmarks.seams import added_step
from benchmarks.setup import add_model, option_parser
from pixelguide.colours import LUMA
from pixelguide.edit.donor import Donor
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.guidance.region import dilate
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Frame
from pixelguide.prior.pictures import PictureFolder

PARTS = {"mouth": ("lips", "mouth interior", "teeth"), "eye": ("eye white", "iris")}
MEASURES = ("accuracy", "oddity", "seam", "sharpness")
SHEET = 256
"""Pixels that each picture of a sheet is wide."""


def main() -> None:
    """Measure and print."""
    parser = option_parser(__doc__)
    parser.add_argument("pictures", type=Path)
    add_model(parser)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--sheets", type=Path)
    parser.set_defaults(model="faces-128")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    editor = Editor.from_pretrained(arguments.model, "cpu")
    paths = PictureFolder(arguments.pictures, editor.size).paths
    chosen = [paths[k] for k in held_out(len(paths), 2 * arguments.pairs)]
    found: dict[str, list[list[float]]] = {part: [] for part in PARTS}
    for first, second in zip(chosen[::2], chosen[1::2], strict=True):
        truth = load_rgb(first)
        whole = Frame.whole(*truth.shape[1::-1])
        donor = editor.open_donor(second, crop=Frame.whole(*load_rgb(second).shape[1::-1]))
        editor.set_image(truth, crop=whole)
        target = editor.segment()
        for part in PARTS:
            hidden = hide(editor, part, truth, target)
            if hidden is None:
                continue
            picture, source = hidden
            editor.set_image(picture, crop=whole)
            try:
                pair = [
                    measured(editor, part, truth, picture, source, target, own)
                    for own in (None, donor)
                ]
            except InputError as error:
                sys.stdout.write(f"{first.stem} from {second.stem}, {part}: {error}\n")
                continue
            found[part].append([value for numbers, _ in pair for value in numbers])
            values = " ".join(f"{value:.3f}" for value in found[part][-1])
            sys.stdout.write(f"{first.stem} from {second.stem}, {part}: {values}\n")
            sys.stdout.flush()
            if arguments.sheets:
                shown = [load_rgb(second), picture, *(image for _, image in pair), truth]
                save_png(arguments.sheets / f"{first.stem}-{part}.png", sheet(shown))
    for part, rows in found.items():
        if not rows:
            continue
        means = np.nanmean(rows, axis=0).reshape(2, -1)
        told = ", ".join(
            f"{name} {without:.3f} / {given:.3f}"
            for name, without, given in zip(MEASURES, *means, strict=True)
        )
        sys.stdout.write(f"{part}, {len(rows)} edits, without / with a donor: {told}\n")


def hide(
    editor: Editor, part: str, truth: NDArray[np.uint8], target: LabelMap
) -> tuple[NDArray[np.uint8], LabelMap] | None:
    """`truth` (uint8 H×W×3) without `part`, and the map that says face there; None where the
    picture shows too little of it."""
    face = target.labels.id("face")
    shown = np.isin(target.ids, target.labels.ids(PARTS[part]))
    if part == "eye":  # one of them
        shown[:, shown.shape[1] // 2 :] = False
    if shown.sum() < SMALLEST or editor.placement is None:
        return None
    source = target.copy()
    source.ids[shown] = face
    covered = editor.placement.region(dilate(shown, editor.defaults.dilation))
    seen = editor.placement.region(target.ids == face)
    picture = truth.copy()
    picture[covered] = np.round(truth[seen & ~covered].mean(0))
    return picture, source


def measured(
    editor: Editor,
    part: str,
    truth: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    donor: Donor | None,
) -> tuple[list[float], NDArray[np.uint8]]:
    """The `MEASURES` of one edit, and what came out."""
    classes = [name for name in PARTS[part] if (target.ids == target.labels.id(name)).any()]
    result = editor.edit(
        target, source=source, edit_classes=classes, roi="parts", num_images=1, donor=donor
    )
    full = result.full_size
    if full is None:  # never: the picture was given with a crop
        raise InputError("no photograph", "picture", "Give a crop.")
    after = np.asarray(full.picture(result.best.image), np.uint8)
    inside = full.placement.region(source.ids != target.ids)
    seam = added_step(picture, after, full.region, 1)
    sharpness = _edges(after)[inside].std() / _edges(truth)[inside].std()
    oddity = result.best.oddity
    odd = float("nan") if oddity is None else oddity
    return [result.best.roi_accuracy, odd, seam, float(sharpness)], after


def sheet(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures side by side: uint8 h×w×3."""
    size = (SHEET, SHEET)
    small = [
        np.asarray(Image.fromarray(one).resize(size, Image.Resampling.LANCZOS)) for one in pictures
    ]
    return np.concatenate(small, 1)


def _edges(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    edges: NDArray[np.float64] = ndimage.laplace(picture.astype(np.float64) @ LUMA)
    return edges


if __name__ == "__main__":
    main()
