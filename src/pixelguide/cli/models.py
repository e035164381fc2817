"""`models`: what is there, what it is, whether it is sound."""

from __future__ import annotations

import json
from typing import Annotated

import typer

models_app = typer.Typer(help="List, inspect and verify models.", no_args_is_help=False)


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List, inspect and verify models."""
    if context.invoked_subcommand is None:
        from pixelguide.prior.bundle import built_in_models

        for name, path in built_in_models().items():
            typer.echo(f"{name}  {path}")


@models_app.command("show")
def models_show(model: Annotated[str, typer.Argument(help="Name or folder.")]) -> None:
    """Describe a model: size, parameters, taps, classes."""
    from pixelguide.segment.category import describe

    typer.echo(json.dumps(describe(model), indent=2))


@models_app.command("verify")
def models_verify(model: Annotated[str, typer.Argument(help="Name or folder.")]) -> None:
    """Load every part of a model and check it against its manifest."""
    from pixelguide.edit.editor import Editor
    from pixelguide.prior.bundle import ModelFolder

    Editor.from_pretrained(model, "cpu")
    typer.echo(f"{model}: sound, hash {ModelFolder.open(model).hash}")
