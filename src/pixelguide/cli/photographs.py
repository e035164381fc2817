"""What the commands for pictures of any size share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixelguide.bounded_json import load_json
from pixelguide.cli.map_parts import METADATA, known_crop, read_part
from pixelguide.cli.options import PartOptions, points
from pixelguide.cli.told import QuietOptions
from pixelguide.errors import InputError
from pixelguide.terminal import echo

if TYPE_CHECKING:
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.result import Candidate
    from pixelguide.label_files import LabelFile
    from pixelguide.labels import LabelMap, LabelSet
    from pixelguide.photo.framing import Frame, Point
    from pixelguide.photo.photograph import Photograph
    from pixelguide.photo.photograph_files import OutputFormat
    from pixelguide.photo.proposals import Proposal

_DEGREES = {
    "unusual": "note: {name} is a little unlike the pictures that the model was made for "
    "({measured}); edits may be less good.",
    "far": "warning: {name} is unlike the pictures that the model was made for ({measured}); "
    "expect poor edits. Look at the crop, and at the map.",
    "alien": "warning: {name} is nothing that the model knows ({measured}); edits will fail. "
    "Look at the crop, or take another model.",
}


@dataclass(frozen=True)
class MapFile:
    """A label map, and what its file, or the one beside it, says of the part of a photograph it
    shows."""

    label_map: LabelMap
    path: Path
    text: str | None

    @classmethod
    def open(cls, path: Path, labels: LabelSet, snap: float, layer: str | None = None) -> MapFile:
        """Read a map as `LabelMap.load` does."""
        from pixelguide.label_files import LabelFile
        from pixelguide.labels import LabelMap

        file = LabelFile.open(path, layer)
        try:
            label_map = LabelMap.from_file(file, labels, snap)
        except InputError:
            if (name := _category_of(file, labels)) is None:
                raise
            hint = f"Give --model {name}, or a map of this model."
            raise InputError(f"a map in the colours of {name}", path.name, hint) from None
        return cls(label_map, path, file.text(METADATA) or read_part(path))

    @property
    def name(self) -> str:
        """Of its file."""
        return self.path.name

    def frame(self) -> Frame | None:
        """The frame of `part_text`; None where nothing says it any more."""
        from pixelguide.photo.framing import Frame

        if self.text is None:
            return None
        try:
            content = load_json(self.text)["frame"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError("metadata that say no frame", self.name, "Give --crop.") from None
        return Frame.from_json(content, self.name)

    def check_whole(self, size: tuple[int, int], picture: Path) -> None:
        """Raise InputError if this may be the map of a part of a square photograph of `size`:
        these have no label around it."""
        from pixelguide.labels import IGNORE

        ids = self.label_map.ids
        if ids.shape == size[::-1] and (ids == IGNORE).any():
            hint = f"Give --crop x,y,size as for segment, or --crop 0,0,{size[0]} for all of it."
            if known := known_crop(self.path, picture, size):
                hint = "Give --crop {}, as {} says.".format(*known)
            raise InputError(
                "pixels without a label, and nothing that says which part it shows", self.name, hint
            )


def _category_of(file: LabelFile, labels: LabelSet) -> str | None:
    """The built-in category, of other classes than `labels`, whose colours a map has; None of grey
    maps, whose ids fit many."""
    from pixelguide.label_set import LabelSet
    from pixelguide.labels import LabelMap
    from pixelguide.prior.bundle import built_in_models

    if file.image.mode not in ("P", "RGB", "RGBA"):
        return None
    for name, folder in built_in_models().items():
        own = LabelSet.from_json((folder / "labels.json").read_text("utf-8"))
        if own == labels:
            continue
        try:
            LabelMap.from_file(file, own)
        except InputError:
            continue
        return name
    return None


@dataclass(frozen=True)
class PictureFile:
    """A picture and the part of it to edit, checked as far as can be before a model is open."""

    path: Path
    photograph: Photograph
    frame: Frame | None
    eyes: tuple[Point, Point] | None
    shown: MapFile | None

    @classmethod
    def open(cls, path: Path, part: PartOptions, shown: MapFile | None = None) -> PictureFile:
        """The picture at `path` and its part by the options, else by what the map `shown` says."""
        from pixelguide.photo.framing import Frame
        from pixelguide.photo.photograph import Photograph

        if part.eyes is not None and part.crop != "auto":
            raise InputError("--crop and --eyes", hint="Give one of them.")
        eyes = None if part.eyes is None else points("eyes", part.eyes)
        frame: Frame | None = None
        if part.crop != "auto":
            frame = Frame.parse(part.crop)
        elif eyes is None and shown is not None:
            frame = shown.frame()
        photograph = Photograph.open(path)
        if frame is None and eyes is None and shown is not None:
            _check_square(path, photograph, shown)
        return cls(path, photograph, frame, eyes, shown)

    def give(self, editor: Editor, output: OutputFormat = "png") -> None:
        """Make it the picture of `editor`. An RGB picture of the model's size is taken as it is,
        unless options ask for more."""
        from pixelguide.photo.photograph_files import PhotographWriter

        photograph = self.photograph
        whole = self.frame is None and self.eyes is None
        # without alpha, and not grey, which stays so
        plain = photograph.pixels.shape == (editor.size, editor.size, 3)
        if whole and output == "png" and plain and photograph.pixels.itemsize == 1:
            editor.set_image(photograph.pixels)
            return
        PhotographWriter(photograph, output)  # refuses a format before the edit
        if whole and self.shown is None:
            editor.set_image(photograph, crop="auto")
            warn_of_proposals(editor.proposals, self.path.name)
            return
        # a map belongs to the part it was painted for, which a search might miss
        editor.set_image(photograph, crop=self.frame, eyes=self.eyes)
        if whole and self.shown is not None:
            self.shown.check_whole(photograph.size, self.path)


def expanded(images: list[Path]) -> list[Path]:
    """`images` with the files that patterns among them mean, in order of their names. Raises
    InputError for a pattern that fits no file."""
    found: list[Path] = []
    for image in images:
        is_pattern = any(mark in str(image) for mark in "*?[") and not image.exists()
        matching = sorted(map(Path, glob(str(image), recursive=True))) if is_pattern else [image]
        if not matching:
            raise InputError("no file fits", str(image), "Check the pattern.")
        found += matching
    return found


def named(images: list[Path], part: PartOptions) -> list[tuple[Path, str]]:
    """Each picture with the name that its results carry: "" for a single one, else that of its
    file. Raises InputError for two of one name, and for --eyes, which are of one picture."""
    if len(images) == 1:
        return [(images[0], "")]
    if part.eyes is not None:
        raise InputError("--eyes with several pictures", hint="Give --crop, or one picture.")
    seen: dict[str, Path] = {}
    for image in images:
        if (other := seen.setdefault(image.stem, image)) != image:
            raise InputError("two pictures of one name", f"{other} and {image}", "Rename one.")
    return [(image, image.stem) for image in images]


def check_labels(model: str) -> LabelSet:
    """The classes of a model, which is looked at but not opened. Raises as `ModelFolder.open`."""
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.prior.public.fetched import fetched
    from pixelguide.segment.model_labels import load_labels

    return load_labels(ModelFolder.open(fetched(model)))


def warn_of_proposals(proposals: Sequence[Proposal], name: str, option: str = "--crop") -> None:
    """Say on standard error which other faces there are in the picture called `name`, for `option`,
    and what is wrong with the one that was taken."""
    taken, *others = proposals
    if others:
        crops = "; ".join(f"{option} {other.frame}" for other in others)
        echo(f"{name}: the largest of {len(others) + 1} faces; the others: {crops}", err=True)
    for warning in taken.warnings():
        echo(f"warning: {name}: {warning}.", err=True)


def warn_of_unfamiliar(editor: Editor, name: str) -> None:
    """Say on standard error how far the picture `name` is from what the model was made for, if it
    is unusual."""
    if not editor.statistics.pictures:
        return  # the model does not say what is usual
    found = editor.familiarity()
    if found.degree == "usual":
        return
    measured = ", ".join(
        f"{measure} {getattr(found, measure):.3g}, usual up to {found.limits[measure]:.3g}"
        for measure in found.far
    )
    echo(_DEGREES[found.degree].format(name=name, measured=measured), err=True)


def warn_of_untuned(editor: Editor, model: str, told: QuietOptions) -> None:
    """Say on standard error that `model` has no settings of its own; not with --quiet."""
    if not (editor.has_own_settings or told.quiet):
        echo(
            f"note: {model} has no settings of its own, and is edited with the paper's. "
            f"`pixelguide tune {model} LABELLED` chooses some.",
            err=True,
        )


def warn_of_map(label_map: LabelMap, name: str) -> None:
    """Say on standard error what is to be known of the map that was read from a file."""
    for note in label_map.origin.notes if label_map.origin else ():
        echo(f"warning: {name}: {note}.", err=True)


def warn_of_loss(candidate: dict[str, Any]) -> None:
    """Say on standard error what a lossy file changed outside the ROI."""
    if largest := candidate.get("largest_change_outside"):
        echo(
            f"warning: {candidate['file']} is a JPEG, which stores no pixel exactly: outside the "
            f"region they differ by up to {largest} of 255. --format png keeps them.",
            err=True,
        )


def _check_square(path: Path, photograph: Photograph, shown: MapFile) -> None:
    """Raise InputError for a picture that is no square, when its map does not say which part it
    shows: none is looked for, which might be another."""
    width, height = size = photograph.size
    if width == height:
        return
    hint = "Say which part to edit: --crop x,y,size or, for faces, --eyes x1,y1,x2,y2."
    if known := known_crop(shown.path, path, size):
        hint = f"{shown.name} does not say which part it shows: give --crop {known[0]}, as "
        hint += f"{known[1]} says."
    raise InputError(f"{width}×{height} pixels are no square", path.name, hint)


def warn_of_unlikely(candidates: Sequence[Candidate]) -> None:
    """Say on standard error when no candidate looks like the category's pictures."""
    if all(candidate.unlikely for candidate in candidates):
        echo(
            "warning: all candidates are unlikely: in the region they are unlike what the model "
            "knows. Look at the region (--dry-run), paint less or where the map was wrong, or try "
            "another --seed, more candidates (-n) or a lower --scale.",
            err=True,
        )
