"""`studio`: the editor in the browser."""

from __future__ import annotations

import webbrowser
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import ModelOptions
from pixelguide.terminal import echo


@grouped
def studio(
    model: ModelOptions,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free.")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="Folder for pictures and jobs; default: the user's.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="PIXELGUIDE_STUDIO_TOKEN",
            help="Secret that visitors must show; needed when others can reach the address.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Further host name that browsers reach it by; may be repeated."),
    ] = None,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Minutes a job may take.")] = 30,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Paint the label map in the browser and see the photo follow."""
    from pixelguide.studio.limits import Limits
    from pixelguide.studio.opening import open_editor
    from pixelguide.studio.serve import (
        access_policy,
        address_of,
        bound,
        check_token,
        default_data,
        serve,
    )
    from pixelguide.studio.worker_process import started

    check_token(host, token)
    runner = partial(open_editor, model.model, model.device)
    with bound(host, port) as listening, started(runner) as worker:
        # These take seconds, in which the worker opens its model.
        from pixelguide.studio.app import create_app
        from pixelguide.studio.category import Category
        from pixelguide.studio.services import open_services

        category, limits = Category.open(model.model), Limits(job_seconds=60 * time_limit)
        folder = data or default_data()
        with open_services(category, runner, folder, limits, worker=worker) as services:
            address = address_of(listening, host, token)

            def announce() -> None:
                echo(f"{address}  (Ctrl-C stops)")
                if open_browser:
                    webbrowser.open(address)

            policy = access_policy(listening, host, token, name or ())
            serve(create_app(services, policy), listening, announce)
