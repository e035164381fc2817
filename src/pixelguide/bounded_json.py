"""JSON of strangers: bounded in values, depth and numbers before anything is made of it."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BeforeValidator, Field

MAX_VALUES = 1_000_000
"""Of one text; as Python's objects they take some hundred bytes each."""
MAX_DEPTH = 64
"""Lists and objects in one another; what tools write has a handful."""
MAX_KEYS = 20_000
"""Of one object. A model that forbids unknown names keeps an error for each of them."""

K = TypeVar("K")
T = TypeVar("T")
Items = Annotated[list[T], Field(fail_fast=True)]
"""A list of a model for content from outside. Without this, pydantic goes on after the first wrong
item and keeps an error of a kilobyte for each."""


def _of_few_names(content: Any) -> Any:
    if isinstance(content, dict) and len(content) > MAX_KEYS:
        raise ValueError(f"more than {MAX_KEYS:,} names")
    return content


Table = Annotated[dict[K, T], BeforeValidator(_of_few_names)]
"""The same for an object whose names are not known: pydantic looks at every one of them."""


def load_json(text: str | bytes, max_values: int = MAX_VALUES) -> Any:
    """As `json.loads`, in time and memory that the bounds above limit.

    Raises ValueError for what is no JSON, for more values or deeper ones than that, and for numbers
    that are not finite, written out (NaN, Infinity, which are no JSON) or too large (1e999): they
    would be written as what nobody reads again.
    """
    check_count(text, max_values)
    try:
        content = json.loads(
            text, parse_constant=_refuse, parse_float=_finite, parse_int=_finite_int
        )
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from None
    _check_depth(content)
    return content


def check_count(text: str | bytes, max_values: int = MAX_VALUES) -> None:
    """Raise ValueError for JSON that may hold more values than that, which takes no memory.

    Each but the first follows a comma or an opening bracket; those in texts count as well.
    """
    if isinstance(text, str):
        found = sum(text.count(mark) for mark in ",[{")
    else:
        found = sum(text.count(mark) for mark in (b",", b"[", b"{"))
    if found >= max_values:
        raise ValueError(f"more than {max_values:,} values")


def _check_depth(content: Any) -> None:
    level = [content]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                if len(value) > MAX_KEYS:
                    raise ValueError(f"an object with more than {MAX_KEYS:,} names")
                inner += [each for each in value.values() if isinstance(each, (dict, list))]
            elif isinstance(value, list):
                inner += [each for each in value if isinstance(each, (dict, list))]
        if not inner:
            return
        level = inner
    raise ValueError(f"nested deeper than {MAX_DEPTH}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"number too large ({text[:20]})")
    return value


def _finite_int(text: str) -> int:
    _finite(text)  # beyond it browsers, and floats, have infinity
    return int(text)
