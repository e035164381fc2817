"""How shapes and maps are to be understood where their files leave it open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pixelguide.errors import InputError

ORDERS = ("file", "area")
RENDERINGS = ("centres", "labelme", "pycocotools")


@dataclass(frozen=True)
class Interpretation:
    """What no file says.

    order: "file": later shapes lie above (and those of a higher layer, where there are layers);
        "area": smaller ones do.
    rendering: which pixels a shape covers: "centres", those whose centre lies inside; or what
        "labelme" (`shapes_to_label`) or "pycocotools" (`annToMask`) make of it, to the pixel.
    stored_frame: maps lie in the frame in which pictures are stored, and are turned with them as
        EXIF's orientation says; else they are upright already.
    images: a folder in which pictures are looked for as well.
    """

    order: str = "file"
    rendering: str = "centres"
    stored_frame: bool = False
    images: Path | None = None

    def __post_init__(self) -> None:
        for option, value, known in (
            ("order", self.order, ORDERS),
            ("rendering", self.rendering, RENDERINGS),
        ):
            if value not in known:
                raise InputError(f"--{option} {value}", hint=f"Known: {', '.join(known)}.")
        if self.images is not None and not self.images.is_dir():
            raise InputError("no such folder", str(self.images), "Check --images.")


AS_IN_FILES = Interpretation()
