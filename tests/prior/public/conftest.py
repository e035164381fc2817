"""A home of its own for a test, a server that answers badly, and stand-ins for the network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from diffusers import UNet2DModel

from flaky_server import FlakyServer, Reply, flaky_server
from pixelguide.prior.public.download import download
from pixelguide.prior.public.hub import HuggingFaceHub
from pulls import CHECKPOINT, offer, stand_in_for_the_converter


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with flaky_server() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pulled models go during the test, online."""
    monkeypatch.setenv("PIXELGUIDE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PIXELGUIDE_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path / "home"


@pytest.fixture
def stand_ins(
    home: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch, tiny_unet: UNet2DModel
) -> None:
    """A home of its own, ffhq on a server here, no pauses, no way to the real hub."""

    def no_network(*_: Any) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(HuggingFaceHub, "look_up", no_network)
    impatient = partial(download, sleep=lambda _: None)
    monkeypatch.setattr("pixelguide.prior.public.pull.download", impatient)
    stand_in_for_the_converter(monkeypatch, tiny_unet)
    offer(server, monkeypatch, "ffhq", Reply(CHECKPOINT))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a download is to arrive."""
    return tmp_path / "weights.pt"
