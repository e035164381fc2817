"""A category of real faces: from a folder of photographs and 20 label maps to edited pictures.

    python -m recipes.faces PICTURES LABELLED OUT [--size 64] [--images 2000000] [--device auto]

PICTURES: a folder, or a tar file, of photographs of faces, all framed alike. LABELLED: about 20
others in that framing, NAME.png with NAME_label.png, and labels.json in it or beside it.

Trains OUT/faces-SIZE (prior, then classifiers), reads every labelled picture by classifiers that
have not seen it, and edits faces that the prior makes up: OUT/edits.png. Every step goes on where
it was when the command is repeated. recipes/faces.md has the figures.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.contact_sheet import contact_sheet
from pixelguide.images import save_png
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.sampling import sample
from pixelguide.prior.schedule import Schedule
from pixelguide.seeds import generator
from recipes.face_maps import EDITS


def gather(pictures: Path, labelled: Path, out: Path) -> tuple[Path, Path]:
    """Folders to train on: `pictures`, unpacked if it is a tar file, and a copy of `labelled` with
    its labels.json. What is there already stays."""
    folder, copy = out / "pictures", out / "labelled"
    if pictures.is_dir():
        folder = pictures
    elif not folder.exists():
        partial = out / ".pictures"
        with tarfile.open(pictures) as archive:
            archive.extractall(partial, filter="data")
        partial.rename(folder)
    if not copy.exists():
        names = next(
            (path for path in (labelled, labelled.parent) if (path / "labels.json").exists()), None
        )
        if names is None:
            raise InputError("labels.json is missing", str(labelled), "Put it beside the maps.")
        partial = out / ".labelled"
        shutil.copytree(labelled, partial, dirs_exist_ok=True, copy_function=shutil.copyfile)
        shutil.copyfile(names / "labels.json", partial / "labels.json")
        partial.rename(copy)
    return folder, copy


def commands(
    pictures: Path, labelled: Path, model: Path, size: int, images: int, device: str
) -> list[list[str]]:
    """The three commands of the recipe, as `python -m` takes them."""
    widths = {32: "32,64,128", 64: "32,64,128,224", 128: "32,48,96,160,192"}
    if size not in widths:
        raise InputError(f"size {size}", "size", f"Known here: {', '.join(map(str, widths))}.")
    on_gpu = device != "cpu" and torch.cuda.is_available()
    batches = (
        ["--batch-size", "128", "--learning-rate", "5e-4", "--mixed-precision", "bf16"]
        if on_gpu
        else ["--batch-size", "16", "--learning-rate", "4e-4"]
    )
    return [
        [
            *("pixelguide", "train", "prior", str(pictures), "-o", str(model)),
            *("--size", str(size), "--channels", widths[size], "--images", str(images)),
            *(*batches, "--device", "auto" if on_gpu else "cpu"),
        ],
        [
            *("pixelguide", "train", "classifiers", str(labelled)),
            *("--model", str(model), "-o", str(model), "--device", device),
        ],
        ["benchmarks.cross_validate", str(labelled), "--model", str(model), "--device", device],
    ]


def invented_faces(model: Path, count: int, device: str, seed: int = 0) -> NDArray[np.uint8]:
    """Faces of nobody: samples of the prior, uint8 N×S×S×3."""
    folder = ModelFolder.open(model)
    unet = folder.unet().to(device)
    noise = torch.randn(
        count, 3, *(unet.config.sample_size,) * 2, generator=generator(seed, "faces")
    )
    return sample(unet, Schedule.from_scheduler(folder.scheduler()), noise.to(device), steps=100)


def edited_faces(
    editor: Editor, faces: Sequence[NDArray[np.uint8]], edits: Sequence[str], num_images: int = 4
) -> NDArray[np.uint8]:
    """A contact sheet: each face with its map, each of `edits` as map and as best candidate."""
    rows = []
    for number, face in enumerate(faces):
        editor.set_image(face)
        known = editor.segment()
        for name in edits:
            target = EDITS[name](known)
            if np.array_equal(target.ids, known.ids):
                continue  # this face does not show the part
            # brows are labelled as hair, all of which eq. 7 would put into the region
            roi = "changed" if name == "raise brows" else "classes"
            result = editor.edit(target, source=known, roi=roi, num_images=num_images)
            best = result.best
            pictures = [
                (face, ""),
                (known.colour(), ""),
                (target.colour(), ""),
                (best.image, f"accuracy {best.roi_accuracy:.2f}"),
            ]
            rows.append((f"{number}: {name}", pictures))
    if not rows:
        raise InputError("no face shows a part to edit", "faces", "Train the prior further.")
    return contact_sheet(("face", "its map", "repainted", "edited"), rows, magnify=2)


def main() -> None:
    """Gather, train, measure, edit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--images", type=int, default=2_000_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--faces", type=int, default=8, help="made up, to edit")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    pictures, labelled = gather(arguments.pictures, arguments.labelled, arguments.out)
    model = arguments.out / f"faces-{arguments.size}"
    prior, classifiers, measure = commands(
        pictures, labelled, model, arguments.size, arguments.images, arguments.device
    )
    for command in (prior, classifiers, measure):
        if command is classifiers and (model / "guide").exists():
            continue
        sys.stdout.write(f"python -m {' '.join(command)}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", *command], check=True)  # noqa: S603
    editor = Editor.from_pretrained(model, arguments.device)
    faces = invented_faces(model, arguments.faces, str(editor.denoiser.device))
    save_png(arguments.out / "edits.png", edited_faces(editor, list(faces), list(EDITS)))
    sys.stdout.write(f"{arguments.out / 'edits.png'}\n")


if __name__ == "__main__":
    main()
