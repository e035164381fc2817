"""Things to pull that need no network: a checkpoint's stand-in, a hub, archives."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from diffusers import UNet2DModel

from flaky_server import FlakyServer, Reply
from pixelguide.errors import InputError
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.public import pull
from pixelguide.prior.public.registry import REGISTRY

CHECKPOINT = b"checkpoint" * 30_000


def offer(server: FlakyServer, monkeypatch: pytest.MonkeyPatch, name: str, *replies: Reply) -> None:
    """Let the address of `name` in the registry be on `server`, with these answers."""
    path = f"/{REGISTRY[name].file}"
    server.replies[path] = list(replies)
    monkeypatch.setitem(REGISTRY, name, replace(REGISTRY[name], source=server.url(path)))


def stand_in_for_the_converter(monkeypatch: pytest.MonkeyPatch, unet: UNet2DModel) -> None:
    """Any bytes that begin like CHECKPOINT are converted to `unet`, others are damaged."""

    def convert(checkpoint: Path, folder: Path, *_: Any) -> None:
        (folder / "begun").write_bytes(b"")
        if not checkpoint.read_bytes().startswith(b"checkpoint"):
            raise InputError("damaged", checkpoint.name)
        (folder / "begun").unlink()
        write_parts(folder, prior_parts(unet))

    monkeypatch.setattr(pull, "_convert_adm", convert)


def tar_of(members: dict[str, bytes]) -> bytes:
    """A .tar.gz."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, part in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(part)
            archive.addfile(info, io.BytesIO(part))
    return content.getvalue()


def left_behind(home: Path) -> list[str]:
    """What is in the home besides the results and the record."""
    names = [path.relative_to(home).as_posix() for path in home.rglob("*")]
    return [
        name for name in names
        if name.startswith(("downloads/", "models/.")) and not name.endswith(".lock")
    ]  # fmt: skip


class FolderHub:
    """A hub whose only repository is a folder; its commit can be moved on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commit = folder, "a" * 40
        self.asked: list[str] = []

    def look_up(self, repository: str, revision: str) -> tuple[str, Collection[str]]:
        self.asked.append(revision)
        names = [p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*")]
        return revision or self.commit, names

    def fetch(
        self, repository: str, commit: str, names: Collection[str], folder: Path, on_progress: Any
    ) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((self.folder / name).read_bytes())
