"""Files of photographs: outside the region they hold what the original's file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photographs import random_pixels, write_photograph
from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.photograph import Photograph

SIDE = 16
LOSSLESS = ("png", "webp", "tiff")


def _report(count: int) -> dict[str, Any]:
    files: list[dict[str, Any]] = [{"file": f"{k:02d}.png"} for k in range(count)]
    return {"best": files[-1]["file"], "roi_pixels": 0, "seconds": {}, "candidates": files}


def _full(photograph: Photograph, frame: Frame, seed: int = 0) -> FullSize:
    placement = Placement(photograph, frame, SIDE)
    roi = np.random.default_rng(seed).random((SIDE, SIDE)) < 0.3
    return FullSize(placement, placement.extract(), roi, seed % 3)


def _random_file(folder: Path, generator: np.random.Generator, seed: int) -> Path:
    """A photograph of any format, depth, channels and orientation."""
    width, height = (int(value) for value in generator.integers(20, 70, 2))
    kind = str(generator.choice(["PNG", "JPEG", "WEBP", "TIFF"]))
    bits = 16 if kind in ("PNG", "TIFF") and generator.random() < 0.3 else 8
    choices = {"JPEG": [1, 3], "WEBP": [3, 4], "PNG": [1, 2, 3, 4], "TIFF": [1, 3, 4]}[kind]
    pixels = random_pixels(seed, width, height, int(generator.choice(choices)), bits)
    orientation = int(generator.integers(1, 9)) if bits == 8 else 1
    return write_photograph(folder / "photograph", pixels, kind, orientation)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_pixel_outside_differs_in_any_lossless_file(tmp_path: Path, count: int) -> None:
    done = seed = 0
    while done < count:
        seed += 1
        generator = np.random.default_rng(seed)
        photograph = Photograph.open(_random_file(tmp_path, generator, seed))
        width, height = photograph.size
        size = float(generator.uniform(5, 1.1 * min(width, height)))
        x, y = generator.uniform(-0.2, 0.8, 2) * photograph.size
        angle = float(generator.choice([0, 0, 90, 180, *generator.uniform(-180, 180, 2)]))
        try:
            full = _full(photograph, Frame(float(x), float(y), size, angle), seed)
        except InputError:
            continue  # too far outside
        output = str(generator.choice(LOSSLESS))
        if photograph.pixels.dtype == np.uint16 and output == "webp":
            output = "png"
        if photograph.pixels.dtype == np.uint16 and photograph.pixels.shape[2] == 2:
            output = "png"  # Pillow reads no such TIFF
        report = _report(1)
        full.save(tmp_path, [random_pixels(seed, SIDE, SIDE)], report, output)  # type: ignore[arg-type]
        again = Photograph.open(tmp_path / report["candidates"][0]["file"])
        roi = load_rgb(tmp_path / "roi.png")[..., 0] == 255
        before, after = photograph.pixels, again.pixels
        if after.shape != before.shape:  # WebP knows colours only
            before = before[..., [0, 0, 0, -1] if before.shape[2] == 2 else [0, 0, 0]]
        assert after.dtype == before.dtype
        assert roi.shape == after.shape[:2]
        assert np.array_equal(after[~roi], before[~roi]), seed
        assert report["candidates"][0]["changed_pixels_outside"] == 0
        assert report["roi_pixels"] == roi.sum()
        assert again.icc == photograph.icc
        done += 1


def test_a_jpeg_says_what_it_lost(tmp_path: Path) -> None:
    path = write_photograph(tmp_path / "a", random_pixels(0, 64, 48), "JPEG", 6)
    photograph = Photograph.open(path)
    full = _full(photograph, Frame(4, 4, 32))
    report = _report(2)
    edits = [random_pixels(k, SIDE, SIDE) for k in range(2)]
    full.save(tmp_path, edits, report, "same")
    assert report["best"] == "01.jpg"
    for k, told in enumerate(report["candidates"]):
        assert told["file"] == f"{k:02d}.jpg"
        apart = Photograph.open(tmp_path / told["file"]).pixels.astype(int) - photograph.pixels
        outside = np.abs(apart).max(-1)[~full.region]
        assert told["changed_pixels_outside"] == (outside > 0).sum() > 0
        assert told["largest_change_outside"] == outside.max()


def test_the_report_says_the_frame() -> None:
    full = _full(Photograph(random_pixels(1, 50, 40, 4, 16), "TIFF"), Frame(1, 2, 30, 12.5))
    assert full.report() == {
        "photograph": {"width": 50, "height": 40, "channels": 4, "bits": 16, "format": "TIFF"},
        "crop": "1,2,30,12.5",
        "feather": 0,
    }
