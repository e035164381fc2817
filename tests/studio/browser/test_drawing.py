"""Only what has changed is drawn again, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .chromium import StudioPage

pytestmark = pytest.mark.browser

DIFFERING = """(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const context = stage.canvas.getContext("2d");
  const seen = () =>
    context.getImageData(0, 0, stage.canvas.width, stage.canvas.height).data;
  await frame();
  await frame();
  const before = seen();
  stage.draw();
  await frame();
  await frame();
  return seen().reduce((sum, value, k) => sum + Number(Math.abs(value - before[k]) > 8), 0);
})()"""
"""How many values of the canvas differ visibly from those that it has once all is drawn (a clip
may round the rims of thin lines otherwise)."""
DRAWN = """(() => {
  const areas = window.areas = [];
  const { rect } = CanvasRenderingContext2D.prototype;
  let asked = null;
  CanvasRenderingContext2D.prototype.rect = function (x, y, width, height) {
    if (this.canvas === stage.canvas) asked = width * height;
    rect.call(this, x, y, width, height);
  };
  const { clip } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clip = function (...args) {
    if (this.canvas === stage.canvas && args.length === 0) areas.push(asked);
    clip.apply(this, args);
  };
})()"""
"""Notes how many pixels each clip of the canvas holds."""


@pytest.mark.parametrize(
    ("zoom", "outlined", "ratio"), [(1.0, False, 1.0), (0.3, True, 1.5), (7.0, True, 1.0)]
)
def test_a_stroke_leaves_nothing_behind(
    open_alone: Callable[..., StudioPage], zoom: float, outlined: bool, ratio: float
) -> None:
    studio = open_alone(64, device_scale_factor=ratio)
    page = studio.page
    studio.choose_class("glasses")
    studio.drag((20.5, 30.5), (30.5, 30.5))  # so that there is a region with a line around
    studio.look(f"stage.zoom({zoom}), store.set({{ outlined: {str(outlined).lower()} }})")
    studio.choose_class("hair")
    mouse = page.mouse
    mouse.move(*studio.at(28.3, 28.7))
    assert studio.look(DIFFERING) == 0, "the tip alone"
    mouse.down()
    for x, y in ((30.2, 30.8), (33.9, 31.1), (34.4, 36.2)):
        mouse.move(*studio.at(x, y), steps=3)
        assert studio.look(DIFFERING) == 0, "while it is painted"
    mouse.up()
    mouse.move(*studio.at(40, 40), steps=3)
    assert studio.look(DIFFERING) == 0, "painted"
    page.keyboard.press("e")
    studio.drag((33.9, 31.1), (34.4, 36.2))
    assert studio.look(DIFFERING) == 0, "erased"
    page.keyboard.press("f")
    mouse.move(*studio.at(24, 44), steps=3)
    assert studio.look(DIFFERING) == 0, "another tool"
    assert studio.errors == []


def test_a_stroke_draws_no_more_than_is_around_it(open_alone: Callable[..., StudioPage]) -> None:
    studio = open_alone(64)
    studio.choose_class("glasses")
    studio.page.mouse.move(*studio.at(20.5, 20.5))
    studio.page.mouse.down()
    studio.look(DRAWN)
    studio.page.mouse.move(*studio.at(22.5, 20.5), steps=4)
    studio.look("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    areas, whole = studio.look("[window.areas, stage.canvas.width * stage.canvas.height]")
    assert areas
    assert 0 < max(areas) < whole / 8
