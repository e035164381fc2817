"""Where pictures of the model's size come from, so that they find back into their photograph."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
)

from pixelguide.studio.database import Database


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Earlier builds know neither base nor dyed, detail and lightness."""
        content: dict[str, Any] = handler(self)
        return {key: value for key, value in content.items() if value is not None}


class Part(_Strict):
    """Taken out of a photograph (its id): the square of `size` pixels at (x, y), as `Frame`. base:
    a picture, up to whose edits the photograph was changed before; None for none."""

    photograph: str
    x: float
    y: float
    size: float
    base: str | None = None


class Dyed(_Strict):
    """What an edit recoloured. source, target: its maps. colours: #rrggbb by class or group.
    strength: how much of it is let through."""

    source: str
    target: str
    colours: dict[str, Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]]
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0


class Lightness(_Strict):
    """What a category of grey pictures made: classes that were painted take other colours. source,
    target: its maps."""

    source: str
    target: str


class Change(_Strict):
    """Made by an edit of `parent`, another picture. roi: its file. feather: see `FullSize`. dyed:
    None where no colour was asked for. detail: True where detail finer than the model's is painted,
    if the model does so. lightness: None where the model knows colours."""

    parent: str
    roi: str
    feather: Annotated[int, Field(ge=0, le=64)]
    dyed: Dyed | None = None
    detail: bool | None = None
    lightness: Lightness | None = None

    def files(self) -> set[str]:
        """The ids of its region and maps."""
        read = [maps for maps in (self.dyed, self.lightness) if maps]
        return {self.roi, *(identity for maps in read for identity in (maps.source, maps.target))}

    def fainter(self, strength: float) -> Change:
        """The same of a picture that lets only so much of it through."""
        if self.dyed is None:
            return self
        dyed = self.dyed.model_copy(update={"strength": self.dyed.strength * strength})
        return self.model_copy(update={"dyed": dyed})


_MOST_BASES = 100
"""Parts of edited photographs in one another; a damaged database may have them in a circle."""
Origin = Part | Change
_ORIGIN: TypeAdapter[Origin] = TypeAdapter(Origin)


@dataclass(frozen=True)
class Lineage:
    """From a photograph to a picture. first: the picture that `part` tells of. changes: those made
    since, each with the picture that it gave; the oldest first. base: where the part was taken
    from, if it was from an edited photograph."""

    first: str
    part: Part
    changes: tuple[tuple[str, Change], ...]
    base: Lineage | None = None

    def ids(self) -> set[str]:
        """The ids of all that it needs."""
        made = {each for picture, change in self.changes for each in (picture, *change.files())}
        before = self.base.ids() if self.base else set()
        return {self.first, self.part.photograph} | made | before

    def origins(self) -> dict[str, Origin]:
        """Where each of its pictures comes from."""
        before = self.base.origins() if self.base else {}
        return {**before, self.first: self.part, **dict(self.changes)}

    def edits(self) -> list[str]:
        """The pictures that edits gave, the oldest first."""
        before = self.base.edits() if self.base else []
        return [*before, *(picture for picture, _ in self.changes)]


class Provenance:
    """The table of where pictures come from.

    Pictures of the model's own size have no entry, nor have edits of them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, origins: Mapping[str, Origin]) -> None:
        """Note where pictures come from. Raises ResourceError when the disk is full."""
        rows = [(picture, origin.model_dump_json()) for picture, origin in origins.items()]
        with self._database.write() as connection:
            connection.executemany("INSERT INTO origins (picture, content) VALUES (?, ?)", rows)

    def of(self, picture: str) -> Origin | None:
        """Where a picture comes from, if it is a part of a photograph."""
        rows = self._database.read("SELECT content FROM origins WHERE picture = ?", (picture,))
        try:
            return _ORIGIN.validate_json(rows[0]["content"]) if rows else None
        except ValidationError:
            return None  # of a damaged database

    def lineage(self, picture: str, _bases: int = 0) -> Lineage | None:
        """How a picture came out of a photograph; None where it did not, or where something on the
        way was forgotten."""
        changes: dict[str, Change] = {}
        if _bases > _MOST_BASES:
            return None
        while isinstance(origin := self.of(picture), Change):
            if picture in changes:
                return None  # of a damaged database: it leads nowhere
            changes[picture] = origin
            picture = origin.parent
        if origin is None:
            return None
        base = self.lineage(origin.base, _bases + 1) if origin.base else None
        if origin.base and base is None:
            return None
        return Lineage(picture, origin, tuple(reversed(changes.items())), base)

    def touch(self, picture: str) -> None:
        """What its photograph is made of is in use, and so not to be forgotten."""
        if lineage := self.lineage(picture):
            now = time.time()
            with self._database.write() as connection:
                connection.executemany(
                    "UPDATE items SET used = ? WHERE id = ?", [(now, i) for i in lineage.ids()]
                )

    def forget(self) -> None:
        """Remove the origins of pictures that are no more."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM origins WHERE picture NOT IN (SELECT id FROM items)")
