"""One edit of a batch: as a row of a manifest has it, and as a worker gets it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import Field

from pixelguide.checked import Checked
from pixelguide.errors import InputError

PART = ".part.json"
"""Ending of the file beside a map that says which part of a photograph it shows."""


class BatchEdit(Checked):
    """One edit of a batch.

    image: the picture's file. map: the repainted map's, or edit: the name of a scripted edit (see
    `scripted`); one of the two. source_map: the map before painting; by default what the model
    reads. classes: Q of eq. 7; by default what changed. crop: the part of a photograph as
    "x,y,size"; by default as the map says, else "auto". name: for tables; by default those of the
    files. settings: of `EditSettings`, beside those of the whole batch.
    """

    image: Path
    map: Path | None = None
    edit: str | None = None
    source_map: Path | None = None
    classes: tuple[str, ...] | None = Field(None, min_length=1)
    crop: str | None = None
    name: str | None = Field(None, min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name, or one made of its files: "000003, open_mouth"."""
        what = self.edit or (self.map.stem if self.map else "")
        return self.name or f"{self.image.stem}, {what}"

    def inputs(self, settings: dict[str, Any], output: str) -> EditInputs:
        """Its files' content, and `settings` (of `EditSettings`, all of them) for a worker. output:
        format of the pictures. Raises InputError for a file that cannot be read."""
        part = None
        if self.map is not None:
            beside = self.map.with_name(self.map.stem + PART)
            part = _content(beside) if beside.is_file() else None
        return EditInputs(
            self.image.name,
            _content(self.image),
            self.map.name if self.map else None,
            _content(self.map) if self.map else None,
            part,
            self.source_map.name if self.source_map else None,
            _content(self.source_map) if self.source_map else None,
            self.edit,
            self.classes,
            self.crop,
            settings,
            output,
        )


@dataclass(frozen=True)
class EditInputs:
    """All that an edit depends on besides the model: names and content of its files, a scripted
    edit, edited classes, crop, all fields of `EditSettings`, and the pictures' format."""

    image_name: str
    image: bytes
    map_name: str | None
    map: bytes | None
    part: bytes | None
    source_name: str | None
    source: bytes | None
    edit: str | None
    classes: tuple[str, ...] | None
    crop: str | None
    settings: dict[str, Any]
    output: str

    def key(self, model: str) -> str:
        """24 hexadecimal digits of all of it and the hash of `model`: edits of one key have one
        result. Names of files count by their endings alone, as these tell how they are read."""
        content: dict[str, Any] = {"model": model}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bytes):
                value = hashlib.sha256(value).hexdigest()
            elif field.name.endswith("_name") and value is not None:
                value = Path(value).suffix.lower()
            content[field.name] = value
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", str(path), "Check the path.") from None
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", str(path), "Check the file.") from None
