"""320 pixels wide, or 400 % zoom: nothing is cut off, all can be reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .alone import ADDRESS, serve
from .chromium import StudioPage

pytestmark = pytest.mark.browser

UNREACHABLE = """async (within) => {
  const found = [];
  const controls = "button, input, select, summary, a[href]";
  for (const element of document.querySelectorAll(`${within} :is(${controls})`)) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.disabled) continue;
    element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (left < -0.5 || right > innerWidth + 0.5 || right - left < 1) {
      found.push(["cut", element.outerHTML]);
      continue;
    }
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const own = hit && (element.contains(hit) || hit.closest("label")?.contains(element));
    if (!own) found.push(["covered", element.outerHTML]);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push(["wide", "the page"]);
  return found;
}"""
"""Controls inside a part of the page that cannot be scrolled to and pressed."""


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640)])
def test_all_controls_can_be_reached(
    new_page: Callable[..., StudioPage], width: int, height: int
) -> None:
    studio = new_page("", viewport={"width": width, "height": height})
    serve(studio.page.context, 64)
    page = studio.page
    page.goto(ADDRESS)
    page.wait_for_selector("#picker .face")
    assert page.evaluate(UNREACHABLE, "#picker") == []
    page.locator("#picker input[type=file]").set_input_files(
        [{"name": f"{k}.png", "mimeType": "image/png", "buffer": b"x"} for k in range(2)]
    )
    page.wait_for_selector("#batch-edit")
    assert page.evaluate(UNREACHABLE, "dialog:last-of-type") == [], "several pictures"
    page.keyboard.press("Escape")
    page.wait_for_selector("#batch-edit", state="detached")
    page.click(".face")
    page.wait_for_selector("#plan .hint")
    studio.look(
        """import('/web/js/painting.js').then(({ repaint, settle }) => {
          const { ids } = store.version.map;
          repaint(store, ids.map((id, k) => (k > 640 && k < 700 ? 3 : id)), "brush");
          settle(store);
        })"""
    )
    page.click("#settings summary")
    assert page.evaluate(UNREACHABLE, "body") == [], "painted, with all settings"
    for opener, within in (
        ("#history", "[popover]:popover-open"),
        ("#files", "#files-menu"),
        ("#keep-preset", "dialog"),
    ):
        page.click(opener)
        page.wait_for_selector(within)
        assert page.evaluate(UNREACHABLE, within) == [], opener
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("dialog .keys")
    assert page.evaluate(UNREACHABLE, "dialog") == [], "the help"
    assert studio.errors == []
