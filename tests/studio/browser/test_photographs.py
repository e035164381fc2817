"""A photograph from the drop to the file that is saved, on the built-in model."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photographs import random_pixels
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph
from pixelguide.portraits import portrait_at, render
from pixelguide.studio.stored_files import picture_png

from .chromium import StudioPage, pixels

pytestmark = pytest.mark.browser

FACE = Frame(190, 60, 160)


@pytest.fixture(scope="module")
def photograph() -> NDArray[np.uint8]:
    """400×300 pixels of texture, with a portrait where `FACE` is."""
    whole = np.array(Image.fromarray(random_pixels(2, 8, 6)).resize((400, 300)))
    whole[60:220, 190:350] = render(portrait_at(1000, 4), 160).image
    grain = np.random.default_rng(0).integers(-6, 7, whole.shape)
    return np.clip(whole + grain, 0, 255).astype(np.uint8)


def drop(studio: StudioPage, content: bytes) -> None:
    studio.page.locator("dialog input[type=file]").set_input_files(
        {"name": "holiday.png", "mimeType": "image/png", "buffer": content}
    )
    studio.page.wait_for_selector("#use-part")


def chosen(studio: StudioPage) -> list[float]:
    """x, y and size of the frame on the screen, in pixels of the photograph."""
    view = studio.page.locator(".crop").bounding_box()
    frame = studio.page.locator(".crop .frame").bounding_box()
    scale = 400 / view["width"]
    found = (frame["x"] - view["x"], frame["y"] - view["y"], frame["width"])
    return [value * scale for value in found]


def told(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as image:
        return json.loads(image.text["pixelguide"])  # type: ignore[attr-defined]


def test_a_part_is_edited_and_the_photograph_comes_back(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    studio.page.set_viewport_size({"width": 800, "height": 600})
    drop(studio, picture_png(photograph))
    button, sheet = (
        studio.page.locator(each).bounding_box() for each in ("#use-part", "dialog >> nth=-1")
    )
    assert button["y"] + button["height"] < sheet["y"] + sheet["height"]
    slider = studio.page.locator("dialog input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "300 px"
    studio.page.set_viewport_size({"width": 1280, "height": 800})
    assert chosen(studio) == pytest.approx([50, 0, 300], abs=1)
    studio.page.locator(".crop").focus()
    for _ in range(30):  # to the smallest, then to the face's size
        studio.page.keyboard.press("-")
    assert chosen(studio)[2] == pytest.approx(32, abs=1)
    studio.page.locator("dialog input[type=range]").fill("160")
    view = studio.page.locator(".crop").bounding_box()
    scale = view["width"] / 400
    x, y, _ = chosen(studio)
    mouse = studio.page.mouse
    mouse.move(view["x"] + (x + 80) * scale, view["y"] + (y + 80) * scale)
    mouse.down()
    mouse.move(view["x"] + (190 + 80) * scale, view["y"] + (60 + 80) * scale, steps=4)
    mouse.up()
    assert chosen(studio) == pytest.approx([190, 60, 160], abs=2)
    studio.page.click("#use-part")
    studio.page.wait_for_selector("#starters .chip", state="attached")
    assert not studio.page.is_visible("dialog")
    assert (pixels(studio.download("save-picture")) == photograph).all(), "nothing edited yet"

    studio.page.click("[data-starter=open_mouth]")
    studio.set(num_images=2, num_inference_steps=6)
    job = studio.run()
    studio.page.wait_for_selector("#keep")
    content = studio.download("save-picture")
    edited = pixels(content)
    placement = Placement(Photograph(photograph), Frame.parse(told(content)["crop"]), 64)
    region = placement.region(pixels(studio.get(f"/api/results/{job}/roi.png")) > 0)
    differs = (edited != photograph).any(-1)
    assert not differs[~region].any(), "outside not a bit changed"
    assert differs[region].mean() > 0.2

    studio.page.fill("#strength", "0.5")
    half = pixels(studio.download("save-picture")).astype(int)
    assert 0 < np.abs(half - photograph).sum() < np.abs(edited.astype(int) - photograph).sum()
    studio.page.click("#keep")
    studio.page.wait_for_selector(".version >> nth=1")
    content = studio.download("save-picture")
    assert (pixels(content) == half).all()
    assert told(content)["strength"] == 0.5
    project = studio.download("save-project")
    with studio.page.expect_file_chooser() as chooser:
        studio.menu("open-project")
    chooser.value.set_files({"name": "work.zip", "mimeType": "application/zip", "buffer": project})
    studio.page.wait_for_selector(".version >> nth=1")
    assert (pixels(studio.download("save-picture")) == half).all()


def test_choosing_a_part_can_be_called_off(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    drop(studio, picture_png(photograph))
    studio.page.keyboard.press("Escape")
    studio.page.wait_for_selector("#use-part", state="detached")
    assert studio.page.is_visible(".faces"), "another picture can be chosen"
    assert studio.look("store.state.versions.length") == 0
    studio.page.keyboard.press("Escape")
    studio.page.wait_for_selector("dialog", state="detached")
    studio.page.click("#empty button")
    studio.page.wait_for_selector(".faces")
