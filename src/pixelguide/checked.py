"""Settings and files from outside as models whose errors are ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from pixelguide.errors import InputError


class Checked(BaseModel):
    """Unknown names and wrong values are errors that say which field is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def check(cls, where: str, values: Any, option: Callable[[str], str] = "{}:".format) -> Self:
        """The model of `values`; InputError naming `where` and the first bad field instead of
        pydantic's, and what the field may be. option: how a field is called before its value."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = _place(first["loc"], values)
            message, hint = first["msg"].lower(), ""
            if place in cls.model_fields and place in values:
                field = cls.model_fields[place]
                if choices := _choices(field.annotation, field.metadata):
                    *others, last = choices
                    hint = f"Give {', '.join(others)} or {last}." if others else f"Give {last}."
                    value = " ".join(str(values[place]).split())
                    message = value if len(value) <= 40 else f"{value[:40]}…"
            raise InputError(
                f"{option(place)} {message}" if place else message, where, hint
            ) from None


def _choices(kind: Any, limits: Sequence[Any] = ()) -> list[str]:
    """What values a type within `limits` has, in words; none where that takes more than a few."""
    parts = get_args(kind)
    if get_origin(kind) is Annotated:
        return _choices(parts[0], [limit for field in parts[1:] for limit in field.metadata])
    if get_origin(kind) is Literal:
        return [str(part) for part in parts]
    if get_origin(kind) in (Union, UnionType):
        each = [_choices(part, limits) for part in parts if part is not NoneType]
        return [words for choices in each for words in choices] if all(each) else []
    if kind not in (int, float):
        return []
    word = "a whole number" if kind is int else "a number"
    low, high, above = (
        next((getattr(limit, name) for limit in limits if hasattr(limit, name)), None)
        for name in ("ge", "le", "lt")
    )
    if high is None and above is not None:
        high = above - 1
    if low is None:
        return [word]
    return [f"{word}, {low} or more" if high is None else f"{word} in {low} … {high}"]


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
