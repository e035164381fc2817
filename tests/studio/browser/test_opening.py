"""A model is being opened: the page names it and shows how far that is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .alone import ADDRESS, serve
from .chromium import StudioPage

pytestmark = pytest.mark.browser
EVENTS = """globalThis.EventSource = class extends EventTarget {
  constructor() { super(); globalThis.events = this; }
  close() {}
};"""
"""In place of the browser's own: the test says what the server sends, and when."""
SEND = """progress => events.dispatchEvent(
  new MessageEvent("progress", { data: JSON.stringify(progress) }))"""


def test_who_waits_for_a_map_sees_the_model_and_its_share(
    new_page: Callable[..., StudioPage],
) -> None:
    studio = new_page("")
    page = studio.page
    serve(page.context, 64)
    page.add_init_script(EVENTS)
    page.goto(ADDRESS)
    page.click(".face")
    page.wait_for_selector("#busy:has-text('Waiting for the model')")
    bar = page.locator("#busy").get_by_role("progressbar")
    for done, share in ((0, -1), (2, 0.4), (4, 0.8)):
        page.evaluate(SEND, {"job": "1", "stage": "open", "done": done, "total": 5})
        page.wait_for_selector("#busy:has-text('Opening the model stub')")
        assert bar.evaluate("bar => bar.position") == pytest.approx(share)
    page.evaluate(SEND, {"job": "1", "stage": "prepare", "done": 0, "total": 1})
    page.wait_for_selector("#busy:has-text('Reading the picture')")
    assert bar.evaluate("bar => bar.position") == -1
    assert studio.errors == []


def test_who_switches_the_model_sees_its_name_and_its_share(
    new_page: Callable[..., StudioPage],
) -> None:
    studio = new_page("")
    page = studio.page
    serve(page.context, 64)
    shares: list[dict[str, int] | None] = [{"done": 0, "total": 5}]
    switched = []

    def models(route: Any) -> None:
        if route.request.method == "POST":
            switched.append(json.loads(route.request.post_data))
            route.fulfill(status=200, content_type="application/json", body="{}")
            return
        opening = shares[-1] if switched else None
        known = [
            {"name": name, "current": (name == "other") == bool(switched), "opening": opening}
            for name in ("stub", "other")
        ]
        route.fulfill(
            status=200, content_type="application/json", body=json.dumps({"models": known})
        )

    page.context.route("**/api/models", models)
    page.goto(ADDRESS)
    page.wait_for_selector("#picker .face")
    page.keyboard.press("Escape")
    page.wait_for_selector("#picker", state="detached")
    page.select_option("#model", "other")
    bar = page.locator("#notices").get_by_role("progressbar", name="Opening the model other …")
    bar.wait_for()
    assert bar.evaluate("bar => bar.position") == -1, "nobody knows yet"
    shares.append({"done": 3, "total": 5})
    page.wait_for_selector("#notices progress[value]")
    assert bar.evaluate("bar => [bar.value, bar.max]") == [3, 5]
    with page.expect_navigation():
        shares.append(None)
    assert switched == [{"name": "other"}]
    assert studio.errors == []
