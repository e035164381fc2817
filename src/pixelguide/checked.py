"""Settings and files from outside as models whose errors are ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from pixelguide.errors import InputError


class Checked(BaseModel):
    """Unknown names and wrong values are errors that say which field is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def check(cls, where: str, values: Any) -> Self:
        """The model of `values`; InputError naming `where` and the first bad field instead of
        pydantic's."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = _place(first["loc"], values)
            told = first["msg"].lower()
            raise InputError(f"{place}: {told}" if place else told, where) from None


def _place(way: Sequence[str | int], values: Any) -> str:
    """The names on the way to a wrong value, without what pydantic adds where several types may
    stand."""
    names: list[str] = []
    for part in way:
        if not isinstance(values, dict if isinstance(part, str) else (list, tuple)):
            break
        names.append(str(part))
        known = values if isinstance(values, dict) else dict(enumerate(values))
        values = known.get(part)  # None for what is missing
    return ".".join(names)
