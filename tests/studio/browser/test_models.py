"""Projects of other models, other languages: what the page offers, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .alone import ADDRESS, serve
from .chromium import StudioPage

pytestmark = pytest.mark.browser
PROJECT = {"name": "mine.pixelguide.zip", "mimeType": "application/zip", "buffer": b"PK"}
REFUSED = {
    "code": "bad_input",
    "message": "project: a project of another category",
    "hint": "This Studio edits 'stub'; it was made with 'other'.",
}


def test_a_project_of_another_model_offers_to_switch(new_page: Callable[..., StudioPage]) -> None:
    studio = new_page("")
    page = studio.page
    serve(page.context, 64)
    current, opened = ["stub"], []

    def models(route: Any) -> None:
        if route.request.method == "POST":
            current[:] = [json.loads(route.request.post_data)["name"]]
        known = [
            {"name": name, "current": name == current[0], "opening": None}
            for name in ("stub", "other")
        ]
        route.fulfill(json={"models": known})

    def unpack(route: Any) -> None:
        opened.append((current[0], route.request.post_data_buffer))
        if current == ["other"]:
            route.fulfill(json={"versions": [], "state": {}, "parts": []})
        else:
            route.fulfill(status=400, json=REFUSED)

    page.context.route("**/api/models", models)
    page.context.route("**/api/projects/unpack", unpack)
    page.goto(ADDRESS)
    for answer in ("stay", "switch"):
        page.wait_for_selector("#picker .face")
        page.locator("#picker input[type=file]").set_input_files(PROJECT)
        page.wait_for_selector("dialog:has-text('This project was made with the model other.')")
        assert current == ["stub"], "asked first"
        if answer == "stay":
            page.click("[data-answer=stay]")
            page.wait_for_selector("[data-answer=stay]", state="detached")
            assert current == ["stub"]
            continue
        with page.expect_navigation():
            page.click("[data-answer=switch]")
    assert current == ["other"]
    page.wait_for_selector(".notice.error:has-text('This project is empty.')")
    assert opened[-1] == ("other", b"PK"), "the file waited for the page of its model"


@pytest.mark.parametrize(
    ("locale", "tongue", "edit", "will_change"),
    [
        ("de-DE", "de", "Bearbeiten", "Ändert sich"),
        ("fr-FR", "fr", "Modifier", "Va changer"),
        ("es-ES", "en", "Edit", "Will change"),
    ],
)
def test_the_page_speaks_the_browser_s_language_or_the_chosen_one(
    new_page: Callable[..., StudioPage], locale: str, tongue: str, edit: str, will_change: str
) -> None:
    studio = new_page("", locale=locale)
    page = studio.page
    serve(page.context, 64)
    page.goto(ADDRESS)
    page.click(".face")
    page.wait_for_selector("#plan .hint")
    assert page.inner_text("#run") == edit
    assert page.locator("html").get_attribute("lang") == tongue
    studio.choose_class("glasses")
    studio.drag((10.5, 10.5), (20.5, 10.5))
    assert page.inner_text("#plan h2") == will_change
    studio.saved()
    page.click("#files")
    with page.expect_navigation():
        page.select_option("#files-menu select", "en")
    page.wait_for_selector("#plan h2")
    assert page.inner_text("#run") == "Edit", "and keeps what was chosen"
    assert studio.errors == []
