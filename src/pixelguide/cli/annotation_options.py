"""How annotated pictures are read: the options that `labels` and `train classifiers` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pixelguide.annotations import Interpretation

Order = Annotated[
    str,
    typer.Option(help="Which shapes lie above: those later in the file, or the smaller (area)."),
]
Rendering = Annotated[
    str,
    typer.Option(help="Pixels of a shape: by their centres, or as labelme or pycocotools draw it."),
]
StoredFrame = Annotated[
    bool,
    typer.Option("--stored-frame", help="Maps are of pictures as stored, not as EXIF turns them."),
]
Images = Annotated[
    Path | None, typer.Option("--images", help="Folder of the pictures, if they lie elsewhere.")
]


def interpretation(
    order: str, rendering: str, stored_frame: bool, images: Path | None
) -> Interpretation:
    """The options as the library takes them; InputError naming the one that is wrong."""
    from pixelguide.annotations import Interpretation

    return Interpretation(order, rendering, stored_frame, images)
