"""Folders of results: what an earlier one left there is kept unless it is to go."""

from __future__ import annotations

import re
from pathlib import Path

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError
from pixelguide.files import from_os_error

REPORT = "report.json"
_NUMBERED = re.compile(r"\d{2,}\.[a-z]+")
"""Names of candidates and frames."""
_WRITTEN = re.compile(r"\d\d\.(png|jpg|webp|tif|bmp)|\d{3}\.png")
"""The same, narrower: names that a result can have. A folder of photographs may hold 2024.jpg."""
_OTHERS = ("behind.png", "edit.ora", "sheet.png", "grid.png", "frames.gif", "frames.mp4")
"""Files beside them that not every result has."""
_ALWAYS = ("roi.png", "target.png")


def check_apart(picture: Path, folder: Path) -> None:
    """Raise InputError when a result in `folder` could replace the picture that it is made of."""
    if picture.resolve().parent == folder.resolve() and _NUMBERED.fullmatch(picture.name):
        raise InputError(
            "the picture is one of an earlier result that goes to the same folder",
            str(picture),
            "Choose another folder.",
        )


def check_unused(folder: Path, advice: str = "Choose another, or give overwrite=True.") -> None:
    """Raise InputError, ending with `advice`, when files that a result has are in `folder`."""
    fixed = (REPORT, *_ALWAYS, *_OTHERS)
    try:
        names = sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise from_os_error(error, folder) from None
    found = [name for name in names if name in fixed or _WRITTEN.fullmatch(name)]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise InputError(f"the folder holds results ({found[0]}{more})", str(folder), advice)


def prepare(folder: Path, overwrite: bool) -> None:
    """Make `folder` ready for a result: with `overwrite` an earlier one goes, else there must be
    none. Raises InputError for that, and where files cannot be removed."""
    if overwrite:
        start_over(folder)
    else:
        check_unused(folder)


def start_over(folder: Path) -> None:
    """Remove the report of an earlier result from `folder`, and the files it speaks of: files and
    report are then always of one result. Raises InputError where that is not allowed."""
    path = folder / REPORT
    try:
        content = load_json(path.read_bytes())
        entries = content["frames"] if "frames" in content else content["candidates"]
        named = [str(entry["file"]) for entry in entries]
    except FileNotFoundError:
        return
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        named = []  # no report of ours: replace it
    ours = [name for name in named if _NUMBERED.fullmatch(name)]  # plain names: of this folder
    try:
        path.unlink()
        for name in (*ours, *(_OTHERS if ours else ())):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, path) from None
