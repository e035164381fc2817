"""The noise of a photograph: measured where nothing changes, given back where it was lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelguide.photo.framing import Placement

BLOCK = 16
"""Side of the blocks that are looked at, in pixels of the photograph."""
BLOCKS = 900
"""At most so many, spread over the crop and half its size around it: the work is the same for
photographs of any size."""
FEWEST = 6
"""Flat blocks without which nothing is known of the noise."""
TILE = 256
"""Side of the square of noise that repeats over the region: larger than an eye follows."""
CLIPPED = 4
"""Values so near to 0 or 255 may have been cut off, and their noise with them."""
ROUNDING = 0.15
"""A variance below is little more than that of rounding, 1/12: a drawing, no photograph."""
Tile = NDArray[np.float32]
"""Noise, float32 `TILE`×`TILE`×3, of 255; its edges meet."""


def noise_tile(placement: Placement, roi: NDArray[np.bool_], seed: int) -> Tile | None:
    """Noise as the photograph has it on flat areas outside `roi` (bool S×S), or None where there is
    none or nothing is known of it.

    It is Gaussian, with the power spectrum of the flat blocks and the covariance of their channels.
    seed: of the generator; the same bytes for the same seed.
    """
    blocks = _flat(_residuals(placement, roi))
    if len(blocks) < FEWEST:
        return None
    power = (np.abs(np.fft.fft2(blocks, axes=(1, 2))) ** 2).mean((0, 3))
    covariance = np.einsum("bijc,bijd->cd", blocks, blocks) / blocks[..., 0].size
    level = np.trace(covariance) / 3
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    kernel /= np.sqrt((kernel**2).sum())
    wide = np.zeros((TILE, TILE))
    wide[:BLOCK, :BLOCK] = kernel
    # a grey photograph's channels are one and the same, and their covariance is singular
    values, vectors = np.linalg.eigh(covariance / level)
    mixed = vectors * np.sqrt(np.clip(values, 0, None))
    white = np.random.default_rng(seed).standard_normal((TILE, TILE, 3))
    shaped = np.fft.ifft2(
        np.fft.fft2(white, axes=(0, 1)) * np.fft.fft2(wide)[..., None], axes=(0, 1)
    ).real
    shaped /= shaped.std()
    tile: Tile = (np.sqrt(level) * shaped @ mixed.T).astype(np.float32)
    return tile


def tiled(tile: Tile, rows: slice, columns: slice) -> NDArray[np.float32]:
    """The noise of a part of the photograph, float32 h×w×3: the same wherever a band begins."""
    down, across = (np.arange(own.start, own.stop) % TILE for own in (rows, columns))
    part: NDArray[np.float32] = tile[down[:, None], across]
    return part


def _residuals(placement: Placement, roi: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Blocks outside the ROI less a plane each, N×B×B×3; none that may be clipped."""
    left, top, right, bottom = placement.window(np.ones_like(roi))
    width, height = placement.photograph.size
    reach = round(placement.frame.size / 2)
    left, top = max(0, left - reach), max(0, top - reach)
    right, bottom = min(width, right + reach), min(height, bottom + reach)
    counts = [max(1, (stop - start) // BLOCK) for start, stop in ((left, right), (top, bottom))]
    thinner = max(1.0, (counts[0] * counts[1] / BLOCKS) ** 0.5)
    xs, ys = (
        np.unique(np.linspace(start, stop - BLOCK, max(1, int(count / thinner))).astype(int))
        for (start, stop), count in zip(((left, right), (top, bottom)), counts, strict=True)
    )
    inside = np.append(roi.ravel(), False)
    across, down = np.meshgrid(np.arange(BLOCK), np.arange(BLOCK))
    basis = np.stack([np.ones(BLOCK * BLOCK), across.ravel(), down.ravel()], -1)
    plane = basis @ np.linalg.pinv(basis)
    found = []
    for x in map(int, xs[xs >= 0]):
        for y in map(int, ys[ys >= 0]):
            if inside[placement.model_pixels(x, y, x + BLOCK, y + BLOCK)].any():
                continue
            block = placement.photograph.rgb(slice(y, y + BLOCK), slice(x, x + BLOCK))
            if block.shape[:2] != (BLOCK, BLOCK):
                continue
            if block.min() < CLIPPED or block.max() > 255 - CLIPPED:
                continue
            values = block.reshape(-1, 3).astype(np.float64)
            found.append((values - plane @ values).reshape(BLOCK, BLOCK, 3))
    return np.array(found).reshape(-1, BLOCK, BLOCK, 3)


def _flat(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of blocks those that show noise and nothing else: their variance is near the lowest.

    The variance of N values scatters by √(2/N) of itself; what exceeds the lower quartile by three
    times that has texture. Blocks without any noise were drawn, not photographed.
    """
    variances = blocks.var((1, 2)).mean(-1)
    blocks, variances = blocks[variances > ROUNDING], variances[variances > ROUNDING]
    if not len(blocks):
        return blocks
    limit = np.quantile(variances, 0.25) * (1 + 4 * (2 / BLOCK**2) ** 0.5)
    flat: NDArray[np.float64] = blocks[variances <= limit]
    return flat
