"""The photograph is the canvas: sharp, with the edit as it will be saved."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photographs import random_pixels
from pixelguide.portraits import portrait_at, render
from pixelguide.studio.stored_files import picture_png

from .chromium import StudioPage, pixels
from .conftest import Server
from .group import upright

pytestmark = pytest.mark.browser

PLACE = {"x": 190, "y": 60, "size": 160}
"""Of the portrait in the photograph."""
FACES = [
    {"eyes": None, "part": PLACE, "warnings": []},
    {"eyes": None, "part": {"x": 20.4, "y": 100.2, "size": 80}, "warnings": ["turned away"]},
]


@pytest.fixture(scope="module")
def photograph() -> NDArray[np.uint8]:
    """400×300 pixels of texture, with a portrait at `PLACE`."""
    whole = np.array(Image.fromarray(random_pixels(2, 8, 6)).resize((400, 300)))
    whole[60:220, 190:350] = render(portrait_at(1000, 4), 160).image
    grain = np.random.default_rng(0).integers(-6, 7, whole.shape)
    return np.clip(whole + grain, 0, 255).astype(np.uint8)


def choose(studio: StudioPage, image: NDArray[np.uint8], faces: Any = None) -> None:
    """Up to the dialog of the part; faces: what the server finds."""
    studio.page.route("**/faces", lambda route: route.fulfill(json={"faces": faces}))
    with studio.page.expect_response("**/faces"):
        studio.page.locator("#picker input[type=file]").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": picture_png(image)}
        )
    studio.page.wait_for_selector("#use-part")


def open_photograph(studio: StudioPage, image: NDArray[np.uint8], faces: Any = FACES) -> None:
    choose(studio, image, faces)
    studio.page.wait_for_selector(".crop .proposal >> nth=1", state="attached")
    studio.page.click("#use-part")
    studio.page.wait_for_selector("#plan .hint")


def frame(studio: StudioPage) -> list[float]:
    """x, y and size of the frame, in shares of the photograph's width."""
    view = studio.page.locator(".crop").bounding_box()
    box = studio.page.locator(".crop .frame").bounding_box()
    found = (box["x"] - view["x"], box["y"] - view["y"], box["width"])
    return [value / view["width"] for value in found]


def seen(studio: StudioPage, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
    """A window of the photograph as the canvas shows it at 1:1."""
    studio.page.click("#view-actual")
    studio.page.wait_for_timeout(400)  # drawn with care once nothing moves
    studio.look(
        "new Promise((done) => { stage.draw(); requestAnimationFrame(() => "
        "requestAnimationFrame(done)); })"
    )
    text = studio.look(
        """(() => {
          const { view, category } = store.state, { part } = store.version;
          const scale = view.zoom * category.size / part.size;
          const [x, y, width, height] = argument;
          const left = Math.round(view.x + (x - part.x) * scale);
          const top = Math.round(view.y + (y - part.y) * scale);
          const { data } = stage.canvas.getContext("2d").getImageData(left, top, width, height);
          return btoa(String.fromCharCode(...data));
        })()""",
        [x, y, width, height],
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3]


def shown_sharp(studio: StudioPage) -> None:
    """Wait until the photograph and its patches have come."""
    studio.look(
        """(async () => {
          const { part, run } = store.version;
          const made = run?.outcome?.candidates.map(({ picture }) => picture) ?? [];
          const all = () => stage.photographs.full.get(`/api/photographs/${part.photograph}/shown`)
            && [...part.edits, ...made].every((picture) => stage.photographs.patch(picture));
          while (!all()) await new Promise((done) => setTimeout(done, 50));
        })()"""
    )


def small_edit(studio: StudioPage, **settings: object) -> None:
    studio.page.click("[data-starter=open_mouth]")
    studio.set(num_images=1, num_inference_steps=6, **settings)
    studio.run()
    studio.page.wait_for_selector("#keep")


def test_the_photograph_is_as_sharp_as_it_is(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    open_photograph(studio, photograph)
    shown_sharp(studio)
    studio.page.keyboard.press("v")  # without the map
    assert (seen(studio, 200, 80, 60, 40) == photograph[80:120, 200:260]).all()
    assert studio.page.inner_text("#top .zoom") == "100 %"
    studio.page.click("#view-whole")
    beyond = studio.look(
        """(() => { const { view, category } = store.state, { part } = store.version;
          const scale = view.zoom * category.size / part.size;
          return [view.x - part.x * scale, part.width * scale, stage.canvas.clientWidth]; })()"""
    )
    assert beyond[0] >= 0
    assert beyond[0] + beyond[1] <= beyond[2], "all of it is in view"


def test_at_1_to_1_what_changes_is_in_the_middle(
    new_page: Callable[..., StudioPage], server: Server, photograph: NDArray[np.uint8]
) -> None:
    large = np.asarray(Image.fromarray(photograph).resize((3200, 2400)))
    studio = new_page(server.address)
    part = {name: 8 * value for name, value in PLACE.items()}
    open_photograph(studio, large, [{"eyes": None, "part": part, "warnings": []}] * 2)
    studio.choose_class("glasses")
    studio.drag((10.5, 50.5), (14.5, 50.5))
    for before in ("view-whole", "view-part"):
        studio.page.click(f"#{before}")
        studio.page.click("#view-actual")
        box = studio.page.locator("#canvas").bounding_box()
        x, y = studio.at(12.5, 50.5)
        assert abs(x - box["x"] - box["width"] / 2) < 30
        assert abs(y - box["y"] - box["height"] / 2) < 50
    studio.page.click("#view-part")
    studio.page.mouse.move(*studio.at(40, 40))
    pointed = studio.at(40, 40)
    studio.page.keyboard.press("1")
    assert studio.at(40, 40) == pytest.approx(pointed, abs=1), "about the pointer"
    assert studio.errors == []


def test_the_edit_is_shown_as_it_is_saved(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    open_photograph(studio, photograph)
    small_edit(studio)
    shown_sharp(studio)
    saved = pixels(studio.download("save-picture"))
    rows, columns = np.nonzero((saved != photograph).any(-1))
    x, y = int(columns.min()) - 4, int(rows.min()) - 4
    window = (x, y, int(columns.max()) + 5 - x, int(rows.max()) + 5 - y)
    part = np.s_[y : y + window[3], x : x + window[2]]
    assert (seen(studio, *window) == saved[part]).all()
    studio.page.click("[data-compare=before]")
    assert (seen(studio, *window) == photograph[part]).all()
    studio.page.click("[data-compare=after]")
    studio.page.fill("#strength", "0.5")
    faint = pixels(studio.download("save-picture"))
    studio.look(
        "(async () => { const [{ picture }] = store.version.run.outcome.candidates;"
        "while (!stage.photographs.patch(picture, 0.5))"
        " await new Promise((done) => setTimeout(done, 50)); })()"
    )
    assert (seen(studio, *window) == faint[part]).all()
    studio.page.click("#keep")
    studio.page.wait_for_selector(".version >> nth=1")
    shown_sharp(studio)
    studio.page.keyboard.press("v")
    assert studio.look("store.state.plan.changed") == 0
    inner = (slice(2, -2), slice(2, -2))
    assert (seen(studio, *window)[inner] == faint[part][inner]).all(), "what is kept, too"


def test_a_result_says_while_its_own_pixels_are_still_to_come(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    page, held = studio.page, []
    open_photograph(studio, photograph)
    page.route("**/patch.png*", lambda route: held.append(route))
    small_edit(studio)
    page.wait_for_selector("#busy:has-text('Drawing it at full size')")
    assert held, "asked for"
    for route in held:
        route.continue_()
    page.unroute("**/patch.png*")
    page.wait_for_selector("#busy", state="hidden")
    assert studio.look("!store.state.coarse")
    page.route("**/patch.png*", lambda route: route.fulfill(status=404, json={}))
    page.fill("#strength", "0.99")  # what cannot come is not waited for
    page.wait_for_timeout(500)
    assert page.is_hidden("#busy")
    studio.errors.clear()  # the browser notes the refusal


def test_another_part_is_taken_and_no_version_is_lost(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    page = studio.page
    open_photograph(studio, photograph)
    page.click("#change-part")
    page.wait_for_selector("#use-part")
    page.wait_for_selector(".crop .proposal >> nth=1", state="attached")
    assert frame(studio)[0] == pytest.approx(190 / 400, abs=0.01), "the part there was"
    page.keyboard.press("Shift+ArrowLeft")
    page.click("#use-part")
    studio.look(
        "(async () => { while (store.version.part.x !== 189 || !store.version.map)"
        " await new Promise((done) => setTimeout(done, 50)); })()"
    )
    assert page.locator(".version").count() == 1, "nothing was done with the first"
    small_edit(studio)
    page.click("#keep")
    page.wait_for_selector(".version >> nth=1")
    edited = pixels(studio.download("save-picture"))
    assert (edited != photograph).any()
    page.click("#change-part")
    page.click(".crop .proposal >> nth=1")
    page.wait_for_selector("dialog .hint:has-text('turned away')")
    page.click("#use-part")
    page.wait_for_selector(".version >> nth=2")
    page.wait_for_selector("#plan .hint")
    assert studio.look("store.version.part.size") == 80
    assert (pixels(studio.download("save-picture")) == edited).all()
    page.click(".version >> nth=1")
    assert studio.look("store.version.part.size") == 160


def test_a_face_is_proposed_and_a_high_photograph_keeps_its_head(
    studio: StudioPage, photograph: NDArray[np.uint8]
) -> None:
    page = studio.page
    choose(studio, upright())
    assert frame(studio) == pytest.approx([0, 0, 1], abs=0.01)
    page.keyboard.press("Escape")
    page.wait_for_selector("#use-part", state="detached")
    page.unroute("**/faces")
    choose(studio, photograph, FACES)
    page.wait_for_selector(".crop .proposal >> nth=1", state="attached")
    assert frame(studio) == pytest.approx([190 / 400, 60 / 400, 160 / 400], abs=0.01)
    page.click("dialog >> text=Face 2")
    assert frame(studio) == pytest.approx([20 / 400, 100 / 400, 80 / 400], abs=0.01)


def test_two_fingers_pinch_the_frame(
    open_touch: Callable[[], StudioPage], photograph: NDArray[np.uint8]
) -> None:
    studio = open_touch()
    choose(studio, photograph)
    studio.page.locator("dialog input[type=range]").fill("100")
    before = frame(studio)
    studio.look(
        """(() => {
          const view = document.querySelector(".crop"), box = view.getBoundingClientRect();
          const target = document.querySelector(".crop .frame");
          const send = (type, pointerId, x) => target.dispatchEvent(new PointerEvent(type, {
            pointerId, pointerType: "touch", bubbles: true, button: 0,
            clientX: box.x + x, clientY: box.y + box.height / 2 }));
          send("pointerdown", 1, 100);
          send("pointerdown", 2, 160);
          for (let x = 165; x <= 190; x += 5) send("pointermove", 2, x);
          send("pointerup", 2, 190);
          send("pointerup", 1, 100);
        })()"""
    )
    after = frame(studio)
    assert after[2] == pytest.approx(1.5 * before[2], rel=0.03)
    assert after[0] + after[2] / 2 == pytest.approx(before[0] + before[2] / 2, abs=0.02)


@pytest.fixture
def open_touch(new_page: Callable[..., StudioPage], server: Any) -> Callable[[], StudioPage]:
    return lambda: new_page(server.address, has_touch=True)
