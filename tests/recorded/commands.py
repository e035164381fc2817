"""Twenty commands as a user types them, and what is kept of what they write.

    python -m recorded.commands FOLDER      (in tests/) records them into FOLDER

Run there in this order, all on the built-in model, on pictures that the first ones draw. What does
not depend on floating point must be the same to the last byte. Label maps and pictures come from a
network, whose last bits depend on the processor: what of them may differ,
`test_recorded_commands.py` says.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COMMANDS: dict[str, str] = {
    "version": "--version",
    "portraits": "portraits faces --count 4 --seed 1000",
    "portraits with labels": "portraits labelled --count 3 --seed 5 --with-labels",
    "models": "models",
    "models show": "models show portraits-64",
    "models verify": "models verify portraits-64",
    "labels check": "labels check labelled",
    "labels check json": "labels check labelled --json",
    "labels convert": "labels convert labelled coco --to coco",
    "segment": "segment faces/000003.png -o map.png",
    "segment a part": "segment photo.png -o part.png --crop 10,20,100",
    "segment full size": "segment photo.png -o whole.png --full-size",
    "edit": "edit faces/000003.png --map painted.png -n 2 --seed 0 -o edit",
    "edit by the paper": "edit faces/000003.png --map painted.png -n 1 --schedule paper "
    "--start-from inversion --steps 6 --inversion-steps 6 --start 300 --scale 100 -o paper",
    "edit a photograph": "edit photo.png --map whole-painted.png -n 1 -o photograph",
    "edit as JPEG": "edit photo.png --map whole-painted.png -n 1 --format jpeg -o jpeg",
    "inpaint": "inpaint faces/000001.png --mask mask.png -n 1 --steps 6 -o inpaint",
    "interpolate": "interpolate faces/000003.png edit/00.png -n 3 --steps 6 -o between",
    "a missing map": "edit faces/000003.png --map nowhere.png -o none",
    "a wrong option": "edit faces/000003.png --map painted.png --steps many -o none",
}
PAINTED = {"segment": ("map.png", "painted.png", 1), "segment full size": (
    "whole.png", "whole-painted.png", 2)}  # fmt: skip
"""After these the map is painted: a mouth of teeth, in pixels of so many."""
TEETH = 13


def run_all(folder: Path) -> dict[str, Any]:
    """Run every command in `folder`, which is empty, and describe what each said and wrote."""
    found: dict[str, Any] = {}
    with contextlib.chdir(folder):
        seen: set[str] = set()
        for name, line in COMMANDS.items():
            if name == "segment a part":
                _draw_photograph()
            code, out, err = run_one(line.split())
            found[name] = {"code": code, "out": _plain(out), "err": _plain(err), "files": {}}
            for path in sorted(Path().rglob("*")):
                if path.is_file() and str(path) not in seen:
                    seen.add(str(path))
                    found[name]["files"][str(path)] = describe(path)
            if name in PAINTED:
                _paint(*PAINTED[name])
                seen.add(PAINTED[name][1])
    return found


def run_one(arguments: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line."""
    from pixelguide.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            return int(ended.code or 0), out.getvalue(), _without_progress(err.getvalue())
    raise AssertionError("main returned")


def describe(path: Path) -> Any:
    """What is kept of a file: pixels of pictures, JSON, else a hash."""
    if path.suffix in (".png", ".jpg", ".jpeg"):
        with Image.open(path) as image:
            mode, pixels = image.mode, np.asarray(image)
        return {"mode": mode, "pixels": pixels}
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save(found: dict[str, Any], folder: Path) -> None:
    """Write what `run_all` found: text as JSON, pixels in one compressed file."""
    arrays: dict[str, NDArray[Any]] = {}

    def kept(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays[f"a{len(arrays)}"] = value
            return {"array": f"a{len(arrays) - 1}"}
        if isinstance(value, dict):
            return {key: kept(own) for key, own in value.items()}
        return value

    text = json.dumps(kept(found), indent=1, ensure_ascii=False, sort_keys=True)
    folder.mkdir(exist_ok=True)
    (folder / "recorded.json").write_text(text + "\n", encoding="utf-8")
    np.savez_compressed(folder / "recorded.npz", allow_pickle=False, **arrays)


def load(folder: Path) -> dict[str, Any]:
    """What `save` wrote."""
    content = json.loads((folder / "recorded.json").read_text(encoding="utf-8"))
    with np.load(folder / "recorded.npz", allow_pickle=False) as arrays:

        def filled(value: Any) -> Any:
            if isinstance(value, dict):
                if set(value) == {"array"}:
                    return arrays[value["array"]]
                return {key: filled(own) for key, own in value.items()}
            return value

        result: dict[str, Any] = filled(content)
        return result


def _draw_photograph() -> None:
    """A photograph with a portrait in it, 130×150, from pixels that no rounding touches."""
    with Image.open("faces/000002.png") as face:
        large = face.convert("RGB").resize((128, 128), Image.Resampling.NEAREST)
    whole = Image.new("RGB", (128, 128), (90, 110, 130))
    whole.paste(large)
    whole.save("photo.png")
    mask = np.zeros((64, 64), np.uint8)
    mask[20:30, 10:54] = 255
    Image.fromarray(mask).save("mask.png")


def _paint(map_file: str, painted: str, scale: int) -> None:
    with Image.open(map_file) as image:
        ids, palette = np.array(image), image.getpalette()
    ids[44 * scale : 47 * scale, 27 * scale : 38 * scale] = TEETH
    image = Image.fromarray(ids)
    image.putpalette(palette or [])
    image.save(painted)


def _without_progress(text: str) -> str:
    """What is said however fast the machine is."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("progress: "))


def _plain(text: str) -> str:
    """Without what is true of one machine only: folders, and how lines are broken to fit."""
    text = text.replace(os.getcwd(), ".")
    text = re.sub(r"[^\s\"]*/pixelguide/models", "MODELS", text)
    return " ".join(text.split())


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        save(run_all(Path(place)), Path(sys.argv[1]))
