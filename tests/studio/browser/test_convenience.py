"""What people expect beside: a history to go back in, settings kept under names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pixelguide.portraits import LABELS

from .chromium import StudioPage

pytestmark = pytest.mark.browser

GLASSES = LABELS.id("glasses")


def test_the_history_names_the_steps_and_goes_to_each(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64)
    page = studio.page
    assert page.is_disabled("#history")
    studio.choose_class("glasses")
    studio.drag((10.5, 10.5), (20.5, 10.5))
    page.keyboard.press("m")
    studio.drag((30.5, 30.5), (40.5, 40.5))
    page.keyboard.press("f")
    page.mouse.click(*studio.at(5.5, 60.5))
    page.click("#history")
    steps = page.locator("#history-menu .steps button")
    names = steps.all_inner_texts()
    assert names == ["0. As it was read", "1. Brush", "2. Ellipse", "3. Fill"]
    assert page.inner_text("[aria-current=step]") == names[3]
    steps.nth(1).click()
    assert page.inner_text("[aria-current=step]") == names[1]
    assert (studio.ids()[10] == GLASSES).any()
    assert not (studio.ids()[35] == GLASSES).any()
    steps.nth(3).click()
    assert (studio.ids()[35] == GLASSES).any()
    steps.nth(0).press("Enter")
    assert not (studio.ids() == GLASSES).any()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Z")
    assert (studio.ids()[10] == GLASSES).any()


def test_settings_are_kept_under_a_name(open_alone: Callable[..., StudioPage]) -> None:
    studio = open_alone(64)
    page = studio.page
    studio.set(num_images=9, seed=5)
    page.click("#keep-preset")
    page.fill("#preset-name", "Many")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    studio.set(num_images=2, seed=6)
    studio.saved()
    page.reload()
    page.wait_for_selector("#plan .hint")
    page.click("#settings summary")
    page.select_option("#preset", "Many")
    settings = studio.look("store.state.settings")
    assert (settings["num_images"], settings["seed"]) == (9, 6), "a seed is of one picture"
    assert page.locator('#settings [name="num_images"]').input_value() == "9"
    page.click("#remove-preset")
    assert page.locator("#preset option").all_inner_texts() == ["Preset"]
