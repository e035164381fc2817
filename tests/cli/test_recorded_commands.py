"""What commands write does not change unless it is meant to: twenty of them, as of 471d4ab.

What was changed on purpose since is in `NEW_FILES` and `NEW_WORDS`; the two edited photographs are
of 582641d, since which edited classes keep their colours. Lines that tell progress, which slow
machines get on standard error, are left out (`recorded.commands`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recorded.commands import COMMANDS, load, run_all

RECORDED = Path(__file__).parents[1] / "recorded"
LEVELS, SHARE = 3, 0.01
"""Grey levels that a picture of the network may differ by, and the share of its values: between
AVX2 and AVX-512 the last bits of a float32 differ, six passes enlarge that, and rounding shows it.
(Of these commands none differed on AVX2, on AVX-512, or with two threads.)"""
IDS = 0.005
"""Share of a map's pixels that may have another class, where two are equally likely."""
SCORES = 0.02
MEASURED = ("seconds", "versions", "hash", "path", "date")
"""Of reports: what is true of one run, one environment or one place only."""
ELSEWHERE = {"coco/annotations.json": "coco/annotations/instances_default.json"}
"""Changed on purpose: where datumaro and label-studio-sdk look for it, as polygons, which both
read (`tests/annotations/test_coco.py` holds its content)."""

NEW_FILES = {
    "part.part.json": "a map's part outlives paint programs that drop its text chunks",
    "whole.part.json": "the same",
}
"""Files that commands write besides, and why."""
NEW_WORDS = {
    "segment a part": "warnings about unusual pictures name the picture and have degrees: "
    "a portrait cut askew is worth a note",
}
"""Commands whose messages are others now, and why."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the commands write now."""
    return run_all(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What they wrote then."""
    return load(RECORDED)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "models"])
def test_a_command_writes_what_it_wrote(
    found: dict[str, Any], expected: dict[str, Any], name: str
) -> None:
    now, then = found[name], expected[name]
    assert now["code"] == then["code"], now["err"]
    for stream in ("out", "err"):
        if stream == "err" and name in NEW_WORDS:
            assert now["err"].startswith("note: photo.png is a little unlike")
        elif then[stream].startswith("{ "):
            _compare_values(name, *(json.loads(each[stream]) for each in (now, then)))
        else:
            assert _without_numbers(now[stream]) == _without_numbers(then[stream])
    written = sorted(path for path in now["files"] if path not in NEW_FILES)
    assert written == sorted(ELSEWHERE.get(path, path) for path in then["files"])
    for path, content in then["files"].items():
        if path not in ELSEWHERE:
            _compare(path, now["files"][path], content)


def test_the_built_in_models_are_listed(found: dict[str, Any]) -> None:
    assert found["models"]["code"] == 0
    assert "portraits-64 built in category 64 px ready for editing" in found["models"]["out"]


def _without_numbers(text: str) -> str:
    return re.sub(r"\d*\.\d+|[0-9a-f]{16}|\b\d+(?= pixels changed)|up to \d+", "#", text)


def _compare(path: str, now: Any, then: Any) -> None:
    if not isinstance(then, dict):
        assert now == then, path
    elif "pixels" in then:
        assert now["mode"] == then["mode"], path
        _compare_pixels(path, now["pixels"], then["pixels"], then["mode"])
    else:
        _compare_values(path, now, then)


def _compare_pixels(path: str, now: NDArray[Any], then: NDArray[Any], mode: str) -> None:
    assert now.shape == then.shape, path
    differ = now != then
    if mode in ("P", "1", "L"):  # maps and regions
        assert differ.mean() <= IDS, path
        return
    assert np.abs(now.astype(int) - then).max() <= LEVELS, path
    assert differ.mean() <= SHARE, path


def _compare_values(path: str, now: Any, then: Any) -> None:
    """Numbers to a tolerance, the rest exactly, but for what is only measured."""
    if isinstance(then, dict):
        assert set(then) <= set(now), path  # more may be told by and by
        for key, value in then.items():
            if key not in MEASURED:
                _compare_values(f"{path}: {key}", now[key], value)
    elif isinstance(then, list):
        assert len(now) == len(then), path
        for own, other in zip(now, then, strict=True):
            _compare_values(path, own, other)
    elif isinstance(then, float):
        assert now == pytest.approx(then, rel=0.05, abs=SCORES), path
    elif path.endswith(("roi_pixels", "changed_pixels_outside")):
        assert now == pytest.approx(then, rel=0.01), path
    else:
        assert now == then, path
