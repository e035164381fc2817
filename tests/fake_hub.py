"""A hub in a folder, in place of the client's calls that write: no network is asked."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.utils import filter_repo_objects

OWNER = "someone"


class FakeHub:
    """Repositories as folders below `root`; `made` and `told` are what the client was asked."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.made: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        monkeypatch.setattr(huggingface_hub, "create_repo", self._create)
        monkeypatch.setattr(huggingface_hub, "upload_folder", self._upload)
        monkeypatch.setattr(
            "diffusers.utils.hub_utils.ModelCard.load", staticmethod(self._card)
        )  # fmt: skip

    def folder(self, name: str) -> Path:
        """Where the repository OWNER/NAME is."""
        return self.root / name

    def _create(self, name: str, **options: Any) -> Any:
        repository = name if "/" in name else f"{OWNER}/{name}"
        self.folder(repository).mkdir(parents=True, exist_ok=options["exist_ok"])
        self.made.append({"name": name, **options})
        return SimpleNamespace(repo_id=repository)

    def _upload(
        self, *, repo_id: str, folder_path: str, ignore_patterns: Any, delete_patterns: Any,
        **options: Any,
    ) -> None:  # fmt: skip
        self.told.append(options)
        source, target = Path(folder_path), self.folder(repo_id)
        there = [p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()]
        for name in filter_repo_objects(there, allow_patterns=delete_patterns):
            (target / name).unlink()
        names = [p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()]
        for name in filter_repo_objects(names, ignore_patterns=ignore_patterns):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, target / name)

    @staticmethod
    def _card(*_: Any, **__: Any) -> Any:
        from huggingface_hub.errors import EntryNotFoundError

        raise EntryNotFoundError("no README.md yet")
