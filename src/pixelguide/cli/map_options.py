"""The maps of an edit: which files, of which picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from pixelguide.cli.options import Layer, Snap
from pixelguide.cli.repeating import EarlierEdit, map_or_earlier
from pixelguide.errors import InputError


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """The label maps before and after painting."""

    panel: ClassVar[str] = "Map"

    target: Annotated[
        Path | None,
        typer.Option(
            "--map",
            callback=map_or_earlier,
            help="The repainted label map (PNG, OpenRaster), of any of its sizes; for several "
            "pictures a folder with NAME.png or NAME_edited.png for each. Needed without --from "
            "and --colour.",
        ),
    ] = None
    layer: Layer = None
    source_map: Annotated[
        Path | None,
        typer.Option(
            help="The map before painting (or a folder); by default what the model reads."
        ),
    ] = None
    snap: Snap = 0

    def target_of(self, name: str, earlier: EarlierEdit | None = None) -> Path | None:
        """The map of the picture called `name`, "" for the only one; by default that of an earlier
        edit, or None. Raises InputError if the folder has none or two."""
        target = self.target
        if target is None:
            return earlier.target if earlier else None
        return _map_in(target, name, "--map", ("_edited", "")) if name else target

    def source_of(self, name: str) -> Path | None:
        """As `target_of`, for the map before painting."""
        if not name or self.source_map is None:
            return self.source_map
        return _map_in(self.source_map, name, "--source-map", ("",))


def _map_in(folder: Path, name: str, option: str, endings: tuple[str, ...]) -> Path:
    if not folder.is_dir():
        raise InputError("not a folder", f"{option} {folder}", "Give the folder of the maps.")
    names = [f"{name}{end}{suffix}" for end in endings for suffix in (".png", ".ora")]
    found = [path for path in (folder / each for each in names) if path.exists()]
    if len(found) != 1:
        expected = " or ".join(f"{name}{end}.png" for end in endings)
        what = "two maps" if found else "no map"
        raise InputError(f"{what} of {name}", str(folder), f"Give it one {expected}.")
    return found[0]
