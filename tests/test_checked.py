"""What does not fit a model is named in an error of ours."""

from __future__ import annotations

from typing import Any, Literal

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
