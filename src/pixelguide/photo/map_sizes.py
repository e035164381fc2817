"""Label maps and masks at the size of a photograph, of its crop, and of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.framing import Placement


def enlarged_map(placement: Placement, label_map: LabelMap) -> LabelMap:
    """The map (S×S) over the whole photograph: `IGNORE` outside the frame.

    `reduced_map` makes the same map of it again, where the frame lies in the picture. Raises
    InputError for a part of a photograph as large as the model's picture: its map would be taken
    for that of the model.
    """
    width, height = placement.photograph.size
    if (width, height) == (placement.side, placement.side) and not placement.is_whole:
        raise InputError(
            f"a picture of {width}×{height} pixels is as large as the model's",
            "map",
            "Its map could not be told from the part's: take a map of the model's size.",
        )
    whole = np.full((height, width), IGNORE, np.uint8)
    ids = np.append(label_map.ids.ravel(), np.uint8(IGNORE))
    everywhere = np.ones(label_map.ids.shape, np.bool_)
    for left, top, right, bottom in placement.bands(placement.window(everywhere)):
        whole[top:bottom, left:right] = ids[placement.model_pixels(left, top, right, bottom)]
    return LabelMap(whole, label_map.labels)


def reduced_map(placement: Placement, label_map: LabelMap, known: LabelMap) -> LabelMap:
    """A map of the photograph's size or of its crop's at the model's: by majority.

    Each model pixel gets the class of most of the pixels that belong to it; of classes with as many
    the one that `known` (S×S) has there, else the lowest id. It gets `IGNORE` only if more than
    half of them do. Model pixels without any get what `known` has, beyond the picture and where
    nothing was painted; but where the part has fewer pixels than the model, and the nearest model
    pixel that has some was painted, what that one became. A map of S×S is the model's, whatever
    size the photograph has, and is returned as it is. Raises InputError for another size.
    """
    side = placement.side
    if label_map.ids.shape == (side, side):
        return label_map
    classes = len(label_map.labels)
    votes = np.zeros((side * side, classes + 1), np.int32)
    for index, ids in _parts(placement, label_map.ids, "map"):
        inside = index >= 0
        compact = np.minimum(ids[inside], classes).astype(np.int64)  # `IGNORE` comes last
        places = index[inside].astype(np.int64) * (classes + 1) + compact
        votes += np.bincount(places, minlength=votes.size).astype(np.int32).reshape(votes.shape)
    given = np.minimum(known.ids.ravel(), classes).astype(np.int64)
    pixels = np.arange(side * side)
    most = votes[:, :classes].max(1)
    chosen = votes[:, :classes].argmax(1)
    tied = (votes[pixels, given] == most) & (given < classes)
    chosen = np.where(tied, given, chosen)
    total = votes.sum(1)
    chosen = np.where(2 * votes[:, classes] > total, IGNORE, chosen)
    chosen = np.where(total == 0, known.ids.ravel(), chosen)
    nearest = _filled_in(placement, total > 0)
    chosen = np.where((chosen != known.ids.ravel())[nearest], chosen[nearest], chosen)
    return LabelMap(chosen.astype(np.uint8).reshape(side, side), label_map.labels)


def reduced_mask(placement: Placement, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask (bool) of the photograph's size or of its crop's at the model's: bool S×S.

    Model pixels of which any pixel is masked: thin things go too. Those that have none, where the
    part has fewer pixels than the model, are masked as the nearest that has some. A mask of S×S is
    the model's and returned as it is. Raises InputError for another size or type.
    """
    side = placement.side
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise InputError(
            f"mask of shape {mask.shape} and type {mask.dtype}", "mask", "Give bool of shape H×W."
        )
    if mask.shape == (side, side):
        return mask
    reduced = np.zeros(side * side + 1, np.bool_)
    seen = np.zeros_like(reduced)
    for index, part in _parts(placement, mask, "mask"):
        reduced[index[part]] = seen[index] = True  # those outside fall on the last, -1
    return reduced[_filled_in(placement, seen[:-1])].reshape(side, side)


Values = TypeVar("Values", np.uint8, np.bool_)


def _parts(
    placement: Placement, values: NDArray[Values], what: str
) -> Iterator[tuple[NDArray[np.int32], NDArray[Values]]]:
    """The model pixels (see `Placement.model_pixels`) of parts of a map, and the parts."""
    side, crop = placement.side, round(placement.frame.size)
    width, height = placement.photograph.size
    if values.shape == (height, width):
        everywhere = np.ones((side, side), np.bool_)
        for left, top, right, bottom in placement.bands(placement.window(everywhere)):
            index = placement.model_pixels(left, top, right, bottom)
            yield index, values[top:bottom, left:right]
    elif values.shape == (crop, crop):
        axis = (2 * np.arange(crop) + 1) * side // (2 * crop)
        yield (axis[:, None] * side + axis).astype(np.int32), values
    else:
        raise InputError(
            f"{what} of {values.shape[1]}×{values.shape[0]} pixels for a picture of "
            f"{width}×{height}, its crop of {crop}×{crop} and a model of {side}×{side}",
            what,
            "It must have one of these sizes.",
        )


def _filled_in(placement: Placement, seen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Each model pixel (S·S), or in its stead the nearest of the `seen` ones (S·S) where it is not,
    though its centre lies in the picture: the part has fewer pixels than the model."""
    own = np.arange(seen.size)
    missed = ~seen & placement.in_photograph(0).ravel()
    if not missed.any():
        return own
    from scipy import ndimage  # takes a tenth of a second, which larger parts need not wait for

    square = seen.reshape(placement.side, placement.side)
    rows, columns = ndimage.distance_transform_edt(
        ~square, return_distances=False, return_indices=True
    )
    return np.where(missed, (rows * placement.side + columns).ravel(), own)
