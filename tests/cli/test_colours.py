"""`edit --colour` from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import Run, assert_one_error


def test_a_class_is_recoloured_without_a_map_and_again(run: Run, desk: Path) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    code, out, err = run(
        "edit", desk / "picture.png", "--colour", "sky=#8a4b2d", "-o", desk / "out", *model
    )
    assert code == 0, err
    assert "best of 1; 0 pixels changed outside" in out
    report = json.loads((desk / "out" / "report.json").read_text())
    assert report["settings"]["colours"] == {"sky": "#8a4b2d"}
    (candidate,) = report["candidates"]
    assert set(candidate["colours"]["sky"]) == {"wanted", "asked", "reached", "delta_e"}
    code, _, err = run(
        "edit", desk / "picture.png", "--from", desk / "out", "-o", desk / "again", *model
    )
    assert code == 0, err
    first, second = (desk / name / "00.png" for name in ("out", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_two_colours_and_a_map(run: Run, desk: Path) -> None:
    code, _, err = run(
        "edit", desk / "picture.png", "--map", desk / "target.png",
        "--source-map", desk / "source.png", "--colour", "sky=from:3,2", "--colour", "house=teal",
        "--steps", 3, "--start", 300, "-n", 1, "-o", desk / "out",
        "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    report = json.loads((desk / "out" / "report.json").read_text())
    assert report["settings"]["colours"]["house"] == "#008080"
    assert report["candidates"][0]["colours"]["house"]["delta_e"] < 3


@pytest.mark.parametrize(
    ("colour", "message"),
    [
        ("sky", "no class and colour, --colour sky. Give hair=#8a4b2d."),
        ("=red", "no class and colour, --colour =red."),
        ("sky=", "'' is no colour, --colour sky=. Give #rrggbb"),
        ("sky=blu", "'blu' is no colour, --colour sky=blu. Give #rrggbb"),
        ("skye=blue", "unknown class 'skye', --colour. Known classes: "),
    ],
)
def test_bad_colours_are_said_before_the_model_is_opened(
    run: Run, desk: Path, colour: str, message: str
) -> None:
    ended = run(
        "edit", desk / "picture.png", "--colour", colour, "-o", desk / "out",
        "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    assert message in assert_one_error(ended)
    assert not (desk / "out").exists()


def test_a_class_has_one_colour(run: Run, desk: Path) -> None:
    ended = run(
        "edit", desk / "picture.png", "--colour", "sky=red", "--colour", "sky=blue",
        "-o", desk / "out", "--model", desk / "model",
    )  # fmt: skip
    assert "two colours for 'sky', --colour sky=blue. Give one." in assert_one_error(ended)
