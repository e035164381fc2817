"""The command line."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from pixelguide.cli.batch import batch
from pixelguide.cli.bench import bench
from pixelguide.cli.built_in import demo, portraits
from pixelguide.cli.convert import convert_app
from pixelguide.cli.editing import edit
from pixelguide.cli.evaluate import evaluate
from pixelguide.cli.inpainting import inpaint
from pixelguide.cli.interpolating import interpolate
from pixelguide.cli.labels import labels_app
from pixelguide.cli.models import models_app
from pixelguide.cli.ray_options import with_ray_address
from pixelguide.cli.segmenting import segment
from pixelguide.cli.studio import studio
from pixelguide.cli.told import Stopped
from pixelguide.cli.train import train_app
from pixelguide.cli.tuning import tune
from pixelguide.errors import InputError, PixelguideError, ResourceError, is_out_of_memory
from pixelguide.terminal import PrintableConsole, echo

STOPPED = 130
"""Exit code of what is stopped by hand, as shells have it."""
app = typer.Typer(
    help="Repaint a picture's label map and the picture follows, only there.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    *(demo, segment, edit, batch, interpolate, inpaint, studio, portraits, evaluate, bench, tune),
)
for command in _COMMANDS:
    app.command()(command)
app.add_typer(train_app, name="train")
app.add_typer(convert_app, name="convert")
app.add_typer(labels_app, name="labels")
app.add_typer(models_app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        echo(f"pixelguide {version('pixelguide')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options of no command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every error of ours or of usage becomes one line and an exit code."""
    console = PrintableConsole(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        given = with_ray_address(sys.argv[1:] if arguments is None else arguments)
        code = app(args=given, standalone_mode=False) or 0
        if code == STOPPED:  # what Typer makes of a KeyboardInterrupt
            console.print("stopped")
        sys.exit(code)
    except PixelguideError as error:
        console.print(f"error: {error}")
        sys.exit(error.exit_code)
    except Stopped as stopped:
        console.print(f"stopped: {stopped}")
        sys.exit(STOPPED)
    except (KeyboardInterrupt, typer.Abort):
        console.print("stopped")
        sys.exit(STOPPED)
    except Exception as error:
        if is_out_of_memory(error):
            advice = "Use fewer candidates (-n), or --device cpu."
            console.print(f"error: {ResourceError('out of memory', hint=advice)}")
            sys.exit(ResourceError.exit_code)
        if (message := _usage_message(error)) is None:
            raise
        if message:  # else help was asked for by giving no arguments
            console.print(f"error: {message}")
        sys.exit(InputError.exit_code)


def _usage_message(error: Any) -> str | None:
    """An error of Typer's, whose classes are not public, as one line; None for others."""
    if not hasattr(error, "format_message"):
        return None
    message = " ".join(error.format_message().split())
    stop = "" if message.endswith((".", "?")) else "."
    typed = error.ctx.command_path if getattr(error, "ctx", None) else "pixelguide"
    return message and f"{message[0].lower()}{message[1:]}{stop} See `{typed} --help`."
