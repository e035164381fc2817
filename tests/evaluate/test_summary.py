from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.evaluate.bootstrap import bootstrap_difference, bootstrap_mean
from pixelguide.evaluate.judge import MEASURES
from pixelguide.evaluate.runner import Row
from pixelguide.evaluate.summary import Entry, summarize
from pixelguide.seeds import generator


def row(task: int, method: str, pick: str = "best", **values: Any) -> Row:
    start = {"task": f"t{task}", "kind": "even" if task % 2 == 0 else "odd", "method": method,
             "pick": pick, "candidates": 2}  # fmt: skip
    return start | dict.fromkeys(MEASURES) | values


def picture(own: Row) -> NDArray[np.uint8]:
    return np.full((4, 4, 3), int(own["task"][1:]), np.uint8)


def brightness(images: NDArray[np.uint8]) -> dict[str, float]:
    return {"prior_frechet": float(images.mean())}


OURS, THEIRS = [0.9, 0.8, 0.7, 1.0], [0.6, 0.5, 0.6, 0.4]
ROWS = [
    row(k, method, roi_accuracy=value)
    for k, pair in enumerate(zip(OURS, THEIRS, strict=True))
    for method, value in zip(("ours", "theirs"), pair, strict=True)
]


def summary(rows: list[Row]) -> list[Entry]:
    return summarize(rows, picture, brightness)


def test_means_and_intervals_are_the_bootstrap_s() -> None:
    ours, theirs = summary(ROWS)
    assert (ours["method"], ours["pick"], ours["edits"]) == ("ours", "best", 4)
    for entry, values in ((ours, OURS), (theirs, THEIRS)):
        expected = bootstrap_mean(values, generator(0, "bootstrap", "roi_accuracy"))
        assert entry["measures"] == {"roi_accuracy": vars(expected)}
    paired = bootstrap_difference(THEIRS, OURS, generator(0, "paired", "roi_accuracy"))
    assert theirs["over_first"] == {"roi_accuracy": vars(paired)}
    assert ours["over_first"] == {}


def test_kinds_are_averaged_apart() -> None:
    ours, _ = summary(ROWS)
    assert ours["kinds"] == {
        "even": {"edits": 2, "roi_accuracy": pytest.approx(0.8)},
        "odd": {"edits": 2, "roi_accuracy": pytest.approx(0.9)},
    }


def test_differences_take_the_edits_that_both_have() -> None:
    rows = [own for own in ROWS if (own["task"], own["method"]) != ("t3", "ours")]
    _, theirs = summary(rows)
    assert theirs["measures"]["roi_accuracy"]["count"] == 4
    assert theirs["over_first"]["roi_accuracy"]["count"] == 3
    assert theirs["over_first"]["roi_accuracy"]["mean"] == pytest.approx(-0.7 / 3)


def test_unknown_values_are_left_out_of_means() -> None:
    rows = [row(0, "m", true_psnr=20.0), row(1, "m")]
    (entry,) = summary(rows)
    assert entry["edits"] == 2
    assert entry["measures"]["true_psnr"]["count"] == 1
    assert set(entry["measures"]) == {"true_psnr"}


def test_sets_need_two_pictures() -> None:
    (entry,) = summary([row(0, "m"), row(4, "m")])
    assert entry["set"] == {"prior_frechet": 2.0}
    (entry,) = summary([row(0, "m")])
    assert entry["set"] == {}


def test_picks_are_entries_of_their_own_and_nothing_is_an_error() -> None:
    rows = [row(0, "m", pick) for pick in ("best", "random")]
    assert [(entry["method"], entry["pick"]) for entry in summary(rows)] == [
        ("m", "best"),
        ("m", "random"),
    ]
    with pytest.raises(InputError, match="nothing was measured"):
        summary([])
