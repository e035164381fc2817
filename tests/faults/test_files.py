"""1,000 mutations of weights, states, JSON, arrays and zips; hostile folders and checkpoints."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel

from faults.battery import SHARES, Figures
from faults.mutations import mutations
from model_folders import without_manifest
from pixelguide.annotations.datasetddpm import read_ids
from pixelguide.annotations.source import open_source
from pixelguide.edit.editor import Editor
from pixelguide.errors import PixelguideError
from pixelguide.prior.adm.torch_files import read_state_dict
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.checkpoint import NAME, load_checkpoint
from pixelguide.prior.safe import load_weights, read_tensors
from pixelguide.studio.project_zip import ProjectZip

Record = Callable[[str, object], None]


class Trap:
    """Makes a folder when it is unpickled: harmless, and seen."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def array(*arrays: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    if len(arrays) == 1:
        np.save(buffer, arrays[0])
    else:
        np.savez(buffer, *arrays)
    return buffer.getvalue()


def _project() -> bytes:
    content: dict[str, Any] = {
        "format": "pixelguide-project", "version": 1, "name": "x", "model": {}, "size": 32,
        "labels": {}, "versions": [], "edits": {}, "origins": {}, "state": {"a": [1, 2.5, None]},
    }  # fmt: skip
    return zipped(project__json=json.dumps(content).encode())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_mutations_of_files(
    share: int, tmp_path: Path, tiny_unet: UNet2DModel, model_folder: Path, category: Path,
    record: Record,
) -> None:  # fmt: skip
    figures = Figures("mutations of safetensors, JSON, pt, npy, npz and zip")
    without_manifest(model_folder)
    without_manifest(category)
    weights = model_folder / "unet" / WEIGHTS
    state = tiny_unet.state_dict()
    small = dict(list(state.items())[:4])
    kinds: dict[Path, tuple[bytes, Callable[[Path], object]]] = {
        weights: (
            weights.read_bytes(), lambda p: load_weights(tiny_unet, read_tensors(p), p.name),
        ),
        tmp_path / "a.pt": (saved(small), read_state_dict),
        tmp_path / "a.npy": (array(np.ones((9, 7), np.int32)), read_ids),
        tmp_path / "a.npz": (
            array(np.ones(3), np.ones(4)),
            lambda p: [open_source(p).read(n) for n in open_source(p).names],
        ),
        tmp_path / "a.zip": (
            zipped(labels__json=b"{}", a__png=bytes(99)),
            lambda p: [open_source(p).read(n) for n in open_source(p).names],
        ),
        tmp_path / "project.zip": (_project(), lambda p: ProjectZip(p.read_bytes()).project()),
    }  # fmt: skip
    folder = ModelFolder.open(model_folder)
    for name in ("unet/config.json", "scheduler/scheduler_config.json", "model_index.json"):
        path = model_folder / name
        kinds[path] = (path.read_bytes(), lambda p: (folder.shape(), folder.schedule()))
    for name in ("segmenter/config.json", "labels.json"):
        path = category / name
        kinds[path] = (path.read_bytes(), lambda p: Editor.from_pretrained(category, "cpu"))
    each = 1000 // len(kinds) // share + 1
    for number, (path, (content, read)) in enumerate(kinds.items()):
        for what, data in mutations(content, each, 100 + number):
            path.write_bytes(data)
            figures.run(f"{path.name} {what}", lambda read=read, path=path: read(path))  # type: ignore[misc]
        path.write_bytes(content)
    figures.check(record)


def traps(marker: Path) -> dict[str, bytes]:
    """Pickles of all protocols, alone and in torch's files, that would make a folder."""
    trap = Trap(marker)
    found = {f"protocol {k}": pickle.dumps(trap, protocol=k) for k in range(6)}
    found["torch"] = saved({"weight": trap})
    found["torch state"] = saved({"state_dict": {"weight": torch.ones(2), "x": trap}})
    found["behind a header"] = (8).to_bytes(8, "little") + b"{}      " + pickle.dumps(trap)
    found["array of objects"] = array(np.array([trap], object))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_no_payload_runs(share: int, tmp_path: Path, category: Path, record: Record) -> None:
    """Under every name that a folder may have, and as every file that a command is given."""
    marker = tmp_path / "ran"
    places = [
        f"unet/{WEIGHTS}", "unet/diffusion_pytorch_model.bin", f"segmenter/{WEIGHTS}",
        f"guide/{WEIGHTS}", "labels.json", "unet/config.json", "model_index.json", "domain.json",
        "edit.json", "unet/modeling.py", "extra.pkl", "training.safetensors",
    ]  # fmt: skip
    without_manifest(category)
    tried = taken = 0
    files = traps(marker)
    for number, (kind, content) in enumerate(files.items()):
        for place in places[number % share :: share]:
            path = category / place
            before = path.read_bytes() if path.exists() else None
            path.write_bytes(content)
            try:
                Editor.from_pretrained(category, "cpu")
                taken += 1
            except PixelguideError as error:
                assert str(error).isprintable()  # noqa: PT017
            if before is None:
                path.unlink()
            else:
                path.write_bytes(before)
            tried += 1
        for name, read in (
            ("a.pt", read_state_dict), ("a.npy", read_ids), ("a.safetensors", read_tensors),
            (NAME, lambda p: load_checkpoint(p.parent, None, None, None, {})),  # type: ignore[arg-type]
            ("a.zip", lambda p: open_source(p).names),
        ):  # fmt: skip
            path = tmp_path / name
            path.write_bytes(content)
            try:
                read(path)
                taken += 1
            except (PixelguideError, AttributeError, TypeError) as error:
                assert isinstance(error, PixelguideError), (kind, name, error)  # noqa: PT017
            tried += 1
    record("payloads in folders, checkpoints and states", f"{tried} tried, markers 0")
    assert not marker.exists()
    assert tried > 50 // share
    assert taken < tried


@pytest.mark.parametrize("share", SHARES)
def test_hostile_folders(share: int, category: Path, tmp_path: Path, record: Record) -> None:
    """Links, pipes, paths, depth: refused at once, by the suite too, for they take no time."""
    without_manifest(category)
    outside = tmp_path / "outside"
    outside.write_text("not yours")
    deep = category.joinpath(*["d"] * 40)

    def manifest(name: str) -> Callable[[], None]:
        return lambda: (
            (category / "manifest.json").write_text(
                json.dumps({"format": 1, "sha256": {name: "0" * 64}})
            )
            and None
        )

    kinds: dict[str, Callable[[], object]] = {
        "link to a file": lambda: (category / "a").symlink_to(outside),
        "link to a folder": lambda: (category / "a").symlink_to(tmp_path),
        "link to itself": lambda: (category / "a").symlink_to(category / "a"),
        "pipe": lambda: os.mkfifo(category / "a"),
        "absolute path": manifest("/etc/hostname"),
        "path outside": manifest("../outside"),
        "missing file": manifest("unet/none.safetensors"),
        "escape in a name": manifest("\x1b[2J"),
        "deep": lambda: deep.mkdir(parents=True),
    }
    for name, make in kinds.items():
        ModelFolder.open(category)  # sound without it
        make()
        with pytest.raises(PixelguideError) as refused:
            ModelFolder.open(category)
        assert str(refused.value).isprintable(), name
        if name == "deep":
            for folder in [deep, *deep.parents][:40]:
                folder.rmdir()
        (category / "a").unlink(missing_ok=True)
        (category / "manifest.json").unlink(missing_ok=True)
    record("hostile folders", f"{len(kinds)} refused in one line")
