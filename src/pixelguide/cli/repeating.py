"""`edit --from report.json`: the settings, the part and the seed of an earlier edit again."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import typer

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError
from pixelguide.terminal import echo

Group = TypeVar("Group")


@dataclass(frozen=True)
class EarlierEdit:
    """An edit's report: settings are what reproduces it."""

    path: Path
    settings: dict[str, Any]
    roi_pixels: int

    @classmethod
    def open(cls, path: Path) -> EarlierEdit:
        """Read report.json, or that of a folder. Raises InputError for another file."""
        path = path / "report.json" if path.is_dir() else path
        try:
            content = load_json(path.read_text("utf-8"))
            settings, pixels = content["settings"], int(content["roi_pixels"])
            str(settings["model"]["hash"]), settings["seed"], list(settings["edit_classes"])
        except OSError as error:
            raise InputError(f"cannot read the report ({error.strerror})", str(path)) from None
        except (ValueError, LookupError, TypeError, RecursionError):
            raise InputError("no report of an edit", str(path), "Give its report.json.") from None
        return cls(path, settings, pixels)

    @property
    def target(self) -> Path:
        """The map that was followed, which the edit wrote beside its report."""
        return self.path.parent / "target.png"

    def filled(self, group: Group, context: typer.Context) -> Group:
        """A group of options; those that were not typed have the earlier edit's values."""
        known = self._values()
        if context.params.get("eyes") is not None:
            known.pop("crop", None)
        if _was_typed(context, "donor") or context.params.get("donor_eyes") is not None:
            known.pop("donor_crop", None)
        found = {
            field.name: known[field.name]
            for field in fields(group)  # type: ignore[arg-type]
            if field.name in known and not _was_typed(context, field.name)
        }
        return replace(group, **found)  # type: ignore[type-var]

    def check_model(self, model: str, any_model: bool) -> None:
        """Raise InputError unless `model` is the one of the earlier edit, or any will do."""
        from pixelguide.prior.bundle import ModelFolder
        from pixelguide.prior.public.fetched import fetched

        found, wanted = ModelFolder.open(fetched(model)).hash, self.settings["model"]["hash"]
        if found != wanted and not any_model:
            raise InputError(
                f"the edit was made by a model of hash {wanted}, {model} has {found}",
                str(self.path),
                "Give its --model, or --any-model: the result will be another one.",
            )

    def warn_of_region(self, saved: dict[str, Any]) -> None:
        """Say on standard error when the region is not the earlier edit's: nothing in a report says
        which map was painted on, if it was not what the model reads."""
        if saved["roi_pixels"] != self.roi_pixels:
            echo(
                f"warning: the region has {saved['roi_pixels']} pixels, and had {self.roi_pixels} "
                f"in {self.path}: if that edit had a --source-map, give it again.",
                err=True,
            )

    def _values(self) -> dict[str, Any]:
        settings = dict(self.settings)
        if settings["seed"] is None:
            raise InputError(
                "the edit drew from the caller's generators, not from a seed",
                str(self.path),
                "It cannot be repeated from its report.",
            )
        values = {name: value for name, value in settings.items() if name != "model"}
        if settings["edit_classes"]:
            values["classes"] = ",".join(settings["edit_classes"])
        values["colours"] = [f"{name}={text}" for name, text in settings.get("colours", {}).items()]
        if donor := settings.get("donor"):
            values["donor"], values["donor_crop"] = self._donor(donor)
        values["model"] = str(settings["model"]["name"])
        return values

    def _donor(self, content: Any) -> tuple[Path | None, str]:
        """The file of the donor and its part; None for one that came from no file."""
        try:
            file, crop = content["file"], str(content["crop"])
        except (LookupError, TypeError):
            raise InputError("a donor that is not described", str(self.path), "Give it.") from None
        return None if file is None else Path(str(file)), crop


def _was_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def map_or_earlier(context: typer.Context, value: Path | None) -> Path | None:
    """Raise InputError when none of --map, --from and --colour is given."""
    given = context.params.get("earlier_report") or context.params.get("colours")
    if value is None and not given:
        raise InputError("missing option '--map'", hint=f"See `{context.command_path} --help`.")
    return value


@dataclass(frozen=True, kw_only=True)
class RepeatOptions:
    """Which edit is repeated."""

    panel: ClassVar[str] = "Sampling"

    earlier_report: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Repeat the edit of this report.json: its settings, seed, part, classes and map, "
            "but for what is given here.",
        ),
    ] = None
    any_model: Annotated[
        bool, typer.Option("--any-model", help="--from may use another model than the report's.")
    ] = False

    def earlier(self, pictures: int) -> EarlierEdit | None:
        """The edit that is repeated, of a single picture."""
        if self.earlier_report is None:
            return None
        if pictures > 1:
            raise InputError("--from with several pictures", hint="Give one picture.")
        return EarlierEdit.open(self.earlier_report)
