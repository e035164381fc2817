"""axe-core finds nothing to complain of, wherever one is on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .alone import ADDRESS, serve
from .chromium import StudioPage
from .group import group, jpeg

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])])"""


def violations(studio: StudioPage) -> list[object]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make test-browser does that")
    page = studio.page
    page.emulate_media(reduced_motion="reduce")  # colours on their way are no colours of the page
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(content=AXE.read_text())
    found: list[object] = page.evaluate(RUN)
    return found


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_painting_dialogs_and_menus_have_no_violation(
    new_page: Callable[..., StudioPage], scheme: str
) -> None:
    studio = new_page("", color_scheme=scheme, bypass_csp=True)
    serve(studio.page.context, 64)
    page = studio.page
    page.goto(ADDRESS)
    page.wait_for_selector("#picker")
    assert violations(studio) == [], "the picker"
    page.locator("#picker input[type=file]").set_input_files(
        [{"name": f"{k}.png", "mimeType": "image/png", "buffer": b"x"} for k in range(2)]
    )
    page.wait_for_selector("#batch-edit")
    assert violations(studio) == [], "several pictures"
    page.keyboard.press("Escape")
    page.wait_for_selector("#batch-edit", state="detached")
    page.click(".face")
    page.wait_for_selector("#plan .hint")
    assert violations(studio) == [], "a picture"
    studio.choose_class("glasses")
    studio.drag((10.5, 10.5), (20.5, 10.5))
    page.click("#settings summary")
    page.locator('[data-colour="glasses"]').fill("#2040c0")
    assert violations(studio) == [], "painted, with a colour"
    page.click("#history")
    assert violations(studio) == [], "the history"
    page.keyboard.press("Escape")
    page.click("#keep-preset")
    assert violations(studio) == [], "a name for settings"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click("#files")
    assert violations(studio) == [], "the menu"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("dialog .keys")
    assert violations(studio) == [], "the help"
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 800})
    assert violations(studio) == [], "a phone"


QUEUED = """(() => {
  const { version, state } = store;
  const run = (seed, progress) => ({ job: "1", state: "running", progress, problem: null,
    settings: { ...state.settings, seed }, classes: [], request: {}, colours: {}, edits: [],
    roi: state.plan.roi, target: version.map, outcome: null, chosen: 0, strength: 1, back: null });
  version.run = run(0, { stage: "edit", done: 2, total: 6 });
  version.queue = [
    run(1, { stage: "queued", done: 0, total: 1, position: 1 }),
    run(2, { stage: "queued", done: 0, total: 1, position: 2 }),
  ];
  store.set({ stage: "result" });
  store.touch(["run"]);
})()"""
"""An edit that runs, and two that wait."""


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_queue_has_no_violation(new_page: Callable[..., StudioPage], scheme: str) -> None:
    studio = new_page("", color_scheme=scheme, bypass_csp=True)
    serve(studio.page.context, 64)
    page = studio.page
    page.goto(ADDRESS)
    page.click(".face")
    page.wait_for_selector("#plan .hint")
    studio.look(QUEUED)
    page.wait_for_selector(".queue li >> nth=1")
    assert violations(studio) == [], "the queue"
    page.set_viewport_size({"width": 320, "height": 640})
    assert violations(studio) == [], "the queue at 400 %"


def test_a_photograph_and_its_results_have_no_violation(
    server: object, new_page: Callable[..., StudioPage]
) -> None:
    studio = new_page(server.address, bypass_csp=True)  # type: ignore[attr-defined]
    page = studio.page
    page.locator("#picker input[type=file]").set_input_files(
        {"name": "group.jpg", "mimeType": "image/jpeg", "buffer": jpeg(group())}
    )
    page.wait_for_selector("#use-part")
    assert violations(studio) == [], "the part"
    page.click("#use-part")
    page.wait_for_selector("#plan .hint")
    studio.choose_class("glasses")
    studio.drag((20.5, 30.5), (44.5, 30.5))
    studio.set(num_images=2, num_inference_steps=2)
    studio.run()
    page.wait_for_selector("#keep")
    page.click("[data-compare=slider]")
    assert violations(studio) == [], "candidates"
    page.click("#how")
    assert violations(studio) == [], "how it was made"
