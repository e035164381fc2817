"""Files that the Studio wrote open again, with all they say."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelguide.labels import LabelMap
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.studio.stored_files import picture_png, png

from .alone import ADDRESS, serve
from .chromium import StudioPage, pixels
from .group import group

pytestmark = pytest.mark.browser

PNG, ORA = "image/png", "image/openraster"


def choose(studio: StudioPage, name: str, kind: str, content: bytes) -> None:
    """Through the picker of a page on which nothing is open."""
    studio.page.locator("#picker input[type=file]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content}
    )


def test_an_edited_picture_brings_back_its_settings_map_and_part(
    studio: StudioPage, server: Any, new_page: Callable[..., StudioPage]
) -> None:
    page = studio.page
    page.route("**/faces", lambda route: route.fulfill(json={"faces": None}))
    choose(studio, "group.png", PNG, picture_png(group(450, 300)))
    page.wait_for_selector("#use-part")
    page.locator("dialog input[type=range]").fill("128")
    page.click("#use-part")
    page.wait_for_selector("#plan .hint")
    studio.choose_class("glasses")
    studio.drag((20.5, 30.5), (44.5, 30.5))
    studio.set(num_images=1, seed=7, num_inference_steps=2)
    studio.run()
    page.wait_for_selector("#keep")
    part, target = studio.look("store.version.part"), studio.ids()
    png, layers = studio.download("save-picture"), studio.download("save-layers")
    page.click("#keep")
    page.wait_for_selector(".version >> nth=1")
    kept = studio.download("save-picture")

    for content in (png, kept):
        other = new_page(server.address)
        with other.page.expect_response("**/parts"):
            choose(other, "edited.png", PNG, content)
        other.page.wait_for_selector("#plan .hint")
        assert not other.page.is_visible("#use-part"), "the part is known"
        assert (other.ids() == target).all(), "and so is the map that it follows"
        found = other.look("store.version.part")
        assert [found[key] for key in "xy"] == pytest.approx([part[key] for key in "xy"])
        assert other.look("store.state.settings.seed") == 7
        assert other.look("store.state.plan.changed") == 0
        assert other.errors == []

    other = new_page(server.address)
    choose(other, "edit.ora", ORA, layers)
    other.page.wait_for_selector("[data-action=undo]:not(:disabled)")
    assert (other.ids() == target).mean() > 0.98, "the map is painted over what was read"
    assert other.look("store.state.plan.changed") > 0
    assert other.look("store.version.part.width") == 450
    before = np.array(other.look("[...store.version.source.ids]"))
    other.page.keyboard.press("z")
    assert (other.ids().ravel() == before).all()
    assert other.errors == []


def test_a_map_without_its_picture_is_told_of(new_page: Callable[..., StudioPage]) -> None:
    portrait = render(portrait_at(7, 0), 64)
    drawn = LabelMap(portrait.label_ids, LABELS)
    grey = np.repeat(np.arange(64, dtype=np.uint8)[None], 64, 0)
    studio = new_page("")
    serve(studio.page.context, 64)
    page = studio.page
    page.goto(ADDRESS)
    page.wait_for_selector("#picker .face")
    maps = (
        png(drawn.to_image()),
        png(Image.fromarray(drawn.ids)),
        png(drawn.to_image().convert("RGB")),
    )
    for content in maps:
        choose(studio, "map.png", PNG, content)
        page.wait_for_selector("#picker .notice.error:has-text('This is a map')")
        assert not studio.look("store.state.versions.length")
        page.click("#picker .notice.error button")
    choose(studio, "grey.png", PNG, png(Image.fromarray(grey)))
    page.wait_for_selector("#plan .hint")  # a picture of the model's size, in grey
    assert studio.errors == []


DROP = """base64 => {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "map.png", { type: "image/png" }));
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true }));
}"""


def test_a_map_dropped_on_its_picture_is_a_map_and_pictures_are_saved_as_jpeg(
    studio: StudioPage,
) -> None:
    page = studio.page
    studio.open_portrait(4)
    before = studio.ids()
    changed = before.copy()
    changed[5:9, 5:20] = LABELS.id("glasses")
    dropped = png(LabelMap(changed, LABELS).to_image())
    page.evaluate(DROP, base64.b64encode(dropped).decode())
    page.wait_for_selector("[data-action=undo]:not(:disabled)")
    assert (studio.ids() == changed).all()
    assert studio.look("store.state.versions.length") == 1, "the picture stays"
    page.keyboard.press("z")
    assert (studio.ids() == before).all()
    saved = studio.download("save-jpeg")
    assert saved.startswith(b"\xff\xd8\xff")
    shown = pixels(studio.get(studio.look("`/api/pictures/${store.version.picture}.png`")))
    assert np.abs(pixels(saved).astype(int) - shown).mean() < 6
