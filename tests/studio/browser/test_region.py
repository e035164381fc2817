"""What will change is what one means: the parts that were touched, and those taken in or out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pixelguide.guidance.region import dilate
from pixelguide.portraits import LABELS

from .chromium import StudioPage, pixels

pytestmark = pytest.mark.browser

EYE = LABELS.ids(("eye white", "iris"))


def move_one_eye(studio: StudioPage) -> None:
    """The left one a little up, so that its class is edited and the other eye is not."""
    studio.open_portrait(4)
    eye = np.isin(studio.ids(), EYE)
    eye[:, 32:] = False
    y, x = np.argwhere(eye).mean(0) + 0.5
    studio.page.keyboard.press("g")
    studio.drag((x, y), (x, y - 4))


def columns(studio: StudioPage) -> set[bool]:
    """Whether the region has pixels in the left and in the right half of the map."""
    chosen = np.array(list(studio.look("[...store.state.plan.chosen]"))).reshape(64, 64)
    return {bool(half) for half, side in ((0, chosen[:, :32]), (1, chosen[:, 32:])) if side.any()}


def test_one_eye_moves_and_the_other_is_taken_in_and_out(studio: StudioPage) -> None:
    page = studio.page
    move_one_eye(studio)
    page.click("[data-reach=parts]")
    assert columns(studio) == {False}, "the eye that was touched"
    page.click(".islands [aria-pressed=false] >> nth=0")
    before = len(page.locator(".islands .chip").all())
    assert columns(studio) == {False, True}, "and the other, when it is taken in"
    for chip in page.locator(".islands [aria-pressed=false]").all():
        chip.click()
    assert page.locator(".islands .chip").count() == before
    page.keyboard.press("r")
    right = np.isin(studio.ids(), EYE)
    right[:, :32] = False
    y, x = np.argwhere(right).mean(0) + 0.5
    page.mouse.click(*studio.at(x, y))
    assert columns(studio) == {False}, "by a click on the picture too"
    page.mouse.click(*studio.at(x, y))
    assert columns(studio) == {False, True}
    assert studio.look("store.state.plan.own")
    with page.expect_request("**/api/jobs") as sent:
        studio.set(num_images=1, num_inference_steps=2)
        page.click("#run")
    asked = json.loads(sent.value.post_data)
    chosen = np.array(list(studio.look("[...store.state.plan.chosen]"))).reshape(64, 64) > 0
    page.wait_for_selector("#keep")
    job = studio.look("store.version.run.job")
    roi = pixels(studio.get(f"/api/results/{job}/roi.png")) > 0
    dilation = studio.look("store.state.category.defaults.dilation")
    assert asked["region"]
    assert (roi == dilate(chosen, dilation)).all(), "what was shown is what the model got"


def test_without_what_was_painted_there_is_nothing_to_edit(studio: StudioPage) -> None:
    page = studio.page
    move_one_eye(studio)
    page.click("[data-reach=parts]")
    for _ in range(page.locator(".islands [aria-pressed=true]").count() or 0):
        page.click(".islands [aria-pressed=true] >> nth=0")
    if page.locator(".islands").count():
        assert page.is_disabled("#run")
        assert "Take in what you painted" in page.inner_text("#plan")
