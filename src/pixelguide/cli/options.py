"""Options that several commands share, in groups, and how their values are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast, get_args

import typer

from pixelguide.errors import InputError
from pixelguide.files import check_writable

if TYPE_CHECKING:
    import torch

    from pixelguide.checked import Checked
    from pixelguide.labels import LabelSet
    from pixelguide.photo.photograph_files import OutputFormat
    from pixelguide.prior.kernels.options import InferenceOptions

DEFAULT_MODEL = "portraits-64"
Labels = Annotated[
    str | None,
    typer.Option("--labels", help="Classes to use: labels.json or a built-in set (ffhq_34 …)."),
]
Snap = Annotated[
    float, typer.Option(min=0, max=441, help="Take colours so far off for the nearest class.")
]
Layer = Annotated[
    str | None,
    typer.Option(
        "--layer", help="Layer of an OpenRaster --map; default: 'Label map', or the only one."
    ),
]


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Where it is computed."""

    panel: ClassVar[str] = "Model and device"

    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps …")] = "auto"


@dataclass(frozen=True, kw_only=True)
class ModelOptions(DeviceOptions):
    """With which model, and where."""

    model: Annotated[str, typer.Option(help="Built-in or pulled name, or a folder.")] = (
        DEFAULT_MODEL
    )


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """How the network is run."""

    panel: ClassVar[str] = DeviceOptions.panel

    precision: Annotated[str, typer.Option(help="Of the network: fp32, bf16, auto.")] = "fp32"
    compile: Annotated[
        bool, typer.Option("--compile", help="torch.compile: slow once, faster from then on.")
    ] = False
    graphs: Annotated[
        bool, typer.Option("--graphs", help="On a CUDA GPU: record passes, and replay them.")
    ] = False

    def inference(self, device: torch.device, plain: bool = False) -> InferenceOptions:
        """These as the package takes them. Raises InputError for an unknown precision."""
        from pixelguide.prior.kernels.options import InferenceOptions, choose_precision

        precision = choose_precision(self.precision, device)
        return InferenceOptions(precision, self.compile, plain, self.graphs)


@dataclass(frozen=True, kw_only=True)
class PartOptions:
    """The part of a picture that is edited."""

    panel: ClassVar[str] = "Picture"

    crop: Annotated[
        str,
        typer.Option(
            help="Part to edit: x,y,size in pixels (,angle in degrees), or auto: as the map says, "
            "else the largest face (extra 'faces'), else what looks like the model's pictures.",
        ),
    ] = "auto"
    eyes: Annotated[
        str | None,
        typer.Option(help="Both eyes, x1,y1,x2,y2 in pixels: the part is chosen by them."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PictureOptions(PartOptions):
    """The picture, and the part of it that is edited."""

    image: Annotated[Path, typer.Argument(help="Picture of any size.")]


@dataclass(frozen=True, kw_only=True)
class PicturesOptions(PartOptions):
    """The pictures, and the part of each that is edited."""

    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE...",
            help="Pictures of any size, or patterns such as 'faces/*.png'.",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class CandidateOptions:
    """How many results, and of which noise."""

    panel: ClassVar[str] = "Sampling"

    num_images: Annotated[int, typer.Option("-n", help="Candidates, 1 … 64.")] = 4
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same bytes.")] = 0


@dataclass(frozen=True, kw_only=True)
class FolderOutput:
    """Where results go."""

    panel: ClassVar[str] = "Output"

    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")]
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="An earlier result there may go; else it is an error."),
    ] = False

    def check(self, folder: Path) -> None:
        """Raise InputError where nothing can be written, or an earlier result is not to go."""
        from pixelguide.edit.result_folder import check_unused

        check_writable(folder)
        if not self.overwrite:
            check_unused(folder, "Choose another, or --overwrite it.")


@dataclass(frozen=True, kw_only=True)
class PictureOutput(FolderOutput):
    """Where pictures go, and as which files."""

    format: Annotated[str, typer.Option(help="Of the pictures: png, same, jpeg, webp or tiff.")] = (
        "png"
    )
    sheet: Annotated[
        bool, typer.Option("--sheet", help="sheet.png too: all candidates, with their scores.")
    ] = False

    def file_format(self) -> OutputFormat:
        """The format of --format. Raises InputError for an unknown one."""
        from pixelguide.photo.photograph_files import OutputFormat

        if self.format not in get_args(OutputFormat):
            hint = f"Give {', '.join(get_args(OutputFormat))}."
            raise InputError(f"--format {self.format}", hint=hint)
        return cast("OutputFormat", self.format)


_OPTIONS = {
    "num_images": "-n",
    "num_frames": "-n",
    "num_inference_steps": "--steps",
    "start_timestep": "--start",
    "guidance_scale": "--scale",
}
"""Of settings whose option is not called as they are."""


def checked(settings: type[Checked], **values: Any) -> dict[str, Any]:
    """`values`, numbers perhaps as text, as the fields of `settings`; InputError naming the
    option that is wrong, and what it may be."""

    def option(field: str) -> str:
        return _OPTIONS.get(field, "--" + field.replace("_", "-"))

    return settings.check("", values, option).model_dump()


def numbers(name: str, text: str, kind: type[int] | type[float] = int) -> tuple[Any, ...]:
    """Numbers by commas; InputError naming the option for anything else."""
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        wanted = "whole numbers" if kind is int else "numbers"
        raise InputError(f"--{name} {text}", hint=f"Give {wanted} by commas.") from None


def points(name: str, text: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two points by commas, x1,y1,x2,y2; InputError naming the option for anything else."""
    try:
        x1, y1, x2, y2 = map(float, text.split(","))
    except ValueError:
        raise InputError(f"--{name} {text}", hint="Give four numbers: x1,y1,x2,y2.") from None
    return (x1, y1), (x2, y2)


def names(name: str, text: str) -> list[str]:
    """Names of classes by commas; InputError naming the option where there are none."""
    found = [part.strip() for part in text.split(",")]
    if not any(found):
        raise InputError("no class named", f"--{name}", "Give names by commas.")
    return found


def label_set(text: str) -> LabelSet:
    """A built-in label set by its name, or the one in a file."""
    from pixelguide.annotations import built_in_label_sets
    from pixelguide.labels import LabelSet

    known = built_in_label_sets()
    if text in known:
        return known[text]
    try:
        return LabelSet.from_json(Path(text).read_text("utf-8-sig"), text)
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "no such label set", text, f"Give a labels.json or one of {', '.join(known)}."
        ) from None
