"""A studio of its own for each file of tests, over the built-in model, and a page on it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .alone import ADDRESS, serve
from .chromium import StudioPage, browser

PATIENCE = 180_000
"""Milliseconds to wait for anything, on a machine that does other work too."""


def crowding() -> float:
    """How many processes share a core of this machine, at least 1: all takes so much longer."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Server:
    """`pixelguide studio` in a process of its own, over one data folder and at one port."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, 0

    def start(self) -> None:
        command = [sys.executable, "-m", "pixelguide", "studio", "--no-open"]
        command += ["--model", "portraits-64"]  # quick, and its portraits are known
        command += ["--port", str(self.port), "--data", str(self.data)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", self.process.stdout.readline())
        assert address, "the studio says where it is"
        self.address, self.port = address[0], int(address[1])

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self._done()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self._done()

    def kill_worker(self) -> None:
        """Kill the process that holds the model."""
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                command = Path(f"/proc/{child}/cmdline").read_text()
                if "spawn_main" in command:
                    os.kill(int(child), signal.SIGKILL)
                    return
        raise AssertionError("the model's process was not found")

    def _done(self) -> None:
        self.process.wait(PATIENCE / 1000)
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def server(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started only where there is a browser to look at it."""
    server = Server(tmp_path_factory.mktemp("studio"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., StudioPage]]:
    """Pages with nothing stored, new_page(address, **options of playwright's context)."""
    contexts = []

    def open_page(address: str, **options: Any) -> StudioPage:
        options = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark", **options}
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = StudioPage(context.new_page())
        if address:
            page.page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def studio(server: Server, new_page: Callable[..., StudioPage]) -> Iterator[StudioPage]:
    """A fresh page; its scripts must not fail."""
    page = new_page(server.address)
    yield page
    assert page.errors == []


@pytest.fixture
def open_alone(new_page: Callable[..., StudioPage]) -> Callable[..., StudioPage]:
    """open_alone(size, **options of the context): the page with a map of size² being painted."""

    def open_page(size: int, **options: Any) -> StudioPage:
        studio = new_page("", **options)
        serve(studio.page.context, size)
        studio.page.goto(ADDRESS)
        studio.page.click(".face")
        studio.page.wait_for_selector("#plan .hint")
        return studio

    return open_page
