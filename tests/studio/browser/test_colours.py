"""Colours of classes: by hand, from the picture, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pixelguide.portraits import LABELS

from .chromium import StudioPage, pixels

pytestmark = pytest.mark.browser

HAIR = LABELS.id("hair")


def test_a_class_takes_a_colour_by_hand_from_the_picture_or_none(studio: StudioPage) -> None:
    page = studio.page
    studio.open_portrait(4)
    studio.choose_class("hair")
    assert page.is_disabled("#run"), "nothing is painted, no colour asked for"
    before = pixels(studio.get(f"/api/pictures/{studio.look('store.version.picture')}.png"))
    hair = studio.ids() == HAIR
    own = before[hair].mean(0)
    shown = page.locator('[data-colour="hair"]').input_value()
    assert [int(shown[k : k + 2], 16) for k in (1, 3, 5)] == pytest.approx(own, abs=0.51)

    page.locator('[data-colour="hair"]').fill("#2040c0")
    assert page.is_enabled("#run")
    assert studio.look("store.state.plan.recoloured") == hair.sum()
    page.click('[data-keep-colour="hair"]')
    assert page.is_disabled("#run")

    rows, columns = np.nonzero(studio.ids() == LABELS.id("face"))
    middle = len(rows) // 2
    x, y = int(columns[middle]), int(rows[middle])
    page.click('[data-dropper="hair"]')
    assert page.get_attribute('[data-dropper="hair"]', "aria-pressed") == "true"
    page.mouse.click(*studio.at(x + 0.5, y + 0.5))
    taken = studio.look("store.version.colours.hair")
    mean = before[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(0)
    assert [int(taken[k : k + 2], 16) for k in (1, 3, 5)] == pytest.approx(mean, abs=0.51)
    assert studio.look("store.state.tool") == "brush", "the tool from before is back"

    page.locator('[data-colour="hair"]').fill("#2040c0")
    studio.saved()
    page.reload()
    page.wait_for_selector('[data-keep-colour="hair"]')
    with page.expect_request("**/api/jobs") as sent:
        page.click("#run")
    assert json.loads(sent.value.post_data)["settings"]["colours"] == {"hair": "#2040c0"}
    page.wait_for_selector("#keep")
    edited = pixels(studio.download("save-picture"))
    wanted = np.array([0x20, 0x40, 0xC0])
    assert np.abs(edited[hair].mean(0) - wanted).max() < np.abs(own - wanted).max() / 4
    assert (edited[:4, :4] == before[:4, :4]).all() or hair[:4, :4].any()
