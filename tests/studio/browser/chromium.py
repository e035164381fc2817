"""A page of the studio in Chromium, and what tests do on it again and again."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

ARGUMENTS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def browser() -> Iterator[Any]:
    """The system's Chromium, headless; skips the test where it or playwright is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


PARTS = "const { store, stage, autosave } = await (await import('/web/js/main.js')).started;"


class StudioPage:
    """The page, by what a person sees and does."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # What the network does is the test's own business; what the scripts do is not.
        if message.type == "error" and "net::" not in message.text:
            self.errors.append(message.text)

    def look(self, expression: str, argument: object = None) -> Any:
        """The value of a JavaScript expression over store, stage, autosave and `argument`."""
        return self.page.evaluate(
            f"async (argument) => {{ {PARTS} return {expression}; }}", argument
        )

    def open_portrait(self, index: int) -> None:
        """Choose a built-in portrait and wait for its map."""
        self.page.click(f".face >> nth={index}")
        self.page.wait_for_selector("#starters .chip", state="attached")

    def choose_class(self, name: str) -> None:
        self.page.click(f'[data-class="{name}"]')

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the map (in its pixels) is on the screen."""
        box = self.page.locator("#canvas").bounding_box()
        view = self.look("store.state.view")
        return box["x"] + view["x"] + x * view["zoom"], box["y"] + view["y"] + y * view["zoom"]

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first point of the map, move along the others, release at the last."""
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=4)
        mouse.up()

    def ids(self) -> NDArray[np.uint8]:
        """The map as painted, uint8 S×S."""
        text = self.look("btoa(String.fromCharCode(...store.version.map.ids))")
        ids = np.frombuffer(base64.b64decode(text), np.uint8)
        side = int(len(ids) ** 0.5)
        return ids.reshape(side, side)

    def set(self, **settings: object) -> None:
        """Fill in settings of the edit."""
        if not self.page.is_visible("#settings .fields"):
            self.page.click("#settings summary")
        for name, value in settings.items():
            field = self.page.locator(f'#settings [name="{name}"]')
            field.fill(str(value))
            field.press("Tab")

    def run(self) -> str:
        """Press Edit; the job's id."""
        with self.page.expect_response(
            lambda answer: answer.url.endswith("/api/jobs") and answer.status == 202
        ) as answer:
            self.page.click("#run")
        return str(answer.value.json()["job"])

    def menu(self, item: str) -> None:
        self.page.click("#files")
        self.page.click(f"#{item}")

    def download(self, item: str) -> bytes:
        """The file that an item of the menu saves."""
        with self.page.expect_download() as download:
            self.menu(item)
        return Path(download.value.path()).read_bytes()

    def get(self, path: str) -> bytes:
        """What the page gets from the server."""
        answer = self.page.context.request.get(self.page.url.rstrip("/") + path)
        assert answer.ok, answer.text()
        return bytes(answer.body())

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def saved(self) -> None:
        """Wait until everything done so far is in the browser's database."""
        # Not by wait_for_function: the page's policy forbids eval.
        self.look(
            "(async () => { const wait = () => new Promise(requestAnimationFrame);"
            "while (!autosave.settled) await wait(); })()"
        )


def pixels(content: bytes) -> NDArray[np.uint8]:
    """A picture file as uint8 H×W×3, a palette image as its ids H×W."""
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image if image.mode in ("P", "L") else image.convert("RGB"))
