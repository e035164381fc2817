"""Results at the size of the photograph they belong to."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.files import write_atomically
from pixelguide.guidance.recolouring import Recolouring
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.class_chroma import Chroma, class_chroma
from pixelguide.photo.detail import DetailStep, FinerDetail, finer_detail, sharp_part
from pixelguide.photo.donated_detail import DonatedDetail
from pixelguide.photo.framing import Placement
from pixelguide.photo.grain import Tile, noise_tile
from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.photo.paste_back import Patch, grey, put_back
from pixelguide.photo.photograph import Photograph, Pixels, to_eight_bits
from pixelguide.photo.photograph_files import OutputFormat, PhotographWriter
from pixelguide.photo.png_file import PngEncoder


@dataclass(frozen=True)
class Finish:
    """What a category asks for where its pictures go back into photographs. detail: what paints
    detail finer than its pixels, if it has one. lightness: its pictures are grey, so the
    photograph's colours stay."""

    detail: DetailStep | None = None
    lightness: bool = False


PLAIN = Finish()
"""Of a category in colour that paints no finer detail."""


@dataclass(frozen=True)
class FullSize:
    """The way of pictures of the model's size back into a photograph.

    before: uint8 S×S×3, what was taken out of it. roi: bool S×S. feather: model pixels over which
    a change sets in, inside the ROI. lightness: colours stay, see `put_back`, but for those of
    classes that were painted: source, target, their ids before and after, uint8 S×S. seed: of the
    noise that is given back. detail: what paints detail finer than the model's pixels,
    if the photograph is large enough for it (`LARGE_ENOUGH`). dyes: for
    classes that are recoloured, made on `before`. donated: detail of a donor, which comes instead.
    """

    placement: Placement
    before: NDArray[np.uint8]
    roi: NDArray[np.bool_]
    feather: int
    lightness: bool = False
    source: NDArray[np.uint8] | None = None
    target: NDArray[np.uint8] | None = None
    seed: int = 0
    detail: DetailStep | None = None
    dyes: Recolouring | None = None
    donated: DonatedDetail | None = None

    def __repr__(self) -> str:
        return f"FullSize({self.photograph!r}, crop {self.placement.frame})"

    @property
    def photograph(self) -> Photograph:
        """The photograph."""
        return self.placement.photograph

    @cached_property
    def region(self) -> NDArray[np.bool_]:
        """The ROI in the photograph, bool H×W: outside, not a bit changes."""
        return self.placement.region(self.roi)

    @cached_property
    def _noise(self) -> Tile | None:
        return noise_tile(self.placement, self.roi, self.seed)

    @cached_property
    def _chroma(self) -> Chroma | None:
        if not self.lightness or self.source is None or self.target is None:
            return None
        return class_chroma(self.placement.extract(), self.source, self.target)

    @cached_property
    def _finer(self) -> FinerDetail | None:
        """What paints finer detail: the donor's, elsewhere the category's."""
        if self.detail is None and self.donated is None:
            return None
        sharp = sharp_part(self.placement)
        if sharp is None:
            return None
        painted = None if self.detail is None else self._painted(self.detail, sharp)
        return replace(self.donated, otherwise=painted) if self.donated else painted

    def _painted(self, detail: DetailStep, sharp: NDArray[np.uint8]) -> FinerDetail:
        """The detail step with the part that it sees (uint8 2S×2S×3), recoloured as it will be."""
        if self.dyes is not None:
            whole = sharp.shape[1::-1]
            sharp = self.dyes(sharp, lambda plane: np.asarray(Image.fromarray(plane).resize(whole)))
        return partial(finer_detail, detail, grey(sharp) if self.lightness else sharp)

    def patch(self, after: NDArray[np.uint8]) -> Patch:
        """The pixels that change when `before` becomes `after` (uint8 S×S×3)."""
        return put_back(
            self.placement, self.before, after, self.roi, self.feather, self.lightness,
            self._noise, self._chroma, self._finer, self.dyes,
        )  # fmt: skip

    def picture(self, after: NDArray[np.uint8]) -> Pixels:
        """The whole photograph with `after` (uint8 S×S×3) in it: H×W×C of the photograph's type."""
        return self.patch(after).onto(self.photograph.pixels)

    def changed_outside(self, patch: Patch) -> int:
        """Pixels of a patch outside the ROI that differ from the photograph: 0."""
        height, width = patch.pixels.shape[:2]
        rows, columns = slice(patch.top, patch.top + height), slice(patch.left, patch.left + width)
        differs = (patch.pixels != self.photograph.pixels[rows, columns]).any(-1)
        return int((differs & ~self.region[rows, columns]).sum())

    def save(
        self,
        folder: Path,
        images: Sequence[NDArray[np.uint8]],
        report: dict[str, Any],
        output: OutputFormat = "png",
    ) -> None:
        """Write 00.png … (or another suffix), one for each of `images` (uint8 S×S×3), and roi.png,
        all of the photograph's size.

        `report`, that of the model's pictures, then says what these files are: names and changed
        pixels outside, and for a lossy format their largest change (of 255), as counted in the
        file; and pixels of the ROI, those at the model's size apart.
        """
        began = time.monotonic()
        writer = PhotographWriter(self.photograph, output)
        for k, image in enumerate(images):
            name = f"{k:02d}{writer.suffix}"
            patch = self.patch(image)
            pieces = writer.encode(patch.pixels, patch.left, patch.top)
            entry = report["candidates"][k]
            if report["best"] == entry["file"]:
                report["best"] = name
            entry["file"] = name
            if writer.lossless:
                entry["changed_pixels_outside"] = self.changed_outside(patch)
            else:
                entry |= self._lost(b"".join(pieces), name)
            write_atomically(folder / name, pieces)
        mask = self.region[..., None].astype(np.uint8) * 255
        write_atomically(folder / "roi.png", PngEncoder(mask).encode())
        report["model_roi_pixels"] = report["roi_pixels"]
        report["roi_pixels"] = int(self.region.sum())
        report["seconds"]["photograph"] = round(time.monotonic() - began, 3)

    def open_raster(self, after: NDArray[np.uint8], target: LabelMap) -> bytes:
        """The photograph, the edit, its map (S×S) and its ROI as layers, 8 bits each. All but the
        photograph are as large as the frame."""
        placement = self.placement
        left, top, right, bottom = window = placement.window(np.ones_like(self.roi))
        rows, columns = slice(top, bottom), slice(left, right)
        original = _colours(self.photograph.pixels)
        whole = self.patch(after).onto(self.photograph.pixels)
        ids = np.append(target.ids.ravel(), np.uint8(IGNORE))[placement.model_pixels(*window)]
        layers = edit_layers(
            original,
            _colours(whole[rows, columns]),
            LabelMap(ids, target.labels),
            self.region[rows, columns],
            left,
            top,
        )
        return open_raster(layers, _colours(whole))

    def report(self) -> dict[str, Any]:
        """What settings say of the photograph and of the frame, which `--crop` takes again."""
        return {**part_report(self.placement), "feather": self.feather}

    def _lost(self, content: bytes, name: str) -> dict[str, int]:
        """What a lossy file changed outside the ROI."""
        read = Photograph.decode(io.BytesIO(content), name)
        changed = largest = 0
        for first in range(0, len(read.pixels), 256):
            rows = slice(first, first + 256)
            apart = read.pixels[rows].astype(np.int16) - self.photograph.pixels[rows]
            outside = np.abs(apart).max(-1)[~self.region[rows]]
            changed += int((outside > 0).sum())
            largest = max(largest, int(outside.max(initial=0)))
        return {"changed_pixels_outside": changed, "largest_change_outside": largest}


def part_report(placement: Placement) -> dict[str, Any]:
    """What settings say of a photograph and of the frame, which `--crop` takes again."""
    photograph = placement.photograph
    width, height = photograph.size
    return {
        "photograph": {
            "width": width,
            "height": height,
            "channels": photograph.pixels.shape[2],
            "bits": 8 * photograph.pixels.itemsize,
            "format": photograph.format,
        },
        "crop": str(placement.frame),
    }


def _colours(pixels: Pixels) -> NDArray[np.uint8]:
    """uint8 H×W×3 or H×W×4 of any kind of pixels."""
    values = to_eight_bits(pixels)
    if values.shape[2] < 3:
        values = values[..., [0, 0, 0, 1] if values.shape[2] == 2 else [0, 0, 0]]
    return np.ascontiguousarray(values)
