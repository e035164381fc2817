"""A disk that is full or read-only at every write in turn: one line, nothing half written."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from diffusers import UNet2DModel
from diffusers.training_utils import EMAModel

from faults.battery import SHARES
from pixelguide.annotations.folders import new_folder
from pixelguide.edit.editor import Editor
from pixelguide.errors import PixelguideError, ResourceError
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.leftovers import SUFFIX
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.checkpoint import save_checkpoint
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.public.known_hashes import Fingerprint, KnownHashes
from pixelguide.studio.database import Database
from pixelguide.studio.stored_files import FileStore

CALLS = ("fsync", "replace", "chmod", "open", "mkdir")
"""Of the operating system, all that a write passes through."""


@contextmanager
def failing(at: int, code: int) -> Iterator[list[int]]:
    """The write number `at` from now on, and all after it, fail; yields how many there were."""
    seen = [0]
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            real = getattr(os, name)

            def call(*args: Any, real: Any = real, name: str = name, **options: Any) -> Any:
                writes = name != "open" or (len(args) > 1 and args[1] & (os.O_CREAT | os.O_WRONLY))
                if writes:
                    seen[0] += 1
                    if seen[0] > at:
                        raise OSError(code, os.strerror(code), str(args[0]))
                return real(*args, **options)

            patch.setattr(os, name, call)
        yield seen


def left(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


Record = Callable[[str, object], None]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_every_write_may_fail(
    share: int, code: int, tmp_path: Path, tiny_unet: UNet2DModel, tiny_editor: Editor,
    picture: np.ndarray[Any, Any], source: LabelMap, target: LabelMap, record: Record,
) -> None:  # fmt: skip
    parts = prior_parts(tiny_unet)
    optimizer = torch.optim.AdamW(tiny_unet.parameters())
    ema = EMAModel(tiny_unet.parameters())
    tiny_editor.set_image(picture)
    result = tiny_editor.edit(target, source=source, num_images=2, num_inference_steps=2, seed=1)

    def keep(folder: Path) -> None:
        with new_folder(folder / "set") as new:
            source.save(new / "a.png")
            save_png(new / "b.png", picture)

    def store(folder: Path) -> None:
        with closing(Database(tmp_path / f"{folder.name}.sqlite")) as database:
            FileStore(database, folder / "items", source.labels).add(
                ("map", b"one"), ("picture", b"two")
            )

    def remember(folder: Path) -> None:
        KnownHashes(folder / "known.json").record("a", Fingerprint(source="x", sha256={}))

    work: dict[str, Callable[[Path], object]] = {
        "model": lambda folder: write_parts(folder, parts),
        "map": lambda folder: source.save(folder / "map.png", {"a": "{}"}),
        "result": lambda folder: result.save(folder),
        "state": lambda folder: save_checkpoint(folder, tiny_unet, optimizer, ema, 1, {}),
        "data set": keep,
        "studio": store,
        "hashes": remember,
    }
    places, halves = 0, list[tuple[str, int, str]]()
    for name, write in work.items():
        with failing(10**9, code) as seen:
            write(tmp_path / f"{name}-whole")
        whole, total = left(tmp_path / f"{name}-whole"), seen[0]
        assert total > 0, name
        for at in range(0, total, 1 if share == 1 else max(1, total // 3)):
            folder = tmp_path / f"{name}-{at}"
            folder.mkdir()
            places += 1
            try:
                with failing(at, code):
                    write(folder)
            except ResourceError as error:
                assert str(error).isprintable()  # noqa: PT017
                assert error.exit_code == 4  # noqa: PT017
            except PixelguideError as error:
                raise AssertionError((name, at, error)) from error
            except Exception as error:
                raise AssertionError((name, at, repr(error))) from error
            for file, content in left(folder).items():
                if name == "state" and file.endswith(".safetensors"):
                    safetensors.torch.load(content)  # whole; its header has no order
                elif (
                    content != whole.get(file) and name not in ("studio", "result")
                ) or file.endswith(SUFFIX):
                    halves.append((name, at, file))
            if name == "model":
                loads(folder)
            write(folder) if name not in ("data set", "result") else None
    record(f"{errno.errorcode[code]} at every write", f"{places} places, half files {len(halves)}")
    assert halves == []


def loads(folder: Path) -> None:
    """A model that was written in part is refused, or is whole."""
    try:
        ModelFolder.open(folder).frozen()
    except PixelguideError:
        return


@pytest.mark.parametrize("share", SHARES)
def test_a_full_database_goes_on_once_there_is_space(share: int, tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.sqlite")) as database:
        pages = database.read("PRAGMA page_count")[0][0]
        database._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(ResourceError):  # noqa: PT012
            for number in range(1000 // share + 300):
                with database.write() as connection:
                    connection.execute(
                        "INSERT INTO items VALUES (?, 'map', 0)", (f"{number}" * 50,)
                    )
        database._writer.execute("PRAGMA max_page_count = 100000")
        with database.write() as connection:
            connection.execute("INSERT INTO items VALUES ('x', 'map', 0)")
        assert database.read("SELECT 1 FROM items WHERE id = 'x'")
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
