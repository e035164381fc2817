"""Pulled models live where the user said, or where the platform keeps data."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pixelguide.prior.public.home import home, is_offline


@pytest.fixture(autouse=True)
def _plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has set nothing."""
    for name in ("PIXELGUIDE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux", ".local/share/pixelguide"),
        ("darwin", "Library/Application Support/pixelguide"),
        ("win32", "AppData/Local/pixelguide"),
    ],
)
def test_the_platform_has_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert home() == tmp_path / place


def test_the_user_may_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert home() == tmp_path / ".local/share/pixelguide"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home() == tmp_path / "data/pixelguide"
    monkeypatch.setenv("PIXELGUIDE_HOME", str(tmp_path / "own"))
    assert home() == tmp_path / "own"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIXELGUIDE_HOME", "here")
    assert home() == tmp_path / "here"


@pytest.mark.parametrize("name", ["PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize(
    ("value", "offline"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("", False), ("no", False)],
)
def test_the_environment_can_forbid_the_network(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, offline: bool
) -> None:
    for other in ("PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(other, raising=False)
    assert not is_offline()
    monkeypatch.setenv(name, value)
    assert is_offline() == offline
