"""Fuzzing by atheris, told by coverage: `python -m faults.fuzz map|project|annotations CORPUS …`.

What a reader raises that is no error of ours ends the run, and the input is kept. The corpus grows
in CORPUS and is begun with sound files; further arguments are libFuzzer's. How many runs there were
is added to out/faults.txt. Not run by pytest: it needs atheris, which `make test-faults` installs.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import atheris  # type: ignore[import-not-found]

# atheris names every module there
with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["pixelguide"]):
    from pixelguide.annotations import Interpretation, read_annotations
    from pixelguide.errors import PixelguideError
    from pixelguide.label_files import LabelFile
    from pixelguide.labels import LabelMap, LabelSet
    from pixelguide.studio.project_zip import ProjectZip

FIGURES = Path(__file__).parents[2] / "out" / "faults.txt"
LABELS = LabelSet(("sky", "grass", "house"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))


def read_map(content: bytes) -> None:
    """A label map, exact and snapped."""
    for snap in (0, 60):
        LabelMap.from_file(LabelFile.decode(content, "map"), LABELS, snap)


def read_project(content: bytes) -> None:
    """A project; what is no zip is taken for its project.json."""
    if not content.startswith(b"PK"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("project.json", content)
        content = buffer.getvalue()
    ProjectZip(content).project()


def read_set(content: bytes) -> None:
    """A JSON or XML file of any tool, beside nothing."""
    name = "annotations.xml" if content.lstrip()[:1] == b"<" else "annotations.json"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        for picture in read_annotations(Path(folder), how=Interpretation()).pictures:
            picture.load()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "map": read_map, "project": read_project, "annotations": read_set,
}  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """Sound files to begin with."""
    if target == "map":
        import numpy as np

        buffer = io.BytesIO()
        LabelMap(np.zeros((4, 4), np.uint8), LABELS).to_image().save(buffer, "PNG")
        return [buffer.getvalue()]
    if target == "project":
        content = {
            "name": "x", "model": {}, "size": 32, "labels": {}, "versions": [], "edits": {},
            "state": {},
        }  # fmt: skip
        return [json.dumps(content).encode()]
    coco = {
        "images": [{"id": 1, "width": 4, "height": 4, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 3, 0, 3, 3]]}],
    }
    labelme = {
        "imagePath": "a.png", "imageData": None, "imageHeight": 4, "imageWidth": 4,
        "shapes": [{"label": "a", "points": [[0, 0], [3, 0], [3, 3]], "shape_type": "polygon"}],
    }  # fmt: skip
    cvat = (
        '<annotations><version>1.1</version><image id="0" name="a.png" width="4" height="4">'
        '<polygon label="a" points="0,0;3,0;3,3"/></image></annotations>'
    )
    return [json.dumps(coco).encode(), json.dumps(labelme).encode(), cvat.encode()]


def main() -> None:
    """Fuzz a target."""
    name, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(content)

    counted = mmap.mmap(-1, 8)  # shared with the process below
    began = time.monotonic()
    if pid := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        seconds, runs = time.monotonic() - began, int.from_bytes(counted[:], "little")
        line = (
            f"fuzzing of {name}: {runs} runs in {seconds:.0f} s, {runs / seconds:.0f} a second, "
            f"corpus of {len([*corpus.iterdir()])} files"
        )
        print(line)  # noqa: T201
        FIGURES.parent.mkdir(exist_ok=True)
        with FIGURES.open("a") as file:
            file.write(line + "\n")
        sys.exit(code)
    runs = 0

    def test_one(content: bytes) -> None:
        nonlocal runs
        runs += 1
        counted[:] = runs.to_bytes(8, "little")
        try:
            TARGETS[name](content)
        except PixelguideError as error:
            assert str(error).isprintable()  # noqa: PT017

    warnings.simplefilter("ignore")
    atheris.Setup([sys.argv[0], str(corpus), *sys.argv[3:]], test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
