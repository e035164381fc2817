"""Painting the map with every tool, by mouse, keyboard and fingers."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.portraits import LABELS

from .chromium import StudioPage, pixels

pytestmark = pytest.mark.browser

LIPS, FACE, NOSE, IRIS, WHITE = (
    LABELS.id(n) for n in ("lips", "face", "nose", "iris", "eye white")
)


@pytest.fixture
def open_portrait(studio: StudioPage) -> StudioPage:
    studio.open_portrait(4)
    return studio


def test_a_stroke_is_painted_undone_redone_and_erased(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before = studio.ids()
    studio.choose_class("glasses")
    studio.drag((20.5, 30.5), (40.5, 30.5))
    painted = studio.ids()
    assert (painted[30, 20:41] == LABELS.id("glasses")).all()
    studio.page.keyboard.press("z")
    assert (studio.ids() == before).all()
    studio.page.keyboard.press("Shift+Z")
    assert (studio.ids() == painted).all()
    studio.page.keyboard.press("e")
    studio.drag((15.5, 30.5), (45.5, 30.5))
    assert (studio.ids() == before).all()


def test_what_will_change_is_shown_before_running(open_portrait: StudioPage) -> None:
    studio = open_portrait
    assert studio.page.is_disabled("#run")
    studio.choose_class("lips")
    studio.drag((30.5, 52.5), (34.5, 52.5))
    chips = studio.page.locator("#plan [data-chip]")
    assert chips.all_inner_texts() == ["face", "lips"]
    assert chips.nth(0).get_attribute("aria-pressed") == "false", "the ground stays"
    studio.page.click("[data-reach=parts]")
    small = studio.look("store.state.plan.pixels")
    studio.page.click("[data-reach=classes]")
    chips.nth(0).click()
    assert studio.look("store.state.plan.pixels") > 2 * small
    studio.page.click("[data-reach=changed]")
    assert studio.look("store.state.plan.pixels") < small + 1
    assert studio.page.is_enabled("#run")


def test_a_part_is_moved_and_the_hole_closes(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before = studio.ids()
    eye = np.isin(before, (IRIS, WHITE))
    eye[:, 32:] = False
    y, x = np.argwhere((before == IRIS) & eye).mean(0) + 0.5
    studio.page.keyboard.press("g")
    studio.drag((x, y), (x, y + 12))
    after = studio.ids()
    moved = np.roll(eye, 12, axis=0)
    assert (after[moved] == np.roll(before, 12, axis=0)[moved]).all()
    left = eye & ~moved
    assert not np.isin(after[left], (IRIS, WHITE)).any()
    assert (after[~eye & ~moved] == before[~eye & ~moved]).all()
    studio.page.keyboard.press("ArrowRight")
    assert (studio.ids()[np.roll(moved, 1, axis=1)] == after[moved]).all()
    for _ in range(2):
        studio.page.keyboard.press("z")
    assert (studio.ids() == before).all()


def test_a_part_is_scaled_turned_and_warped_by_its_handles(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before = studio.ids()
    nose = np.argwhere(before == NOSE)
    left, (bottom, right) = nose[:, 1].min(), nose.max(0) + 1
    studio.page.keyboard.press("g")
    studio.drag(((left + right) / 2, bottom - 2), ((left + right) / 2, bottom - 2))
    studio.page.click("text=One class")
    studio.drag(((left + right) / 2, bottom - 2), ((left + right) / 2, bottom - 2))
    studio.drag((right, bottom), (right + 5, bottom + 5))
    assert (studio.ids() == NOSE).sum() > 1.3 * len(nose)
    studio.page.keyboard.press("z")
    assert (studio.ids() == before).all()
    studio.drag(((left + right) / 2, bottom - 2), ((left + right) / 2, bottom - 2))
    studio.page.click("text=Warp")
    studio.drag((right, bottom), (right + 6, bottom + 2))
    warped = studio.ids()
    assert (warped[bottom:, right:] == NOSE).any()
    assert set(np.unique(warped)) <= set(np.unique(before))


def test_shapes_lasso_fill_and_eyedropper(open_portrait: StudioPage) -> None:
    studio = open_portrait
    page = studio.page
    studio.choose_class("glasses")
    page.keyboard.press("m")
    page.click("text=Rectangle")
    studio.drag((2.5, 3.5), (9.5, 7.5))
    assert (studio.ids()[3:8, 2:10] == LABELS.id("glasses")).all()
    page.keyboard.press("i")
    page.mouse.click(*studio.at(1.5, 1.5))
    assert studio.look("store.state.classId") == LABELS.id("background")
    page.keyboard.press("f")
    page.mouse.click(*studio.at(5.5, 5.5))
    assert not (studio.ids() == LABELS.id("glasses")).any()
    studio.choose_class("ear")
    page.keyboard.press("l")
    for corner in ((4, 4), (12, 4), (12, 12), (4, 12)):
        page.mouse.click(*studio.at(*corner))
    page.keyboard.press("Enter")
    assert (studio.ids()[4:12, 4:12] == LABELS.id("ear")).all()
    assert (studio.ids() == LABELS.id("ear"))[:16, :16].sum() == 64


def test_locked_classes_stay_and_hidden_ones_are_not_shown(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before = studio.ids()
    studio.page.hover('[data-class="nose"]')
    studio.page.click('[aria-label="Lock nose"]')
    studio.choose_class("lips")
    studio.page.keyboard.press("m")
    studio.page.click("text=Rectangle")
    studio.drag((20.5, 20.5), (44.5, 50.5))
    after = studio.ids()
    assert ((after == NOSE) == (before == NOSE)).all()
    assert (after[20:51, 20:45][before[20:51, 20:45] != NOSE] == LIPS).all()
    studio.page.hover('[data-class="lips"]')
    studio.page.click('[aria-label="Hide lips"]')
    shown = studio.look("[...stage.layers.canvas.getContext('2d').getImageData(22, 22, 1, 1).data]")
    assert shown[3] == 0


def test_the_keyboard_alone_paints(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before = studio.ids()
    studio.choose_class("glasses")
    studio.page.mouse.move(5, 5)
    studio.page.focus("#canvas")
    for _ in range(30):
        studio.page.keyboard.press("[")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        studio.page.keyboard.press(key)
    changed = np.argwhere(studio.ids() != before)
    assert changed.tolist() == [[33, 34]]


def test_two_fingers_zoom_and_paint_nothing(open_portrait: StudioPage) -> None:
    studio = open_portrait
    before, zoom = studio.ids(), studio.look("store.state.view.zoom")
    studio.look(
        """(() => {
          const box = stage.canvas.getBoundingClientRect();
          const send = (type, pointerId, x, y) => {
            const [clientX, clientY] = [box.x + x, box.y + y];
            const init = { pointerId, pointerType: "touch", bubbles: true, clientX, clientY };
            stage.canvas.dispatchEvent(new PointerEvent(type, init));
          };
          send("pointerdown", 1, 300, 300);
          send("pointerdown", 2, 400, 300);
          for (let x = 410; x <= 500; x += 10) send("pointermove", 2, x, 300);
          send("pointerup", 2, 500, 300);
          send("pointerup", 1, 300, 300);
        })()"""
    )
    assert studio.look("store.state.view.zoom") == pytest.approx(2 * zoom, rel=0.01)
    assert (studio.ids() == before).all()
    assert studio.page.is_disabled("[data-action=undo]")


def test_starters_repaint_the_map(open_portrait: StudioPage) -> None:
    studio = open_portrait
    assert not (studio.ids() == LABELS.id("mouth interior")).any()
    studio.page.click("[data-starter=open_mouth]")
    assert (studio.ids() == LABELS.id("mouth interior")).any()
    assert studio.page.locator("[data-starter=open_mouth]").count() == 0


def test_the_label_file_has_exactly_the_painted_ids_and_comes_back(
    open_portrait: StudioPage,
) -> None:
    studio = open_portrait
    studio.choose_class("glasses")
    studio.drag((10.5, 20.5), (50.5, 44.5))
    painted = studio.ids()
    content = studio.download("save-map")
    ids = pixels(content)
    assert (ids == painted).all()
    assert ids.max() < len(LABELS)
    studio.page.keyboard.press("z")
    with studio.page.expect_file_chooser() as chooser:
        studio.menu("import-map")
    chooser.value.set_files({"name": "map.png", "mimeType": "image/png", "buffer": content})
    studio.page.wait_for_selector("[data-action=undo]:not(:disabled)")
    assert (studio.ids() == painted).all()
