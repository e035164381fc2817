"""No work is lost: to another tab, a full disk, a click or a drop."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from pixelguide.portraits import LABELS

from .alone import ADDRESS
from .chromium import StudioPage

pytestmark = pytest.mark.browser

GLASSES = LABELS.id("glasses")
DROP = """(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true }));
})()"""


def paint(studio: StudioPage, y: float) -> None:
    studio.choose_class("glasses")
    studio.drag((10.5, y), (20.5, y))


def another(studio: StudioPage) -> StudioPage:
    """A tab beside this one."""
    tab = StudioPage(studio.page.context.new_page())
    tab.page.goto(ADDRESS)
    return tab


def test_each_tab_keeps_its_own_work(open_alone: Callable[..., StudioPage]) -> None:
    first = open_alone(64)
    paint(first, 10.5)
    first.saved()
    second = another(first)
    second.page.click(".face")
    second.page.wait_for_selector("#plan .hint")
    paint(second, 50.5)
    second.saved()
    for tab, row in ((first, 10), (second, 50)):
        tab.page.reload()
        tab.page.wait_for_selector("[data-action=undo]:not(:disabled)")
        rows = np.argwhere(tab.ids() == GLASSES)[:, 0]
        assert {rows.min(), rows.max()} == {row - 1, row + 1}
        tab.page.keyboard.press("z")
        assert not (tab.ids() == GLASSES).any(), "the strokes are there"
        tab.page.keyboard.press("Shift+Z")
        tab.saved()
    third = StudioPage(first.page.context.new_page())
    third.page.goto(f"{ADDRESS}web/icon.svg")
    for tab in (first, second):
        tab.page.close()
    while third.page.evaluate("navigator.locks.query().then(({ held }) => held.length)"):
        time.sleep(0.05)
    third.page.goto(ADDRESS)
    third.page.wait_for_selector("[data-action=undo]:not(:disabled)")
    assert (third.ids()[50] == GLASSES).any(), "a new tab goes on with the last"


def test_a_full_disk_is_told_of_and_nothing_is_missing_when_there_is_room_again(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64)
    studio.saved()
    studio.look(
        """(window.put = IDBObjectStore.prototype.put, IDBObjectStore.prototype.put = () => {
          throw new DOMException("full", "QuotaExceededError"); }, 0)"""
    )
    for y in (10.5, 50.5):
        paint(studio, y)
        studio.saved()
    assert studio.page.locator(".notice.error").all_inner_texts() == [
        "This browser could not keep your last change: save the project.\nClose"
    ]
    studio.page.click(".fresh")
    studio.page.wait_for_selector("#picker")
    studio.page.keyboard.press("Escape")
    studio.page.wait_for_selector("#picker", state="detached")
    assert studio.page.is_visible(".notice.error"), "it lasts until there is room"
    studio.look("(IDBObjectStore.prototype.put = window.put, 0)")
    paint(studio, 30.5)
    studio.saved()
    studio.page.wait_for_selector(".notice.error", state="detached")
    studio.page.reload()
    studio.page.wait_for_selector("[data-action=undo]:not(:disabled)")
    for _ in range(3):
        assert (studio.ids() == GLASSES).any()
        studio.page.keyboard.press("z")
    assert not (studio.ids() == GLASSES).any()


def test_a_stroke_that_was_kept_halfway_is_kept_whole(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64)
    studio.choose_class("glasses")
    mouse = studio.page.mouse
    mouse.move(*studio.at(10.5, 10.5))
    mouse.down()
    studio.look("store.set({ opacity: 0.5 })")
    studio.saved()
    mouse.move(*studio.at(50.5, 10.5), steps=4)
    mouse.up()
    studio.saved()
    studio.page.reload()
    studio.page.wait_for_selector("[data-action=undo]:not(:disabled)")
    studio.page.keyboard.press("z")
    assert not (studio.ids() == GLASSES).any()


def test_what_was_left_is_among_the_recent_work(open_alone: Callable[..., StudioPage]) -> None:
    studio = open_alone(64)
    page = studio.page
    assert not page.is_visible("#empty")
    paint(studio, 10.5)
    painted = studio.look("store.version.id")
    page.click(".fresh")
    page.wait_for_selector("#picker")
    assert page.locator(".recent .work").count() == 0, "what is open is not left"
    page.click(".face")
    page.wait_for_selector("dialog", state="detached")
    page.wait_for_selector("#plan .hint")
    assert studio.look("store.version.id") != painted
    page.keyboard.press("?")
    studio.look(DROP)
    assert page.locator("dialog").count() == 1, "the help has to be closed first"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    face = studio.look("store.version.id")
    studio.look(DROP)
    studio.look(
        "(async () => { while (store.version?.id === argument || !store.version?.map)"
        " await new Promise((done) => setTimeout(done, 50)); })()",
        face,
    )
    page.click(".fresh")
    page.wait_for_selector("#picker")
    assert page.locator(".recent .work").count() == 2
    page.click(".recent .work >> nth=1 >> .open")
    page.wait_for_selector("[data-action=undo]:not(:disabled)")
    assert studio.look("store.version.id") == painted
    other = another(studio)
    other.page.click(".fresh")
    other.page.wait_for_selector("#picker")
    assert other.page.locator(".recent .work").count() == 1, "not what tabs work on"
