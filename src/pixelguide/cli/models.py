"""`models`: what is there, what it is, whether it is sound, and how to get more."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import DeviceOptions, points
from pixelguide.errors import InputError
from pixelguide.terminal import progress_bar

models_app = typer.Typer(help="List, pull, inspect and verify models.", no_args_is_help=False)
Name = Annotated[str, typer.Argument(help="Name or folder.")]


@models_app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="The list as JSON.")] = False,
) -> None:
    """List the models there are and those that can be pulled."""
    if context.invoked_subcommand is not None:
        return
    rows = _rows()
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        size = f"{row['size']} px" if row["size"] else ""
        typer.echo(
            f"{row['name']:<{width}}  {row['state']:<13}  {row['kind']:<11}  {size:>6}  "
            f"{row['about']}"
        )
        typer.echo(f"{'':<{width}}  {row['path'] or row['source']}")
        if row["licence"]:
            typer.echo(f"{'':<{width}}  licence: {row['licence']}")


@models_app.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="A name `pixelguide models` lists; OWNER/NAME.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder to make; default: where --model NAME finds it.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use only what was fetched before or by hand.")
    ] = False,
    keep_download: Annotated[
        bool, typer.Option("--keep-download", help="Keep what was fetched beside the result.")
    ] = False,
    accept_new: Annotated[
        bool, typer.Option("--accept-new", help="Fetch again and trust what comes from now on.")
    ] = False,
    revision: Annotated[
        str, typer.Option(help="Branch, tag or commit of the hub's; default: the newest.")
    ] = "",
) -> None:
    """Fetch a public model or data set, verify it, and make it ready for use."""
    from pixelguide.prior.public.pull import known_hashes, pull

    with progress_bar() as report:
        pulled = pull(
            name,
            to,
            offline=offline,
            keep_download=keep_download,
            accept_new=accept_new,
            revision=revision,
            on_progress=report,
        )
    if not pulled.fresh:
        typer.echo(f"{pulled.path}: pulled before; --accept-new fetches it again")
        return
    trust = "recorded in" if pulled.first else "the same as in"
    typer.echo(f"{pulled.path}: SHA-256 {trust} {known_hashes().path}")
    if pulled.left_out:
        typer.echo(f"left out: {len(pulled.left_out)} files of other kinds")
    if pulled.entry.is_model:
        model = name if to is None and not revision else pulled.path
        typer.echo(f"Next: pixelguide train classifiers DATASET --model {model} -o MODEL")


@models_app.command("show")
def models_show(
    model: Name,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it as JSON, as it is without a terminal.")
    ] = False,
) -> None:
    """Describe a model: size, parameters, taps, classes."""
    from pixelguide.segment.category import describe

    content = describe(model)
    if as_json or not sys.stdout.isatty():  # what programs have read since there is this command
        typer.echo(json.dumps(content, indent=2))
        return
    for line in summary(model, content):
        typer.echo(line)


def summary(model: str, content: dict[str, Any]) -> list[str]:
    """What `describe` says of a model, for a screen: at most 24 lines of 80 characters."""
    size = content["size"]
    facts = [
        (str(model), f"hash {content['hash']}"),
        ("pictures", f"{size}×{size} pixels"),
        ("network", f"{content['parameters']:,} parameters, {content['timesteps']} timesteps"),
    ]
    if not content["learned_variance"]:
        facts.append(("", "without learned variance"))
    used = [tap["name"] for tap in content["taps"].values() if tap["default"]]
    facts.append(("taps", f"{len(content['taps'])}, of which {', '.join(used)} by default"))
    if "classes" in content:
        facts.append((f"{len(content['classes'])} classes", ", ".join(content["classes"])))
    for part in ("segmenter", "guide"):
        if timesteps := content.get(part, {}).get("timesteps"):
            flat = sorted(
                {t for each in timesteps for t in (each if isinstance(each, list) else [each])}
            )
            times = f"t = {flat[0]} … {flat[-1]}"
            facts.append(
                (part, f"{len(timesteps)} classifier{'s' * (len(timesteps) > 1)}, {times}")
            )
    facts.append(("folder", str(content["path"])))
    width = max(len(name) for name, _ in facts)
    lines = [
        line
        for name, text in facts
        for line in textwrap.wrap(
            text, 80, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2),
            break_on_hyphens=False,
        )
    ]  # fmt: skip
    return [*lines[:22], *(["…"] if len(lines) > 22 else []), "All of it: --json"]


@models_app.command("verify")
def models_verify(model: Name) -> None:
    """Load every part of a model and check it against its manifest."""
    from pixelguide.edit.editor import Editor
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.segment.category import describe

    folder = ModelFolder.open(model)
    if any(file.startswith(("segmenter/", "guide/", "labels.json")) for file in folder.hashes):
        Editor.from_pretrained(model, "cpu")
        typer.echo(f"{model}: sound, hash {folder.hash}")
        return
    describe(model)  # loads the network and the schedule
    typer.echo(
        f"{model}: sound, hash {folder.hash}; a prior without classifiers: "
        "`pixelguide train classifiers` makes them"
    )


@models_app.command("calibrate")
@grouped
def models_calibrate(
    place: DeviceOptions,
    name: Name,
    dataset: Annotated[
        Path | None, typer.Option(help="Labelled pictures of the category, of any known format.")
    ] = None,
    eyes: Annotated[
        str | None,
        typer.Option(help="Where its eyes are, x1,y1,x2,y2 in shares of the side, by hand."),
    ] = None,
) -> None:
    """Write what a category's pictures are like into its folder: domain.json."""
    from pixelguide.devices import choose_device
    from pixelguide.segment.category import calibrate

    if dataset is None and eyes is None:
        raise InputError("nothing to calibrate by", hint="Give --dataset, --eyes, or both.")
    places = points("eyes", eyes) if eyes is not None else None
    domain = calibrate(name, dataset, eyes=places, device=str(choose_device(place.device)))
    typer.echo(domain.to_json().decode().rstrip())


def _rows() -> list[dict[str, Any]]:
    """One dict a model: what `models --json` prints."""
    from pixelguide.prior import bundle
    from pixelguide.prior.manifest import read_json
    from pixelguide.prior.public.registry import REGISTRY, others_pulled

    rows: list[dict[str, Any]] = []
    for name, path in bundle.built_in_models().items():
        size = read_json(path, "unet/config.json").get("sample_size")
        rows.append(
            {
                "name": name, "state": "built in", "kind": "category", "size": size,
                "about": "ready for editing", "source": "this package", "licence": "",
                "path": str(path),
            }
        )  # fmt: skip
    for entry in (*REGISTRY.values(), *others_pulled()):
        here = entry.folder.is_dir()
        rows.append(
            {
                "name": entry.name, "state": "pulled" if here else "can be pulled",
                "kind": entry.kind, "size": entry.size, "about": entry.about,
                "source": entry.source, "licence": entry.licence,
                "path": str(entry.folder) if here else None,
            }
        )  # fmt: skip
    return rows
