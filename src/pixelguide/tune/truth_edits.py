"""Edits whose truth is known, made of labelled pictures: a part is hidden, and its own map asks for
it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.defaults import EditDefaults
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.segment.dataset import LabelledPictures

SMALLEST = 1 / 400
"""Share of a picture that a part must have to be hidden: 10 pixels of 64²."""
WIDEST = 1 / 2
"""What covers more is the ground, which nobody paints anew."""
FEWEST = 4
"""Edits of one size below which nothing can be chosen by them."""

Ids = NDArray[np.uint8]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class TruthEdit:
    """task: see `EditTask`. picture: which of the labelled ones it was made of. large: whether its
    region is a large one."""

    task: EditTask
    picture: int
    large: bool


def truth_edits(
    pictures: LabelledPictures, defaults: EditDefaults, each: int, seed: int = 0
) -> list[TruthEdit]:
    """`each` edits of small regions and as many of large ones, or as many as there are.

    Three of four have the part of another picture in the place of a picture's own, in the picture's
    colours, which is how people repaint: what both parts cover stays. Of the fourth the part is
    gone, and what is around it goes on. Pictures and parts take turns. Raises InputError where too
    few parts can be hidden.
    """
    draws = np.random.default_rng([seed, len(pictures), 20])
    found: dict[bool, list[TruthEdit]] = {False: [], True: []}
    for number, (picture, part) in enumerate(_turns(pictures, draws)):
        if all(len(own) >= each for own in found.values()):
            break
        other = None if number % 4 == 3 else int(draws.integers(len(pictures)))
        task = hidden(pictures, picture, part, other, defaults, f"{number:04d}")
        if task is None:
            continue
        large = defaults.is_large(int(task.painted.sum()))
        if len(found[large]) < each:
            found[large].append(TruthEdit(task, picture, large))
    edits = found[False] + found[True]
    if max(map(len, found.values())) < FEWEST or len({edit.picture for edit in edits}) < 2:
        raise InputError(
            f"too few parts to hide: {len(edits)} edits could be made of {len(pictures)} pictures",
            "labelled pictures",
            "Label more pictures, or train with --no-tune.",
        )
    return edits


def hidden(
    pictures: LabelledPictures,
    picture: int,
    part: Sequence[int],
    other: int | None,
    defaults: EditDefaults,
    name: str,
) -> EditTask | None:
    """The edit that gives a `picture` its `part` (class ids) back; None where it shows too little.

    other: whose part lies in its place, None for nothing.
    """
    truth, ids = pictures.images[picture], pictures.label_ids[picture]
    own = np.isin(ids, part)
    if not SMALLEST <= own.mean() <= WIDEST:
        return None
    covered = dilate(own, defaults.dilation) & (ids != IGNORE)
    known = ~covered & ~own & (ids != IGNORE)
    if not known.any():
        return None
    image, source = truth.copy(), ids.copy()
    rows, columns = _nearest(known)
    source[own] = ids[rows, columns][own]
    image[covered] = _flat(truth, ids, source)[covered]
    if other is not None:
        laid = np.isin(pictures.label_ids[other], part)
        if not SMALLEST <= laid.mean() <= WIDEST:
            return None
        source[laid] = pictures.label_ids[other][laid]
        image[laid] = _in_colours(pictures, picture, other, laid)
    same = ~dilate(source != ids, 1)  # what nobody repaints stays as it is, but for its edges
    image[same] = truth[same]
    if (source == ids).all():
        return None
    labels = pictures.labels
    shown = {*map(int, np.unique(ids)), *map(int, np.unique(source))}
    classes = tuple(labels.names[i] for i in part if i in shown)
    return EditTask(
        name, "-".join(labels.names[part[0]].split()), image, LabelMap(source, labels),
        LabelMap(ids.copy(), labels), classes, truth, "classes", defaults.dilation,
    )  # fmt: skip


def parts_of(pictures: LabelledPictures) -> list[tuple[int, ...]]:
    """What can be hidden: each group of classes, and each class that is in none."""
    labels = pictures.labels
    groups = [labels.ids((name,)) for name in labels.groups]
    grouped = {i for group in groups for i in group}
    single = [(i,) for i in range(len(labels)) if i not in grouped]
    return [*groups, *single, *[(i,) for i in sorted(grouped)]]


def _turns(
    pictures: LabelledPictures, draws: np.random.Generator
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each picture with each part in turn, all pairs a few times."""
    parts = parts_of(pictures)
    for _ in range(3):
        orders = [draws.permutation(len(pictures)) for _ in parts]
        for place in range(len(pictures)):
            for part, order in zip(parts, orders, strict=True):
                yield int(order[place]), part


def _nearest(known: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the `known` pixel nearest to each, H×W."""
    from scipy import ndimage  # takes a tenth of a second, which other commands need not wait for

    rows, columns = ndimage.distance_transform_edt(
        ~known, return_distances=False, return_indices=True
    )
    return rows, columns


def _flat(image: Image, ids: Ids, source: Ids) -> Image:
    """Each pixel in the mean colour that its class of `source` has in `image`."""
    flat = image.copy()
    for label in np.unique(source):
        shown = ids == label
        if shown.any():
            flat[source == label] = np.round(image[shown].mean(0)).astype(np.uint8)
    return flat


def _in_colours(
    pictures: LabelledPictures, picture: int, other: int, laid: NDArray[np.bool_]
) -> Image:
    """Pixels `laid` of the `other` picture, uint8 P×3, each class in the `picture`'s mean colour
    where it has the class."""
    colours = pictures.images[other].astype(np.float64)
    for label in np.unique(pictures.label_ids[other][laid]):
        theirs = pictures.label_ids[other] == label
        ours = pictures.label_ids[picture] == label
        if ours.any():
            apart = pictures.images[picture][ours].mean(0) - colours[theirs].mean(0)
            colours[theirs] += apart
    result: Image = np.clip(np.round(colours), 0, 255).astype(np.uint8)[laid]
    return result
