"""How visible it is where edits were put back into photographs: steps at the border, and grain.

    python -m benchmarks.seams [--edits 100] [--seed 7] [--pictures FOLDER]

Photographs are portraits of the built-in renderer, 192 … 512 pixels wide, continued to larger
pictures, with noise of random strength and coarseness; half of the crops are shifted so that they
cut through hair and shoulders. Each is edited with one candidate in turn by eq. 7's region, which
often meets the crop's border, and as `edit` does.

border: of neighbouring pixels of which one may change and one not, the CIE Lab ΔE (1976) between
them less that in the original; the largest of an edit, of the photograph without its noise, which
differs from pixel to pixel by more than any seam. over 3 pixels: the same of pixels that lie so far
apart, which may be edges that the edit wants. with noise: of the noisy photograph and its edit,
both smoothed over 5×5. noise alone: the same where nothing is edited and the region has the true
noise, drawn anew: what no seam at all measures. grain: variance of the noise inside over that
outside, on flat 8×8 blocks all of which was made anew; of edits with at least four. --pictures:
keeps original and edit side by side.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.setup import option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.portrait_edits import EditCase, portrait_edits
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.map_sizes import reduced_map
from pixelguide.photo.paste_back import put_back
from pixelguide.photo.photograph import Photograph
from pixelguide.portraits import LABELS
from pixelguide.portraits import render as rendered

BLOCK = 8
ENOUGH = 4
"""Blocks without which an edit says nothing of grain."""


def lab(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of sRGB values in [0, 255], H×W×3."""
    values = rgb / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    )
    xyz /= [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def added_step(
    before: NDArray[Any], after: NDArray[Any], region: NDArray[np.bool_], apart: int
) -> float:
    """The largest ΔE between pixels `apart` across the region's border, less the original's."""
    old, new = lab(before), lab(after)
    largest = 0.0
    for axis in (0, 1):
        count = region.shape[axis]
        first, second = np.arange(count - apart), np.arange(apart, count)

        def steps(
            picture: NDArray[np.float64], axis: int = axis, pair: Any = (first, second)
        ) -> NDArray[np.float64]:
            ends = [np.take(picture, own, axis) for own in pair]
            length: NDArray[np.float64] = np.linalg.norm(ends[0] - ends[1], axis=-1)
            return length

        across = np.take(region, first, axis) != np.take(region, second, axis)
        if across.any():
            largest = max(largest, float((steps(new) - steps(old))[across].max()))
    return largest


def photograph_of(case: EditCase, size: int, rng: np.random.Generator) -> dict[str, Any]:
    """The case's portrait as a photograph: pixels, clean, with its noise, and with another draw of
    the same noise; maps before and after, and a crop."""
    before, after = (rendered(one, size) for one in _portraits(case))
    margin = size // 3
    clean = np.pad(before.image, ((margin, margin), (margin, margin), (0, 0)), "edge")
    white = rng.normal(size=clean.shape)
    coarse, strength = rng.choice([0, 0.6, 1.0]), rng.uniform(1.5, 7)
    noise, again = (
        _noise(own, coarse, strength)
        for own in (white, np.random.default_rng(size).normal(size=clean.shape))
    )
    shift = rng.integers(-size // 8, size // 8 + 1, 2) if rng.random() < 0.5 else (0, 0)
    return {
        "clean": clean,
        "pixels": _pixels(clean + noise),
        "again": _pixels(clean + again),
        "maps": [
            LabelMap(np.pad(own.label_ids, margin, "edge"), LABELS) for own in (before, after)
        ],
        "crop": Frame(float(margin + shift[0]), float(margin + shift[1]), float(size)),
    }


def _noise(white: NDArray[Any], coarse: float, strength: float) -> NDArray[np.float64]:
    """White noise H×W×3 blurred by `coarse` pixels, with a deviation of `strength` of 255."""
    noise: NDArray[np.float64] = ndimage.gaussian_filter(white, (coarse, coarse, 0))
    noise *= strength / noise.std()
    return noise


def _pixels(values: NDArray[Any]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels


def _portraits(case: EditCase) -> tuple[Any, Any]:
    from pixelguide.evaluate.portrait_edits import HELD_OUT_SEED
    from pixelguide.portraits import portrait_at

    before = portrait_at(HELD_OUT_SEED, case.index)
    return before, case.edit.apply(before, np.random.default_rng([HELD_OUT_SEED, case.index, 1]))


def grain(
    full: FullSize, after: NDArray[np.uint8], picture: NDArray[Any], shown: dict[str, Any]
) -> tuple[float, int]:
    """Variance of the noise inside over that outside, on flat blocks, and how many there were."""
    patch = put_back(full.placement, full.before, after, full.roi, full.feather)
    quiet = patch.onto(full.photograph.pixels).astype(float)
    change = np.abs(after.astype(int) - full.before).max(-1) >= 24
    anew = full.placement.region(ndimage.binary_erosion(change & full.roi, np.ones((3, 3))))
    noise = shown["pixels"] - shown["clean"].astype(float)
    inside, outside = [], []
    height, width = anew.shape
    for y in range(0, height - BLOCK, BLOCK):
        for x in range(0, width - BLOCK, BLOCK):
            part = np.s_[y : y + BLOCK, x : x + BLOCK]
            if not full.region[part].any():
                if np.ptp(shown["clean"][part], axis=(0, 1)).max() <= 4 and _unclipped(
                    shown["pixels"][part]
                ):
                    outside.append(noise[part].var((0, 1)).mean())
            elif anew[part].all() and _rest(quiet[part]).var() < 0.6 and _unclipped(picture[part]):
                inside.append((_rest(picture[part]) ** 2).sum() / (3 * (BLOCK**2 - 3)))
    if len(inside) < ENOUGH or len(outside) < ENOUGH:
        return float("nan"), len(inside)
    return float(np.mean(inside) / np.mean(outside)), len(inside)


def _unclipped(values: NDArray[Any]) -> bool:
    return bool(values.min() > 2 and values.max() < 253)


def _rest(block: NDArray[Any]) -> NDArray[np.float64]:
    """A block less a plane."""
    across, down = np.meshgrid(np.arange(BLOCK), np.arange(BLOCK))
    basis = np.stack([np.ones(BLOCK**2), across.ravel(), down.ravel()], -1)
    values = block.reshape(BLOCK**2, 3).astype(float)
    rest: NDArray[np.float64] = values - basis @ (np.linalg.pinv(basis) @ values)
    return rest.reshape(block.shape)


def main() -> None:
    """Measure and print."""
    parser = option_parser(__doc__)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained("portraits-64", "cpu")
    border, near, noisy, alone, ratios, outside = [], [], [], [], [], 0
    for number, case in enumerate(portrait_edits(arguments.edits, editor.size)):
        rng = np.random.default_rng([arguments.seed, number])
        shown = photograph_of(case, int(rng.choice([192, 256, 384, 512])), rng)
        editor.set_image(shown["pixels"], crop=shown["crop"])
        source = editor.segment()
        placement = Placement(Photograph(shown["pixels"]), shown["crop"], editor.size)
        old, new = (reduced_map(placement, own, source) for own in shown["maps"])
        target = source.copy()
        target.ids[old.ids != new.ids] = new.ids[old.ids != new.ids]
        if (target.ids == source.ids).all():
            continue
        mode: dict[str, Any] = {"roi": "classes"} if number % 2 else {}
        result = editor.edit(target, source=source, num_images=1, **mode)
        after, picture = result.best.image, result.photograph()
        full = FullSize(placement, placement.extract(), result.roi, result.settings["dilation"])
        outside += int((picture != shown["pixels"])[~full.region].sum())
        clean = Placement(Photograph(shown["clean"]), shown["crop"], editor.size)
        patch = put_back(clean, clean.extract(), after, full.roi, full.feather)
        quiet = patch.onto(shown["clean"])
        border.append(added_step(shown["clean"], quiet, full.region, 1))
        near.append(added_step(shown["clean"], quiet, full.region, 3))
        redrawn = np.where(full.region[..., None], shown["again"], shown["pixels"])
        smooth = [
            ndimage.uniform_filter(own.astype(float), (5, 5, 1))
            for own in (shown["pixels"], picture, redrawn)
        ]
        noisy.append(added_step(smooth[0], smooth[1], full.region, 1))
        alone.append(added_step(smooth[0], smooth[2], full.region, 1))
        ratio, _ = grain(full, after, picture, shown)
        if np.isfinite(ratio):
            ratios.append(ratio)
        if arguments.pictures:
            pair = np.hstack([shown["pixels"], picture])
            save_png(arguments.pictures / f"{number:03d}-{case.edit.name}.png", pair)
    within = np.mean(np.abs(np.array(ratios) - 1) <= 0.2)
    sys.stdout.write(
        f"{len(border)} edits; values changed outside: {outside}\n"
        f"border: median {np.median(border):.2f}, largest {max(border):.2f}, "
        f"{np.mean(np.array(border) <= 1.5):.0%} of the edits up to 1.5\n"
        f"over 3 pixels: median {np.median(near):.2f}, largest {max(near):.2f}, "
        f"{np.mean(np.array(near) <= 1.5):.0%} up to 1.5\n"
        f"with noise, over 5×5: median {np.median(noisy):.2f}, largest {max(noisy):.2f}, "
        f"{np.mean(np.array(noisy) <= 1.5):.0%} up to 1.5\n"
        f"noise alone, over 5×5: median {np.median(alone):.2f}, largest {max(alone):.2f}, "
        f"{np.mean(np.array(alone) <= 1.5):.0%} up to 1.5\n"
        f"grain ({len(ratios)} edits): median {np.median(ratios):.2f}, "
        f"{min(ratios):.2f} … {max(ratios):.2f}, {within:.0%} within 20 %\n"
    )


if __name__ == "__main__":
    main()
