"""Which part of a photograph a label map shows: in its file, and in one beside it.

Paint programs keep the text chunks of a PNG or do not; a file of its own they leave alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixelguide.bounded_json import load_json
from pixelguide.files import write_atomically

if TYPE_CHECKING:
    from pixelguide.photo.framing import Placement

METADATA = "pixelguide"
_ENDING = ".part.json"


def part_text(placement: Placement, picture: str) -> str:
    """What a map's PNG and the file beside it say of the part it shows: JSON. picture: the name of
    the photograph's file."""
    width, height = placement.photograph.size
    content = {
        "frame": placement.frame.to_json(),
        "picture": [width, height],
        "crop": str(placement.frame),
        "name": picture,
    }
    return json.dumps(content)


def part_file(map_file: Path) -> Path:
    """The file beside a map: map.part.json of map.png."""
    return map_file.with_suffix(_ENDING)


def write_part(map_file: Path, text: str | None) -> None:
    """Write the file beside a map; with None the map shows no part, and what an earlier one left
    goes."""
    path = part_file(map_file)
    if text is not None:
        write_atomically(path, f"{text}\n".encode())
    elif _read(path):
        path.unlink(missing_ok=True)


def read_part(map_file: Path) -> str | None:
    """What the file beside a map says; None without one."""
    path = part_file(map_file)
    return path.read_text("utf-8") if _read(path) else None


def known_crop(map_file: Path, picture: Path, size: tuple[int, int]) -> tuple[str, str] | None:
    """The --crop of a map without its part, and the file that says so, where the folders of map and
    picture hold just one for a photograph of that name or `size`: maps saved under another name
    leave theirs behind, and so do edits."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys((map_file.parent, picture.parent)):
        for path in sorted([*folder.glob(f"*{_ENDING}"), folder / "report.json"]):
            content = _read(path)
            same = content.get("size") == list(size)
            if same and content.get("name", picture.name) == picture.name:
                found.setdefault(str(content["crop"]), path.name)
    return next(iter(found.items())) if len(found) == 1 else None


def _read(path: Path) -> dict[str, Any]:
    """{"crop", "size", "name"} of a map's part or of a report; nothing for another file."""
    try:
        content = load_json(path.read_text("utf-8"))
        if path.name.endswith(_ENDING):
            return {
                "crop": content["crop"],
                "size": content["picture"],
                "name": content["name"],
            }
        settings = content["settings"]
        photograph = settings["photograph"]
        return {"crop": str(settings["crop"]), "size": [photograph["width"], photograph["height"]]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}
