"""Photographs for tests: files of every kind, and what they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from pixelguide.photo.photograph import Photograph, Pixels
from pixelguide.photo.photograph_files import PhotographWriter

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def random_pixels(
    seed: int, width: int = 40, height: int = 30, channels: int = 3, bits: int = 8
) -> Pixels:
    """Noise, H×W×C."""
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(seed).integers(0, 2**bits, (height, width, channels), kind)


def exif(orientation: int) -> Image.Exif:
    """EXIF with a camera, an exposure time, a position, and an orientation."""
    block = Image.Exif()
    block[0x010F] = "Maker"
    block.get_ifd(0x8769)[0x829A] = 0.01
    block.get_ifd(0x8825)[1] = "N"
    block[0x0112] = orientation
    return block


def write_photograph(path: Path, pixels: Pixels, kind: str, orientation: int = 1) -> Path:
    """A file of `kind` whose stored pixels (H×W×C) are these; 16 bits: PNG or TIFF, upright."""
    if pixels.dtype == np.uint16:
        writer = PhotographWriter(Photograph(pixels, icc=ICC), kind.lower())  # type: ignore[arg-type]
        path.write_bytes(b"".join(writer.encode()))
        return path
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    stored = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(stored).save(
        path, kind, exif=exif(orientation).tobytes(), icc_profile=ICC, **options
    )
    return path
