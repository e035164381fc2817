from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
import typer

from command_line import Run
from pixelguide.cli.grouping import grouped


@dataclass(frozen=True, kw_only=True)
class Place:
    panel: ClassVar[str] = "Where"

    folder: Annotated[Path, typer.Argument(help="A folder.")]
    depth: Annotated[int, typer.Option(min=0, help="Levels.")] = 3


@dataclass(frozen=True, kw_only=True)
class DeepPlace(Place):
    quick: Annotated[bool, typer.Option("--quick", help="Sooner.")] = False


def run_typer(command: Callable[..., None], *arguments: str) -> Any:
    app = typer.Typer(add_completion=False)
    app.command()(command)
    return app(args=list(arguments), standalone_mode=False)


def test_a_command_gets_its_groups_filled() -> None:
    got: list[Any] = []

    @grouped
    def find(
        place: DeepPlace, name: Annotated[str, typer.Option("-n", help="What to find.")] = "x"
    ) -> None:
        """Find it."""
        got.append((place, name))

    run_typer(find, "here", "--quick")
    run_typer(find, "here", "--depth", "5", "-n", "y")
    assert got == [
        (DeepPlace(folder=Path("here"), quick=True), "x"),
        (DeepPlace(folder=Path("here"), depth=5), "y"),
    ]


def test_checks_of_options_stay_those_of_typer() -> None:
    @grouped
    def find(place: Place) -> None:
        """Find it."""

    with pytest.raises(Exception, match=r"range|greater"):
        run_typer(find, "here", "--depth", "-1")
    with pytest.raises(Exception, match=r"(?i)missing"):
        run_typer(find)


def test_an_option_of_two_groups_is_an_error_when_the_command_is_defined() -> None:
    def find(place: Place, other: DeepPlace) -> None:
        """Find it."""

    with pytest.raises(ValueError, match="folder"):
        grouped(find)


@pytest.mark.parametrize(
    ("command", "panels"),
    [
        ("edit", ["Picture", "Map", "Region", "Sampling", "Output", "Model and device"]),
        ("inpaint", ["Picture", "Region", "Map", "Sampling", "Output", "Model and device"]),
        ("interpolate", ["Frames", "Region", "Sampling", "Output", "Model and device"]),
        ("segment", ["Picture", "Output", "Model and device"]),
    ],
)
def test_help_shows_options_in_panels(run: Run, command: str, panels: list[str]) -> None:
    code, out, _ = run(command, "--help")
    places = [out.find(f"─ {panel} ─") for panel in panels]
    assert code == 0
    assert -1 not in places
    assert places == sorted(places)
