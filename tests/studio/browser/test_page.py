"""The page without a server: speed on a large canvas, contrast, small windows."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pixelguide.portraits import LABELS, portrait_at, render

from .chromium import StudioPage
from .conftest import crowding
from .contrast import faint_texts

pytestmark = pytest.mark.browser


@pytest.mark.slow  # a clock: no reason to stop a change on a busy machine
def test_a_brush_event_takes_less_than_a_frame_on_a_large_map(
    open_alone: Callable[..., StudioPage], record_property: Callable[[str, object], None]
) -> None:
    studio = open_alone(1024)
    studio.choose_class("glasses")
    for outlined in (False, True):
        milliseconds = studio.look(
            """(async () => {
              const options = { ...store.state.options, brushSize: 40 };
              store.set({ options, outlined: argument });
              const box = stage.canvas.getBoundingClientRect();
              const frame = () => new Promise((done) => requestAnimationFrame(done));
              const send = (type, x, y) => stage.canvas.dispatchEvent(new PointerEvent(type, {
                pointerId: 1, bubbles: true, clientX: box.x + x, clientY: box.y + y }));
              const context = stage.canvas.getContext("2d");
              const spent = [];
              send("pointerdown", 300, 120);
              for (let k = 1; k <= 120; k++) {
                await frame();
                // Frame callbacks run in the order they were asked for: the page's lies between.
                let drawing = 0;
                const starts = frame().then(() => (drawing = performance.now()));
                const asked = performance.now();
                send("pointermove", 300 + 2 * k, 260 + 120 * Math.sin(k / 9));
                const painted = performance.now() - asked;
                await Promise.all([starts, frame()]);
                context.getImageData(0, 0, 1, 1); // not recorded for later but drawn
                spent.push(painted + performance.now() - drawing);
              }
              send("pointerup", 300, 260);
              return spent;
            })()""",
            outlined,
        )
        median, high = np.percentile(milliseconds, [50, 95])
        record_property(f"median ms, outlined {outlined}", median)
        print(f"outlined {outlined}: median {median:.2f} ms, 95 % {high:.2f} ms")  # noqa: T201
        assert median < 16 * crowding()
    assert studio.look("store.version.map.counts()[argument]", LABELS.id("glasses")) > 10_000
    assert studio.errors == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_and_controls_stand_out_from_their_ground(
    open_alone: Callable[..., StudioPage], scheme: str
) -> None:
    """WCAG 2.2 AA: 4.5 : 1 for text (1.4.3), 3 : 1 for edges of controls (1.4.11)."""
    studio = open_alone(64, color_scheme=scheme)
    grounds = ("--ground", "--panel", "--raised")
    colours = {
        name: luminance(
            studio.look(
                f"getComputedStyle(document.documentElement).getPropertyValue('{name}').trim()"
            )
        )
        for name in (*grounds, "--text", "--soft", "--accent", "--on-accent", "--problem", "--edge")
    }
    for text in ("--text", "--soft", "--accent", "--problem"):
        for ground in grounds:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["--on-accent"], colours["--accent"]) >= 4.5
    for ground in grounds:
        assert contrast(colours["--edge"], colours[ground]) >= 3, ground
    page = studio.page
    page.hover('[data-class="hair"]')
    page.click("#settings summary")
    assert faint_texts(page) == []
    studio.choose_class("glasses")
    studio.drag((10.5, 10.5), (20.5, 10.5))
    page.keyboard.press("g")
    assert faint_texts(page) == []
    page.click("#files")
    assert faint_texts(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert faint_texts(page) == []


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", WCAG 2.2."""
    values = np.array(list(bytes.fromhex(colour.removeprefix("#")))) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def test_everything_fits_and_is_named_in_a_small_window(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64)
    frame = "#top *, #versions > *, #canvas, #run, #tools *, #edit *"
    for width, height in ((1024, 640), (640, 400), (400, 700)):
        studio.page.set_viewport_size({"width": width, "height": height})
        outside = studio.look(
            """[...document.querySelectorAll(argument)]
              .filter((element) => element.checkVisibility())
              .map((element) => [element.outerHTML, element.getBoundingClientRect()])
              .filter(([, box]) => box.right > innerWidth + 0.5 || box.left < -0.5
                || (innerWidth > 760 && box.bottom > innerHeight + 0.5))
              .map(([html]) => html)""",
            frame,
        )
        assert outside == [], width
        assert studio.look("store.state.view.zoom") > 2
    nameless = studio.look(
        """[...document.querySelectorAll("button, input, select, [role]")]
          .filter((element) => element.checkVisibility())
          .filter((element) => !element.textContent.trim() && !element.ariaLabel
            && !element.labels?.length && !element.getAttribute("aria-labelledby"))
          .map((element) => element.outerHTML)"""
    )
    assert nameless == []


def test_the_chosen_class_and_every_setting_can_be_seen_in_a_small_window(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64, viewport={"width": 1024, "height": 640})
    chosen = studio.page.locator("#classes [aria-checked=true]")
    listed = studio.page.locator("#classes").bounding_box()
    for name in ("glasses", "background"):
        studio.look(f"store.set({{ classId: {LABELS.id(name)} }})")
        box = chosen.bounding_box()
        assert chosen.inner_text() == name
        assert listed["y"] <= box["y"]
        assert box["y"] + box["height"] <= listed["y"] + listed["height"]
    studio.page.click("#settings summary")
    for field in studio.page.locator("#settings [name]").all():
        field.scroll_into_view_if_needed()
        box = field.bounding_box()
        assert box["y"] + box["height"] <= 640.5
        if field.evaluate("field => field.tagName") == "SELECT":
            assert field.evaluate("field => field.selectedOptions[0]?.text"), "no empty choice"


def test_tab_reaches_every_group_and_help_opens_by_key(
    open_alone: Callable[..., StudioPage],
) -> None:
    studio = open_alone(64)
    studio.page.keyboard.press("b")
    reached = set()
    for _ in range(40):
        studio.page.keyboard.press("Tab")
        reached.add(
            studio.look(
                "document.activeElement.closest(argument)?.id",
                "#top, #tools, #stage, #classes, #edit, #versions",
            )
        )
    assert reached >= {"top", "tools", "stage", "classes", "edit", "versions"}
    studio.page.focus("#tools [aria-checked=true]")
    studio.page.keyboard.press("ArrowDown")
    assert studio.look("store.state.tool") == "eraser"
    shown = studio.look("store.state.mapShown")
    studio.page.keyboard.press("V")  # Caps Lock
    assert studio.look("store.state.mapShown") != shown
    studio.page.keyboard.press("?")
    assert studio.page.is_visible("dialog .keys")
    studio.page.keyboard.press("Escape")
    studio.page.wait_for_selector("dialog", state="detached")


def test_saving_an_unedited_picture_keeps_its_bytes(open_alone: Callable[..., StudioPage]) -> None:
    studio = open_alone(64)
    content = studio.download("save-picture")
    with Image.open(io.BytesIO(content)) as image:
        saved = np.asarray(image.convert("RGB"))
    assert (saved == render(portrait_at(7, 0), 64).image).all()
