"""The command line."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from pixelguide.cli.applications import inpaint, interpolate
from pixelguide.cli.bench import bench
from pixelguide.cli.convert import convert_app
from pixelguide.cli.editing import demo, edit, portraits, segment
from pixelguide.cli.evaluate import evaluate
from pixelguide.cli.labels import labels_app
from pixelguide.cli.models import models_app
from pixelguide.cli.studio import studio
from pixelguide.cli.train import train_app
from pixelguide.errors import PixelguideError, ResourceError, is_out_of_memory

app = typer.Typer(
    help="Repaint a picture's label map and the picture follows, only there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, segment, edit, interpolate, inpaint, studio, portraits, evaluate, bench):
    app.command()(command)
app.add_typer(train_app, name="train")
app.add_typer(convert_app, name="convert")
app.add_typer(labels_app, name="labels")
app.add_typer(models_app, name="models")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every error of ours becomes one line and an exit code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        app(args=arguments)
    except PixelguideError as error:
        console.print(f"error: {error}")
        sys.exit(error.exit_code)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        advice = "Use fewer candidates (-n), or --device cpu."
        console.print(f"error: {ResourceError('out of memory', hint=advice)}")
        sys.exit(ResourceError.exit_code)
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)
