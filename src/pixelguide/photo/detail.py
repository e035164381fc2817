"""Detail finer than the model's pixels, for what an edit changed in a larger photograph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.photo.framing import Placement

FILE = "detail.safetensors"
"""In the model folder of a category that has one."""
ZOOM = 2
"""How many times finer than the model's pixels it sees and paints."""
LARGE_ENOUGH = 1.5
"""Pixels of a photograph that a model pixel must span, along each side, to have finer detail."""
COLOURS = 3
Floats = NDArray[np.float32]
FinerDetail = Callable[[Floats, Floats], Floats]
"""`finer_detail` for one photograph: of `after` and `replaced`."""


class DetailStep:
    """A small residual network of 3×3 convolutions: what an enlarged picture lacks beside one that
    was taken at that size, told by its sharp surroundings.

    It works on blocks of 2×2 pixels (space to depth), so that it costs as much as at the model's
    size, in NumPy, because photographs are put together where there is no torch. Trained by
    `pixelguide train detail`.
    """

    def __init__(self, weights: Mapping[str, Floats], where: str = FILE) -> None:
        """weights: kernels `….weight` out×in×3×3 and `….bias` out of the layers `first`,
        `blocks.0.0`, `blocks.0.1`, `blocks.1.0` … and `last`. Raises InputError for others."""
        self._layers: dict[str, tuple[Floats, Floats]] = {}
        try:
            width = len(weights["first.bias"])
            blocks = sum(name.endswith(".0.bias") for name in weights)
            sides = {"first": ((COLOURS + 1) * ZOOM**2, width), "last": (width, COLOURS * ZOOM**2)}
            sides |= {
                f"blocks.{k}.{half}": (width, width) for k in range(blocks) for half in (0, 1)
            }
            for name, (inputs, outputs) in sides.items():
                kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
                if kernel.shape != (outputs, inputs, 3, 3) or bias.shape != (outputs,):
                    raise InputError(f"'{name}' of another shape", where, "Train it again.")
                if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
                    raise InputError(f"'{name}' is not finite", where, "Train it again.")
                flat = kernel.transpose(2, 3, 1, 0).reshape(9 * inputs, outputs)
                self._layers[name] = flat.astype(np.float32), bias.astype(np.float32)
        except KeyError as error:
            raise InputError(f"no tensor {error}", where, "Train it again.") from None
        self._blocks = blocks

    @classmethod
    def read(cls, path: Path) -> DetailStep:
        """The network of a file. Raises InputError for one that is missing or damaged."""
        try:
            weights = safetensors.numpy.load_file(path)
        except FileNotFoundError:
            raise InputError("no such file", str(path), "Fetch the model again.") from None
        except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
            raise InputError(f"not readable ({error})", str(path), "Fetch it again.") from None
        return cls(weights, path.name)

    def __call__(self, seen: Floats, replaced: Floats) -> Floats:
        """What is to be added to `seen`, float32 2S×2S×3 in units of 1/127.5 of a grey level.

        seen: 2S×2S×3 in [-1, 1], sharp but where it was replaced by something enlarged. replaced:
        2S×2S in [0, 1], how far it was. Computed around what was replaced; 0 elsewhere.
        """
        added = np.zeros_like(seen)
        touched = replaced > 0
        rows = _around(np.asarray(touched.any(1)), self._reach)
        columns = _around(np.asarray(touched.any(0)), self._reach)
        if rows is None or columns is None:
            return added
        shown = np.concatenate([seen, replaced[..., None]], -1)[rows, columns]
        x = self._convolved("first", _to_blocks(shown))
        for k in range(self._blocks):
            x = x + self._convolved(
                f"blocks.{k}.1", _silu(self._convolved(f"blocks.{k}.0", _silu(x)))
            )
        finer = _from_blocks(self._convolved("last", _silu(x)))
        added[rows, columns] = finer * shown[..., -1:]
        return added

    @property
    def _reach(self) -> int:
        """Pixels of the fine grid from which a pixel's answer depends on others."""
        return ZOOM * len(self._layers)

    def _convolved(self, name: str, x: Floats) -> Floats:
        """A layer's answer, h×w×out, to h×w×in."""
        kernel, bias = self._layers[name]
        height, width, channels = x.shape
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
        flat = windows.transpose(0, 1, 3, 4, 2).reshape(height * width, 9 * channels)
        return (flat @ kernel + bias).reshape(height, width, -1)


def finer_detail(
    step: DetailStep, sharp: NDArray[np.uint8], after: Floats, replaced: Floats
) -> Floats:
    """What `step` adds to an edit, float32 2S×2S×3 in grey levels (of 255).

    sharp: uint8 2S×2S×3, the photograph's part before the edit. after: float32 S×S×3 in [0, 255].
    replaced: float32 S×S in [0, 1].
    """
    side = len(sharp)
    share = resized(replaced, side, Image.Resampling.BILINEAR).clip(0, 1)
    planes = [resized(after[..., c], side, Image.Resampling.BICUBIC) for c in range(COLOURS)]
    enlarged = np.stack(planes, -1).clip(0, 255)
    seen = sharp + share[..., None] * (enlarged - sharp)
    return step((seen / 127.5 - 1).astype(np.float32), share) * np.float32(127.5)


def resized(plane: Floats, side: int, how: Image.Resampling) -> Floats:
    """A plane (float32 h×w) with `side` pixels along each side."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((side, side), how))


def sharp_part(placement: Placement | None) -> NDArray[np.uint8] | None:
    """A photograph's part at twice the model's size, uint8 2S×2S×3; None where it is not so fine
    (`LARGE_ENOUGH`), or there is none."""
    if placement is None or placement.frame.size < LARGE_ENOUGH * placement.side:
        return None
    return Placement(placement.photograph, placement.frame, ZOOM * placement.side).extract()


def _around(touched: NDArray[np.bool_], margin: int) -> slice | None:
    """The blocks from the first to the last that is touched and `margin` pixels more."""
    where = np.flatnonzero(touched)
    if not len(where):
        return None
    first = max(0, int(where[0]) - margin) // ZOOM * ZOOM
    last = min(len(touched), int(where[-1]) + 1 + margin)
    return slice(first, -(-last // ZOOM) * ZOOM)


def _to_blocks(x: Floats) -> Floats:
    """2h×2w×C to h×w×4C, the channels of a colour together."""
    height, width, channels = x.shape
    blocks = x.reshape(height // ZOOM, ZOOM, width // ZOOM, ZOOM, channels)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(height // ZOOM, width // ZOOM, -1)


def _from_blocks(x: Floats) -> Floats:
    height, width, channels = x.shape
    blocks = x.reshape(height, width, channels // ZOOM**2, ZOOM, ZOOM)
    return blocks.transpose(0, 3, 1, 4, 2).reshape(ZOOM * height, ZOOM * width, -1)


def _silu(x: Floats) -> Floats:
    activated: Floats = x / (1 + np.exp(-x))
    return activated
