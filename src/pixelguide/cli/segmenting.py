"""`segment`: from a picture to its label map, to be repainted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.map_parts import METADATA, part_text, write_part
from pixelguide.cli.options import ModelOptions, PicturesOptions, points
from pixelguide.cli.photographs import (
    PictureFile,
    check_labels,
    expanded,
    named,
    warn_of_unfamiliar,
)
from pixelguide.cli.told import ToldOptions, kept_results, naming, saying_what_is_kept
from pixelguide.errors import InputError
from pixelguide.files import check_file_writable
from pixelguide.terminal import echo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pixelguide.edit.editor import Editor
    from pixelguide.labels import LabelMap

WRITTEN = "label-map-hash"
"""Keyword of a text chunk: the hash of the labels as they were written. Painting changes them."""
_NO_MAPS = (".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ora", ".avif")
"""Endings of files that are no PNG; some of these formats would change the labels."""


@dataclass(frozen=True, kw_only=True)
class MapOutput:
    """Where the label map goes, and of which size it is."""

    panel: ClassVar[str] = "Output"

    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Label map to write (PNG); of several pictures a folder."),
    ]
    full_size: Annotated[
        bool, typer.Option("--full-size", help="A map of the picture's size, to paint over it.")
    ] = False
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="NAME.preview.png too: the part, eyes and map over the picture."
        ),
    ] = False
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="A painted map there may go; else it is an error.")
    ] = False

    def check(self, path: Path) -> None:
        """Raise InputError if no map can go to `path`."""
        if path.suffix.lower() in _NO_MAPS:
            hint = "Name it .png: other formats change labels, or cannot hold them."
            raise InputError(f"a label map as {path.suffix}", str(path), hint)
        check_file_writable(path)

    def save(self, path: Path, label_map: LabelMap, text: str | None) -> None:
        """Write the map and what it says of its part; InputError if someone's work is there."""
        if not self.overwrite and _holds_another(path, label_map):
            raise InputError(
                "the file holds a painted map, or something else",
                str(path),
                "Choose another name, or --overwrite it.",
            )
        texts = {METADATA: text} if text else {}
        label_map.save(path, texts | {WRITTEN: _hash(label_map.ids)})
        write_part(path, text)


@grouped
def segment(
    pictures: PicturesOptions, output: MapOutput, told: ToldOptions, model: ModelOptions
) -> None:
    """Read pictures' label maps, to be repainted."""
    jobs = [
        (image, output.out / f"{name}.png" if name else output.out)
        for image, name in named(expanded(pictures.images), pictures)
    ]
    picture: PictureFile | None = None
    for image, out in jobs:
        output.check(out)
        picture = PictureFile.open(image, pictures)
    check_labels(model.model)

    from pixelguide.edit.editor import Editor

    editor = Editor.from_pretrained(model.model, model.device)
    done: list[Path] = []
    failed: list[Path] = []
    with saying_what_is_kept(lambda: kept_results(done)), told.progress() as report:
        for number, (image, out) in enumerate(jobs, 1):
            try:
                with naming(crop=image, eyes=image, map=image):
                    if picture is None or len(jobs) > 1:  # many would not fit into memory
                        picture = PictureFile.open(image, pictures)
                    picture.give(editor)
                    _segment_one(image, out, editor, pictures, output, told)
                done.append(out)
            except InputError as error:
                if len(jobs) == 1:
                    raise
                echo(f"error: {error}", err=True)  # the others are made all the same
                failed.append(image)
            if len(jobs) > 1:
                report({"stage": "segment", "done": number, "total": len(jobs)})
    if failed:
        names = ", ".join(image.name for image in failed)
        raise InputError(f"{len(failed)} of {len(jobs)} pictures have no map", names)


def _segment_one(
    image: Path,
    out: Path,
    editor: Editor,
    pictures: PicturesOptions,
    output: MapOutput,
    told: ToldOptions,
) -> None:
    from pixelguide.photo.map_sizes import enlarged_map

    warn_of_unfamiliar(editor, image.name)
    label_map = editor.segment()
    shown, text, note = label_map, None, ""
    if editor.placement:
        text = part_text(editor.placement, image.name)
        note = f" (--crop {editor.placement.frame})"
        if output.full_size:
            shown = enlarged_map(editor.placement, label_map)
    output.save(out, shown, text)
    if output.preview:
        _write_preview(out.with_suffix(".preview.png"), editor, label_map, pictures.eyes)
    told.result(
        f"{out}: {', '.join(label_map.present())}{note}",
        out,
        {
            "classes": list(label_map.present()),
            "crop": str(editor.placement.frame) if editor.placement else None,
        },
    )


def _write_preview(path: Path, editor: Editor, label_map: LabelMap, eyes: str | None) -> None:
    """The picture with its part, the eyes that chose it or where the category has them, and map."""
    import numpy as np

    from pixelguide.images import save_png
    from pixelguide.photo.framing import Frame, Placement
    from pixelguide.photo.photograph import Photograph
    from pixelguide.photo.preview import preview

    placement = editor.placement
    if placement is None:
        placement = Placement(Photograph(editor.image), Frame(0, 0, editor.size), editor.size)
    seen: tuple[tuple[float, float], ...] = ()
    if eyes is not None:
        seen = points("eyes", eyes)
    elif places := editor.statistics.eyes:
        where = placement.to_picture(np.array(places, np.float64) * editor.size)
        seen = tuple((float(x), float(y)) for x, y in where)
    save_png(path, preview(placement, label_map, seen))


def _holds_another(path: Path, label_map: LabelMap) -> bool:
    """Whether there is a file that may be someone's work: anything but a map as this command wrote
    it, by the hash that it carries, or this very map."""
    import numpy as np
    from PIL import Image

    if not path.exists():
        return False
    try:
        with Image.open(path) as image:
            ids, written = np.asarray(image), image.info.get(WRITTEN)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True
    return written != _hash(ids) and not np.array_equal(ids, label_map.ids)


def _hash(ids: NDArray[np.uint8]) -> str:
    return hashlib.sha256(f"{ids.shape} ".encode() + ids.tobytes()).hexdigest()[:16]
