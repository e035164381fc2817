"""What does not fit a model is named in an error of ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from pixelguide.checked import Checked
from pixelguide.errors import InputError


class _Part(Checked):
    size: int = Field(1, ge=1)
    places: tuple[tuple[float, float], ...] = ()


class _Whole(Checked):
    name: str
    scale: float | Literal["auto"] = "auto"
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    count: int = Field(1, ge=1, lt=9)
    way: Literal["up", "down"] | Literal["auto"] = "auto"
    parts: tuple[_Part, ...] = ()


def test_what_fits_becomes_the_model() -> None:
    whole = _Whole.check("whole.json", {"name": "a", "parts": [{"size": 2}]})
    assert whole == _Whole(name="a", parts=(_Part(size=2),))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"^name: field required, whole\.json"),
        ({"name": 1}, "^name: "),
        ({"name": "a", "scale": "much"}, "^scale: "),  # which may be of two types
        ({"name": "a", "scale": [1]}, "^scale: "),
        ({"name": "a", "scale": float("nan")}, "^scale: "),
        ({"name": "a", "Scale": 1}, "^Scale: extra"),
        ({"name": "a", "parts": [{}, {"size": 0}]}, r"^parts\.1\.size: "),
        ({"name": "a", "parts": [{"places": [[0, "x"]]}]}, r"^parts\.0\.places\.0\.1: "),
        ({"name": "a", "parts": [{"places": [[0]]}]}, r"^parts\.0\.places\.0\.1: field required"),
        ([], "^input should be "),
    ],
)
def test_the_first_bad_field_is_named(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        _Whole.check("whole.json", values)
    assert caught.value.where == "whole.json"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scale": "much"}, "scale: much, here. Give a number or auto."),
        ({"share": 2}, "share: 2, here. Give a number in 0 … 1."),
        ({"count": 9}, "count: 9, here. Give a whole number in 1 … 8."),
        ({"way": "left\nright"}, "way: left right, here. Give up, down or auto."),
        ({"way": "x" * 99}, f"way: {'x' * 40}…, here. Give up, down or auto."),
    ],
)
def test_what_a_field_may_be_is_told(values: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        _Whole.check("here", {"name": "a", **values})
    assert str(caught.value) == message


def test_fields_may_be_called_otherwise() -> None:
    with pytest.raises(InputError, match=r"^--count 0\. Give a whole number in 1 … 8\.$"):
        _Whole.check("", {"name": "a", "count": 0}, "--{}".format)
