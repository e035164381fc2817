"""Which pixels an edit may change, and the guarantee that no other does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.guidance.painted_parts import painted_parts
from pixelguide.labels import IGNORE, LabelMap

RoiMode = Literal["classes", "parts", "changed"]


def edited_classes(source: LabelMap, target: LabelMap) -> tuple[str, ...]:
    """Q when the user does not name it: the classes that lost or gained pixels, without the ground
    that others were painted on.

    Of these classes the largest are left out for as long as every changed pixel keeps a class of Q
    before or after. Otherwise a stroke of lips on a face would put the whole face into the ROI.
    """
    changed = source.ids != target.ids
    pairs = np.unique(np.stack([source.ids[changed], target.ids[changed]]), axis=1).T.tolist()
    counts = np.bincount(source.ids.ravel(), minlength=256) + np.bincount(
        target.ids.ravel(), minlength=256
    )
    kept = {i for pair in pairs for i in pair} - {IGNORE}
    for i in sorted(kept, key=lambda i: (-counts[i], i)):
        if all((kept - {i}) & set(pair) for pair in pairs):
            kept.remove(i)
    return tuple(source.labels.names[i] for i in sorted(kept))


def region_of_interest(
    source: LabelMap,
    target: LabelMap,
    classes: Iterable[str],
    mode: RoiMode = "classes",
    dilation: int = 1,
) -> NDArray[np.bool_]:
    """The ROI as bool H×W; True = may change.

    mode "classes": M = { p : y_p ∈ Q or y_edit_p ∈ Q } (Matsunaga et al. 2022, eq. 7) with
    Q = `classes`; mode "parts": what was painted of Q and the parts that move with it (see
    `painted_parts`); mode "changed": the pixels whose label differs. Each is dilated by `dilation`
    pixels (a 3×3 square as many times) as a blending buffer.

    Of a group's classes only one need occur. Raises InputError when the maps differ in size or are
    equal, for a name that is unknown, and but for "changed" when one of Q occurs in neither map.
    """
    if source.ids.shape != target.ids.shape:
        raise InputError(
            f"target map of {_size(target)} pixels for a source map of {_size(source)}",
            "map",
            "Both must have the size of the picture.",
        )
    changed = source.ids != target.ids
    if not changed.any():
        raise InputError("nothing to edit: the map equals the source map", "map", "Repaint it.")
    members = {name: source.labels.ids((name,)) for name in classes}
    if mode == "changed":
        return dilate(changed, dilation)
    roi = np.zeros_like(changed)
    for name, ids in members.items():
        painted = np.isin(source.ids, ids) | np.isin(target.ids, ids)
        if not painted.any():
            raise InputError(f"'{name}' occurs in neither map", "classes", "Leave it out.")
        roi |= painted
    if not (roi & changed).any():
        raise InputError(
            "nothing to edit: no pixel of the named classes changed", "classes", "Name others."
        )
    if mode == "parts":
        roi = painted_parts(source, target, members)
    return dilate(roi, dilation)


def dilate(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Grow a mask by a 3×3 square, `times` times."""
    import torch  # takes a second, which settings and their errors need not wait for
    from torch.nn import functional as F  # noqa: N812

    grown = torch.from_numpy(mask)[None, None].float()
    for _ in range(times):
        grown = F.max_pool2d(grown, 3, stride=1, padding=1)
    result: NDArray[np.bool_] = grown[0, 0].numpy() > 0
    return result


def composite(
    original: NDArray[np.uint8], edited: NDArray[np.uint8], roi: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """`edited` inside the ROI, `original` outside: uint8 (N×)H×W×3.

    The last word on preservation (requirement P.2): outside, bytes are copied, not computed.
    """
    return np.where(roi[..., None], edited, original)


def _size(label_map: LabelMap) -> str:
    height, width = label_map.ids.shape
    return f"{width}×{height}"
