"""Connected regions of a label map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def regions(ids: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The connected regions of equal ids, neighbours being up to eight.

    Returns, for each of R regions, its first pixel in reading order (int64 R×2, y and x) and its
    number of pixels (int64 R).
    """
    # Runs of equal ids in a row are the nodes: far fewer than pixels.
    starts = np.ones(ids.shape, bool)
    starts[:, 1:] = ids[:, 1:] != ids[:, :-1]
    run = (np.cumsum(starts.reshape(-1), dtype=np.int64) - 1).reshape(ids.shape)
    first = np.flatnonzero(starts)
    length = np.diff(np.append(first, ids.size))

    # Runs of two rows that touch do so where one of them starts: above, or a step left of it.
    above, below = slice(None, -1), slice(1, None)
    either = starts[above] | starts[below]
    edges = [_edges(ids, run, either, (above, slice(None)), (below, slice(None)))]
    for up, down in (((above, above), (below, below)), ((above, below), (below, above))):
        edges.append(_edges(ids, run, either[:, 1:], up, down))
    root = _roots(len(first), np.concatenate(edges, axis=1))

    pixels = np.bincount(root, weights=length, minlength=len(first)).astype(np.int64)
    own = np.flatnonzero(root == np.arange(len(first)))  # the first run of each region
    return np.stack(np.divmod(first[own], ids.shape[1]), axis=1), pixels[own]


def _edges(
    ids: NDArray[np.uint8],
    run: NDArray[np.int64],
    where: NDArray[np.bool_],
    up: tuple[slice, slice],
    down: tuple[slice, slice],
) -> NDArray[np.int64]:
    """Pairs of runs (2×E) that two shifted views of the map show to touch, of those asked for."""
    touch = where & (ids[up] == ids[down])
    return np.stack([run[up][touch], run[down][touch]])


def _roots(count: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The smallest node that each of `count` nodes is connected with."""
    root = np.arange(count)
    while True:
        ends = root[edges]
        open_ends = ends[:, ends[0] != ends[1]]
        if not open_ends.size:
            return root
        # Hook the larger root of every open edge to the smaller, then let all point to the top.
        np.minimum.at(root, open_ends.max(0), open_ends.min(0))
        while (root[root] != root).any():
            root = root[root]
