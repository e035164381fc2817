"""The parameters of a portrait."""

from __future__ import annotations

import dataclasses

import pytest

from pixelguide.errors import InputError
from pixelguide.portraits import Portrait, portrait_at


def test_replace_changes_only_what_is_named() -> None:
    portrait = portrait_at(0, 0)
    changed = portrait.replace(gaze_x=-1.25)
    differing = [
        f.name
        for f in dataclasses.fields(Portrait)
        if getattr(portrait, f.name) != getattr(changed, f.name)
    ]
    assert differing == ["gaze_x"]


@pytest.mark.parametrize("name", ["mouth_open", "left_eye_open", "right_eye_open"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_openness_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        portrait_at(0, 0).replace(**{name: value})


def test_every_field_is_documented() -> None:
    for f in dataclasses.fields(Portrait):
        assert f"`{f.name}`" in (Portrait.__doc__ or "")
