"""`labels convert` and `labels check`: annotated pictures of other tools."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pixelguide.cli.annotation_options import (
    Images,
    Order,
    Rendering,
    StoredFrame,
    interpretation,
)
from pixelguide.cli.options import Labels, Snap, label_set
from pixelguide.cli.photographs import warn_of_map
from pixelguide.errors import InputError
from pixelguide.printable import printable
from pixelguide.terminal import PrintableConsole, echo, progress_bar

if TYPE_CHECKING:
    from pixelguide.annotations import AnnotatedPicture, Annotations, Report
    from pixelguide.labels import LabelMap

_SHOWN = 20
labels_app = typer.Typer(help="Convert and check label maps.", no_args_is_help=True)

OwnLabels = Annotated[
    str | None,
    typer.Option("--from-labels", help="Classes of maps that do not name them, if others."),
]
Source = Annotated[str, typer.Option("--from", help="Format; auto: by the content.")]
Renames = Annotated[
    list[str] | None,
    typer.Option("--map", help="OLD=NEW class; '*=NEW' the rest; NEW __ignore__: no label."),
]


@labels_app.command("convert")
def labels_convert(
    source: Annotated[Path, typer.Argument(help="Annotated pictures: a folder, zip or JSON file.")],
    target: Annotated[Path, typer.Argument(help="New folder (cvat: new zip file).")],
    to: Annotated[
        str, typer.Option("--to", help="pixelguide, pairs, datasetddpm, labelme, cvat or coco.")
    ],
    from_: Source = "auto",
    labels: Labels = None,
    from_labels: OwnLabels = None,
    renames: Renames = None,
    snap: Snap = 0,
    order: Order = "file",
    rendering: Rendering = "centres",
    stored_frame: StoredFrame = False,
    images: Images = None,
) -> None:
    """Write annotated pictures in another format, and with other classes by their names."""
    from pixelguide.annotations import read_annotations, write_annotations

    annotations = read_annotations(
        source,
        from_,
        label_set(labels) if labels else None,
        renames=_renames(renames or []),
        own_labels=label_set(from_labels) if from_labels else None,
        snap=snap,
        how=interpretation(order, rendering, stored_frame, images),
    )
    told: list[str] = []
    with progress_bar() as report:
        write_annotations(target, to, _with_warnings(annotations), report, told.append)
    left_out = len(annotations.without_map)
    note = f"; {left_out} pictures without a map left out" if left_out else ""
    echo(f"{target}: {len(annotations)} pictures, {len(annotations.labels)} classes{note}")
    for line in told:
        echo(f"note: {line}", err=True)


@labels_app.command("check")
def labels_check(
    path: Annotated[Path, typer.Argument(help="Annotated pictures: a folder, zip or JSON file.")],
    from_: Source = "auto",
    labels: Labels = None,
    snap: Snap = 0,
    order: Order = "file",
    rendering: Rendering = "centres",
    stored_frame: StoredFrame = False,
    images: Images = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Count classes and list all that is wrong; ends with 2 if something is."""
    from pixelguide.annotations import (
        FORMATS,
        check_annotations,
        detect_format,
        read_annotations,
    )

    name = detect_format(path, images) if from_ == "auto" else from_
    annotations = read_annotations(
        path,
        name,
        label_set(labels) if labels else None,
        snap=snap,
        how=interpretation(order, rendering, stored_frame, images),
    )
    with progress_bar() as progress:
        report = check_annotations(
            annotations,
            with_images=FORMATS[name].with_images,
            on_progress=progress,
        )
    if as_json:
        echo(json.dumps({"format": name, **report.to_dict()}, indent=2))
    else:
        _show(name, report)
    if report.errors:
        raise typer.Exit(InputError.exit_code)


def _with_warnings(annotations: Annotations) -> Annotations:
    """The same; what is to be known of a map is said when it is read."""

    def told(picture: AnnotatedPicture) -> AnnotatedPicture:
        def label_map() -> LabelMap:
            read = picture.label_map()
            warn_of_map(read, picture.name)
            return read

        return dataclasses.replace(picture, label_map=label_map)

    return dataclasses.replace(annotations, pictures=tuple(map(told, annotations.pictures)))


def _renames(pairs: list[str]) -> dict[str, str]:
    renames = {}
    for pair in pairs:
        old, equals, new = (part.strip() for part in pair.partition("="))
        if not (old and equals and new) or old in renames:
            raise InputError(f"--map {pair}", hint="Give OLD=NEW, each OLD once.")
        renames[old] = new
    return renames


def _show(name: str, report: Report) -> None:
    console = PrintableConsole(highlight=False, markup=False, soft_wrap=True)
    tiny = [region.name for region in report.tiny_regions]
    table = Table(title=f"{report.pictures} label maps, format {name}")
    for column in ("class", "pixels", "pictures", "tiny regions"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for count in report.classes:
        shown = (count.name, count.pixels, count.pictures, tiny.count(count.name))
        table.add_row(*(printable(str(value)) for value in shown))
    table.add_row("(no label)", str(report.unlabelled_pixels), "", "")
    console.print(table)
    _list(console, "never occur", report.never_occur)
    _list(console, "pictures without maps", report.pictures_without_maps)
    _list(console, "maps without pictures", report.maps_without_pictures)
    spots = [f"{r.picture} {r.name} {r.pixels} px at ({r.x}, {r.y})" for r in report.tiny_regions]
    _list(console, "tiny regions", spots)
    hidden = [
        f"{h.picture} {h.shape} ({h.name}): "
        + (f"others cover its {h.pixels} px" if h.pixels else "covers no pixel's centre")
        for h in report.hidden_shapes
    ]
    _list(console, "shapes of which nothing is seen", hidden)
    _list(console, "turned by EXIF", report.turned_pictures)
    for note in report.notes:
        console.print(f"note: {note}")
    for picture, problem in report.warnings[:_SHOWN]:
        console.print(f"warning: {picture}: {problem}")
    if len(report.warnings) > _SHOWN:
        console.print(f"… and {len(report.warnings) - _SHOWN} more warnings (--json)")
    for picture, problem in report.errors:
        console.print(f"error: {picture}: {problem}")
    console.print(f"{len(report.errors)} errors" if report.errors else "no errors")


def _list(console: PrintableConsole, title: str, items: list[str], limit: int = _SHOWN) -> None:
    """What is no error, shortened: --json has all of it."""
    if items:
        more = f" … and {len(items) - limit} more" if len(items) > limit else ""
        console.print(f"{title}: {', '.join(items[:limit])}{more}")
