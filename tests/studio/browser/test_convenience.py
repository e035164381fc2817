"""What people expect beside: a history to go back in, settings kept under names, parts taken by a
click, results copied, dragged out and put on one sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pixelguide.portraits import LABELS

from .chromium import StudioPage, pixels

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


def test_a_click_takes_the_connected_part_of_a_class(open_alone: Callable[..., StudioPage]) -> None:
    studio = open_alone(64)
    page = studio.page
    studio.choose_class("glasses")
    studio.drag((10.5, 10.5), (20.5, 10.5))
    page.keyboard.press("r")
    rows, columns = np.nonzero(studio.ids() == LABELS.id("lips"))
    at = int(rows[0]), int(columns[0])
    chosen = "store.state.plan.chosen[argument]"
    pixel = 64 * at[0] + at[1]
    assert studio.look(chosen, pixel) == 0
    page.mouse.click(*studio.at(at[1] + 0.5, at[0] + 0.5))
    assert studio.look(chosen, pixel) == 1
    assert studio.look("store.state.plan.own")
    taken = np.array(studio.look("[...store.state.plan.chosen]")).reshape(64, 64) > 0
    assert set(np.unique(studio.ids()[taken])) == {GLASSES, LABELS.id("lips")}
    page.mouse.click(*studio.at(at[1] + 0.5, at[0] + 0.5))
    assert studio.look(chosen, pixel) == 0


def test_results_are_copied_dragged_out_and_put_on_a_sheet(studio: StudioPage) -> None:
    page = studio.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio.open_portrait(4)
    page.click("[data-starter=open_mouth]")
    studio.set(num_images=2, num_inference_steps=2)
    job = studio.run()
    page.wait_for_selector("#keep")
    sheet = pixels(studio.download("save-sheet"))
    assert sheet.shape == (8 + 222, 8 + 3 * 200, 3)
    assert len(np.unique(sheet[8:200, 208:400].reshape(-1, 3), axis=0)) > 100
    dragged = studio.look(
        """(() => { const dataTransfer = new DataTransfer();
          document.querySelectorAll(".card")[1].dispatchEvent(
            new DragEvent("dragstart", { dataTransfer, bubbles: true }));
          return dataTransfer.getData("DownloadURL"); })()"""
    )
    assert dragged.startswith("image/png:portrait-5-edit-2.png:http")
    assert dragged.endswith(f"/api/results/{job}/1.png")
    shown = pixels(studio.download("save-picture"))
    page.focus("#canvas")
    page.keyboard.press("Control+c")
    size = studio.look(
        """(async () => { for (;;) {
          const items = await navigator.clipboard.read().catch(() => []);
          if (items[0]?.types.includes("image/png")) {
            const { width, height } = await createImageBitmap(await items[0].getType("image/png"));
            return [width, height]; }
          await new Promise((done) => setTimeout(done, 50)); } })()"""
    )
    assert size == [shown.shape[1], shown.shape[0]]
    page.keyboard.press("Control+v")
    page.wait_for_selector("#plan .hint")
    studio.look(
        "(async () => { while (store.version.run || !store.version.map)"
        " await new Promise((done) => setTimeout(done, 50)); })()"
    )
    assert studio.look("store.state.versions.length") == 1, "what is pasted is new work"
