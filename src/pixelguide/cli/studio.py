"""`studio`: the editor in the browser."""

from __future__ import annotations

import webbrowser
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import DeviceOptions
from pixelguide.terminal import echo


@grouped
def studio(
    place: DeviceOptions,
    model: Annotated[
        str | None,
        typer.Option(help="Built-in or pulled name, or a folder; faces-128 if here."),
    ] = None,
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
    from pixelguide.studio.messages import OpenRunner
    from pixelguide.studio.models import Models, default_model
    from pixelguide.studio.opening import open_editor
    from pixelguide.studio.serve import (
        access_policy,
        address_of,
        bound,
        check_token,
        default_data,
        serve,
    )
    from pixelguide.studio.worker_process import WorkerProcess, started

    check_token(host, token)
    first_model = model or default_model()

    def runner(name: str) -> OpenRunner:
        return partial(open_editor, name, place.device)

    with bound(host, port) as listening, started(runner(first_model)) as worker:
        # These take seconds, in which the worker opens its model.
        from pixelguide.studio.app import create_app
        from pixelguide.studio.category import Category
        from pixelguide.studio.services import Services, open_services

        folder, limits = data or default_data(), Limits(job_seconds=60 * time_limit)
        first: list[WorkerProcess] = [worker]

        def open_model(name: str, category: Category) -> AbstractContextManager[Services]:
            known = first.pop() if first else None  # the model that was named has one already
            return open_services(category, runner(name), folder, limits, worker=known)

        with Models(first_model, Category.open(first_model), open_model) as models:
            address = address_of(listening, host, token)

            def announce() -> None:
                echo(f"{address}  (Ctrl-C stops)")
                if open_browser:
                    webbrowser.open(address)

            policy = access_policy(listening, host, token, name or ())
            serve(create_app(models.services, policy, switch=models), listening, announce)
