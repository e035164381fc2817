"""Several pictures dropped together: each becomes work of its own, with the same edit done."""

from __future__ import annotations

import pytest

from pixelguide.portraits import portrait_at, render
from pixelguide.studio.stored_files import picture_png

from .chromium import StudioPage

pytestmark = pytest.mark.browser


def test_each_picture_becomes_work_with_the_edit_done(studio: StudioPage) -> None:
    page = studio.page
    studio.look(
        "store.set({ settings:"
        " { ...store.state.settings, num_images: 1, num_inference_steps: 2 } })"
    )
    pictures = [render(portrait_at(1000, number), 64).image for number in (4, 5)]
    files = [
        {"name": f"face-{k}.png", "mimeType": "image/png", "buffer": picture_png(picture)}
        for k, picture in enumerate(pictures)
    ]
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("#picker input[type=file]").set_input_files([*files, broken])
    page.wait_for_selector("#batch-edit")
    page.select_option("#batch-edit", "open_mouth")
    page.click("#batch-begin")
    page.wait_for_selector(".recent .work >> nth=1")
    assert [error for error in studio.errors if "400" not in error] == []
    studio.errors.clear()  # the browser tells of the refused file as well
    assert page.locator(".recent .work").count() == 2
    assert "broken.png: Not a readable picture." in page.inner_text(".notice.error")
    titles = page.locator(".recent .work span").all_inner_texts()
    assert sorted(titles) == ["face-0", "face-1"]
    page.click(".recent .work >> nth=0 >> .open")
    page.click("#tabs >> text=Result")
    page.wait_for_selector("#keep")
    assert studio.look("store.version.attempts.length") == 1
    assert studio.look("store.state.plan.changed") > 0, "the stroke is there, and can be undone"
    page.keyboard.press("z")
    assert studio.look("store.state.plan.changed") == 0


def test_projects_open_one_at_a_time(studio: StudioPage) -> None:
    page = studio.page
    names = ("a.zip", "b.png")
    page.locator("#picker input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": b"x"} for name in names]
    )
    page.wait_for_selector(".notice.error")
    assert "one at a time" in page.inner_text(".notice.error")
    assert page.locator("#batch-edit").count() == 0
