"""Pictures in and out: the only place that converts between [0, 255] and [-1, 1]."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from pixelguide.damage import DAMAGE, damaged, guarded, wanted_kinds
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.large_pictures import LargePixels, Wanted, refuse_what_takes_too_much
from pixelguide.phone_formats import KINDS, formats_of
from pixelguide.phone_formats import SUFFIXES as PHONE_SUFFIXES
from pixelguide.picture_rows import ImageRows, as_stored, bands, upright_shape

if TYPE_CHECKING:
    import torch  # takes seconds, which what reads and writes files alone need not wait for

_ORIENTATION, _TURNED = 0x0112, range(2, 9)
"""EXIF's tag, and what it is of pictures that are not stored upright."""
MAX_PIXELS = 40_000_000
MAX_SIDE = 65_535
"""As in JPEG. Pillow keeps a number for each row and several copies of one."""
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", *KINDS)
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"), *PHONE_SUFFIXES
)  # fmt: skip


def refuse_deep(image: ImageFile.ImageFile, where: str) -> None:
    """Raise InputError for 16-bit pixels: Pillow reads 16-bit colours by dropping half of them."""
    if is_deep(image):
        raise InputError("16-bit pixels", where, "Convert it to 8-bit RGB first.")


def is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether an opened picture, not decoded yet, has 16 bits a value."""
    if any(re.search(r"(?<!BGR);16", str(tile.args)) for tile in image.tile):
        return True
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    return any(bits == 16 for bits in tags.get(TiffImagePlugin.BITSPERSAMPLE, ()))


def has_deep_pixels(path: str | Path) -> bool:
    """Whether a file is a picture with 16 bits a value; what cannot be opened has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                return is_deep(image) or image.mode.startswith("I;16")
    except (*DAMAGE, Image.DecompressionBombError):
        return False


Prepare = Callable[[ImageFile.ImageFile, str], None]
"""Looks at an opened picture before it is decoded; its name comes second, for errors."""


def open_image(
    path: str | Path, formats: tuple[str, ...] = FORMATS, prepare: Prepare = refuse_deep
) -> Image.Image:
    """Open and fully decode a picture of one of `formats`, at most 40 megapixels, one frame.

    prepare: the last check before the pixels are read. Raises InputError that names the file for
    anything else: missing, corrupt, truncated, other format, animated, too large, 16-bit.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return decode_image(file, path.name, formats, prepare)
    except FileNotFoundError:
        raise InputError("no such file", str(path), "Check the path.") from None
    except IsADirectoryError:
        raise InputError("a folder, not a file", str(path), wanted_kinds(formats)) from None
    except DAMAGE as error:
        raise damaged(error, path.name) from None


def decode_image(
    file: BinaryIO,
    where: str,
    formats: tuple[str, ...] = FORMATS,
    prepare: Prepare = refuse_deep,
) -> Image.Image:
    """`open_image` for an open file, which may lie in memory; errors name it by `where`."""
    with guarded(where, formats):
        image = _opened(file, where, formats)
        prepare(image, where)
        image.load()
    return image


def size_of(file: BinaryIO, where: str) -> tuple[int, int]:
    """Width and height of an open file's picture, which is not decoded; the file is left at its
    beginning. Raises InputError as `open_image` does."""
    with guarded(where, FORMATS):
        size = _opened(file, where, FORMATS).size
    file.seek(0)
    return size


def _opened(file: BinaryIO, where: str, formats: tuple[str, ...]) -> ImageFile.ImageFile:
    image = Image.open(file, formats=formats_of(file, formats, where))
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{width}×{height} pixels is too large",
            where,
            f"The limit is {MAX_PIXELS // 1_000_000} megapixels; reduce it first.",
        )
    if max(width, height) > MAX_SIDE:
        raise InputError(
            f"{width}×{height} pixels: too long a side",
            where,
            f"The limit is {MAX_SIDE}; reduce it first.",
        )
    # MPO: a camera's JPEG; what follows the picture is its preview, depth or gain map
    if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
        raise InputError("animated picture", where, "Save one frame of it.")
    refuse_what_takes_too_much(image, is_deep(image), where)
    return image


def converted(image: Image.Image, mode: str, where: str = "image") -> Image.Image:
    """A decoded picture in another of Pillow's modes.

    Raises InputError naming `where` for pixels that contradict what the file says of them, which
    Pillow finds only now: a palette with more entries of transparency than colours, say.
    """
    if image.mode == mode:
        return image  # Pillow would copy it, 160 MB of a large photograph
    try:
        return image.convert(mode)
    except DAMAGE as error:
        raise damaged(error, where) from None


def stored_orientation(image: Image.Image) -> int:
    """EXIF's number, 1 … 8, for how a decoded picture is stored; 1 where it cannot be read."""
    try:
        exif = image.getexif()
        found = exif.get(_ORIENTATION, 1)
        if found in _TURNED and "exif" in image.info:
            exif.tobytes()  # a block that cannot be written again is not believed
    except DAMAGE:
        return 1
    return int(found) if found in _TURNED else 1


def announced_orientation(image: Image.Image) -> int:
    """`stored_orientation` as far as what lies before a picture's pixels says it."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        found = exif.get(_ORIENTATION, 1)
    except DAMAGE:
        return 1
    return int(found) if found in _TURNED else 1


def load_rgb(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 H×W×3, turned upright; 8-bit grey, palette and RGBA are converted.

    Transparency is flattened onto white. Raises InputError as `open_image` does, and for pixel
    types without one right conversion (16-bit, CMYK, floating point).
    """
    path = Path(path)
    return _rgb(lambda prepare: open_image(path, prepare=prepare), path.name)


def read_rgb(file: BinaryIO, where: str) -> NDArray[np.uint8]:
    """`load_rgb` for an open file, which may lie in memory; errors name it by `where`."""
    return _rgb(lambda prepare: decode_image(file, where, prepare=prepare), where)


def _rgb(read: Callable[[Prepare], Image.Image], where: str) -> NDArray[np.uint8]:
    large = LargePixels()

    def prepare(image: ImageFile.ImageFile, where: str) -> None:
        refuse_deep(image, where)
        flat = partial(_flat, where=where, transparency=image.info.get("transparency"))
        wanted = Wanted(3, flat if _is_clear(image) else None)
        large.prepare(image, wanted, announced_orientation(image))

    image = read(prepare)
    if large.taken:
        return large.pixels(image, stored_orientation(image), where)
    return to_rgb(image, where)


def _flat(values: NDArray[np.uint8], where: str, transparency: object) -> NDArray[np.uint8]:
    """uint8 h×W×C over white, uint8 h×W×3."""
    return rgb_rows(band_of(values, transparency), where)[:]


def band_of(values: NDArray[np.uint8], transparency: object) -> Image.Image:
    """uint8 h×W×C as Pillow's picture; `transparency`: of its `info`, if there is any."""
    band = Image.fromarray(values)
    if transparency is not None:
        band.info["transparency"] = transparency
    return band


def to_rgb(image: Image.Image, where: str = "image") -> NDArray[np.uint8]:
    """A decoded picture as uint8 H×W×3 by the rules of `load_rgb`."""
    check_mode(image, where)
    rows, orientation = rgb_rows(image, where), stored_orientation(image)
    pixels = np.empty((*upright_shape(image, orientation), 3), np.uint8)
    stored = as_stored(pixels, orientation)
    for band in bands(rows.shape):
        stored[band] = rows[band]
    return pixels


def check_mode(image: Image.Image, where: str) -> None:
    """Raise InputError for pixel types without one right conversion to RGB."""
    if image.mode not in ("RGB", "L", "P", "RGBA", "LA", "1"):
        raise InputError(
            f"pixels of type {image.mode}", where, "Convert the picture to 8-bit RGB first."
        )


def _is_clear(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA") or "transparency" in image.info


def rgb_rows(image: Image.Image, where: str = "image") -> ImageRows:
    """Rows of a decoded picture, as it is stored, by the rules of `load_rgb` but for its turn."""
    is_clear = _is_clear(image)

    def convert(band: Image.Image) -> Image.Image:
        if is_clear:
            rgba = converted(band, "RGBA", where)
            band = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
        return converted(band, "RGB", where)

    return ImageRows(image, convert)


def save_png(path: str | Path, image: NDArray[np.uint8]) -> None:
    """Write uint8 H×W×3 (or H×W) as a PNG, in one piece or not at all."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    write_atomically(Path(path), buffer.getvalue())


def squares(sheet: NDArray[np.uint8], size: int) -> list[NDArray[np.uint8]]:
    """The pictures (uint8 `size`×`size`×3 each) of a sheet (uint8 H×W×3), row by row; pixels at the
    right and at the bottom that are no whole square belong to none."""
    rows, columns = (side // size for side in sheet.shape[:2])
    return [
        np.ascontiguousarray(sheet[r * size : (r + 1) * size, c * size : (c + 1) * size])
        for r in range(rows)
        for c in range(columns)
    ]


def is_grey(images: NDArray[np.uint8]) -> bool:
    """Whether pictures, uint8 …×3, have no colours."""
    return bool((images == images[..., :1]).all())


def to_model(image: NDArray[np.uint8], device: torch.device | str = "cpu") -> torch.Tensor:
    """uint8 (N×)H×W×3 in [0, 255] to float32 N×3×H×W in [-1, 1]."""
    import torch

    array = image if image.ndim == 4 else image[None]
    # torch wants to own writable memory; the pictures handed in may be read-only views
    pixels = torch.from_numpy(np.array(array)).to(device)
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def from_model(x: torch.Tensor) -> NDArray[np.uint8]:
    """float N×3×H×W in [-1, 1] (clipped) to uint8 N×H×W×3, rounded to the nearest value."""
    import torch

    pixels = ((x.detach().float() + 1) * 127.5).round().clamp(0, 255)
    return pixels.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
