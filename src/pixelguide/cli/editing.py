"""`edit`: from a picture and its map to an edited picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelguide.cli.donating import DonorOptions, open_donor
from pixelguide.cli.grouping import grouped
from pixelguide.cli.map_options import MapOptions
from pixelguide.cli.options import (
    CandidateOptions,
    ModelOptions,
    NetworkOptions,
    PartOptions,
    PictureOutput,
    PicturesOptions,
    checked,
    names,
)
from pixelguide.cli.photographs import (
    MapFile,
    PictureFile,
    check_labels,
    expanded,
    named,
    warn_of_loss,
    warn_of_map,
    warn_of_unfamiliar,
    warn_of_unlikely,
    warn_of_untuned,
)
from pixelguide.cli.region_options import RegionOptions, may_change
from pixelguide.cli.repeating import RepeatOptions
from pixelguide.cli.sheets import write_edit_sheet
from pixelguide.cli.told import ToldOptions, kept_results, naming, saying_what_is_kept
from pixelguide.errors import InputError
from pixelguide.files import write_atomically

if TYPE_CHECKING:
    from pixelguide.edit.donor import Donor
    from pixelguide.edit.editor import Editor
    from pixelguide.labels import LabelMap, LabelSet


JobInputs = tuple[PictureFile, MapFile | None, "LabelMap | None"]
"""A picture, its map after painting, and the one before."""


@dataclass(frozen=True)
class EditJob:
    """One picture, its maps, and where its results go."""

    image: Path
    out: Path
    target: Path | None
    source: Path | None

    def read(self, labels: LabelSet, part: PartOptions, maps: MapOptions) -> JobInputs:
        """The picture, the map after painting and the one before, if there are any. Raises
        InputError if one of them cannot be used."""
        painted = source = None
        if self.target is not None:
            painted = MapFile.open(self.target, labels, maps.snap, maps.layer)
        if self.source is not None:
            source = MapFile.open(self.source, labels, maps.snap).label_map
        return PictureFile.open(self.image, part, painted), painted, source


@dataclass(frozen=True, kw_only=True)
class EditSampling(CandidateOptions):
    """How the candidates are sampled; the fields are those of `EditSettings`."""

    schedule: Annotated[
        str,
        typer.Option(help="brief, fast; paper: 50 steps each way, ddpm; auto: by start and size."),
    ] = "auto"
    num_inference_steps: Annotated[
        str, typer.Option("--steps", help="Guided steps from t0, 2 … 1000, or auto.")
    ] = "auto"
    inversion_steps: Annotated[
        str, typer.Option(help="Steps from the picture to t0, 2 … 1000, or auto.")
    ] = "auto"
    start_from: Annotated[
        str, typer.Option(help="inversion of the picture, its noised colours, or auto.")
    ] = "auto"
    start_timestep: Annotated[
        str, typer.Option("--start", help="t0, 2 … 1000; auto: by edit size.")
    ] = "auto"
    guidance_scale: Annotated[
        str, typer.Option("--scale", help="Guidance, 0 or more; auto: by the size.")
    ] = "auto"
    guidance_unit: Annotated[
        str,
        typer.Option(
            help="What --scale multiplies: gradient (eq. 9), noise (2 … 4 for any model), or "
            "auto: the model's own for its own scale, else gradient."
        ),
    ] = "auto"
    sampler: Annotated[
        str, typer.Option(help="auto, ddpm (eq. 9), ddim, sde, sde-2m or dpm-2m.")
    ] = "auto"
    temperature: Annotated[
        str, typer.Option(help="Of all noise, 0 … 2: lower is calmer, 1 the sampler's; or auto.")
    ] = "auto"
    max_passes: Annotated[
        str,
        typer.Option(
            help="Passes per candidate up to which an edit that falls short of its map is made "
            "again, 1 … 10000, or auto: 4 times one's."
        ),
    ] = "auto"
    strength: Annotated[
        float, typer.Option(help="Share of the change that is let through, 0 … 1.")
    ] = 1.0
    rank: Annotated[
        str,
        typer.Option(help="Best first by likely (the map, and what is usual) or agreement alone."),
    ] = "likely"
    detail: Annotated[
        bool, typer.Option(help="Paint detail finer than the model's pixels into photographs.")
    ] = True


@dataclass(frozen=True, kw_only=True)
class EditOutput(PictureOutput):
    """Where the edit goes, and as which files."""

    open_raster: Annotated[
        bool, typer.Option("--open-raster", help="edit.ora too: layers for Krita and GIMP.")
    ] = False


@grouped
def edit(
    pictures: PicturesOptions,
    maps: MapOptions,
    region: RegionOptions,
    donated: DonorOptions,
    sampling: EditSampling,
    repeated: RepeatOptions,
    output: EditOutput,
    told: ToldOptions,
    model: ModelOptions,
    network: NetworkOptions,
    context: typer.Context,
) -> None:
    """Edit pictures by their repainted label maps."""
    from pixelguide.edit.result_folder import check_apart
    from pixelguide.edit.settings import EditSettings

    output.file_format()  # refused before work
    named_pictures = named(expanded(pictures.images), pictures)
    earlier = repeated.earlier(len(named_pictures))
    if earlier:
        region, sampling = earlier.filled(region, context), earlier.filled(sampling, context)
        pictures, model = earlier.filled(pictures, context), earlier.filled(model, context)
        donated = earlier.filled(donated, context)
    donor_file = donated.file(has_map=maps.target is not None or earlier is not None)
    classes = names("classes", region.classes) if region.classes is not None else None
    settings = checked(
        EditSettings, **vars(sampling), roi=region.roi, dilation=region.dilation,
        colours=region.wanted_colours(),
    )  # fmt: skip
    jobs = [
        EditJob(image, output.out / name, maps.target_of(name, earlier), maps.source_of(name))
        for image, name in named_pictures
    ]
    labels = check_labels(model.model)
    try:
        labels.ids(settings["colours"])
    except InputError as error:
        raise InputError(error.what, "--colour", error.hint) from None
    if earlier:
        earlier.check_model(model.model, repeated.any_model)
    given: JobInputs | None = None
    for job in jobs:  # all that can be told before a model is opened, which takes longest
        output.check(job.out)
        check_apart(job.image, job.out)
        given = job.read(labels, pictures, maps)

    from pixelguide.devices import choose_device
    from pixelguide.edit.editor import Editor

    device = choose_device(model.device)
    editor = Editor.from_pretrained(model.model, device, network.inference(device))
    donor = open_donor(editor, donor_file)
    done: list[EditJob] = []
    with saying_what_is_kept(lambda: kept_results([job.out for job in done])):
        for job in jobs:
            with naming(
                map=job.target, source_map=job.source, crop=job.image, editor=job.image,
                donor=donated.donor,
            ):  # fmt: skip
                if given is None or len(jobs) > 1:  # many would not fit into memory
                    given = job.read(editor.labels, pictures, maps)
                saved = _edit_one(
                    job, given, editor, (region, output, told), donor, classes, settings
                )
            if earlier and maps.target is None and maps.source_map is None:
                earlier.warn_of_region(saved)
            done.append(job)
    if settings["start_timestep"] == "auto" or settings["guidance_scale"] == "auto":
        warn_of_untuned(editor, model.model, told)


def _edit_one(
    job: EditJob,
    given: JobInputs,
    editor: Editor,
    options: tuple[RegionOptions, EditOutput, ToldOptions],
    donor: Donor | None,
    classes: list[str] | None,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Edit a picture and write its results; return the report."""
    region, output, told = options
    file_format = output.file_format()
    picture, painted, source = given
    target = None
    if painted:
        target = painted.label_map
        warn_of_map(painted.label_map, painted.name)
    if job.source and source:
        warn_of_map(source, job.source.name)
    picture.give(editor, file_format)
    if region.dry_run:
        dry = editor.dry_run(target, source=source, edit_classes=classes, donor=donor, **settings)
        saved = dry.save(job.out)
        told.result(f"{job.out / 'preview.png'}: {may_change(saved)}", job.out, saved)
        return saved
    warn_of_unfamiliar(editor, job.image.name)
    with told.progress() as report:
        result = editor.edit(
            target, source=source, edit_classes=classes, on_progress=report, donor=donor, **settings
        )
    saved = result.save(job.out, file_format, output.overwrite)
    if output.open_raster:
        write_atomically(job.out / "edit.ora", result.open_raster())
    if output.sheet:
        write_edit_sheet(job.out / "sheet.png", result)
    best = result.best
    candidate = saved["candidates"][best.index]
    warn_of_loss(candidate)
    warn_of_unlikely(result.candidates)
    told.result(
        f"{job.out / candidate['file']}: ROI accuracy {best.roi_accuracy:.3f}, best of "
        f"{len(result.candidates)}; {candidate['changed_pixels_outside']} pixels changed outside "
        f"the ROI. May change: {may_change(saved)}",
        job.out,
        saved,
    )
    return saved
