"""Several seeds wait for the model, each with a way to give it up."""

from __future__ import annotations

import pytest

from .chromium import StudioPage

pytestmark = pytest.mark.browser


def test_seeds_wait_in_a_queue_and_each_is_cancelled_alone(studio: StudioPage) -> None:
    page = studio.page
    studio.open_portrait(4)
    page.click("[data-starter=open_mouth]")
    studio.set(num_images=1, seed=3, num_inference_steps=60)
    first = studio.run()
    waiting = page.locator(".queue li")
    for count in range(3):
        page.wait_for_selector("#queue-seed:not(:disabled)")
        with page.expect_response(lambda answer: answer.status == 202):
            page.click("#queue-seed")
        assert waiting.count() == count + 1
    seeds = waiting.evaluate_all("rows => rows.map((row) => row.dataset.seed)")
    assert seeds == ["4", "5", "6"]
    page.click('.queue [data-seed="5"] button')
    page.wait_for_selector('.queue [data-seed="5"]', state="detached")
    assert waiting.count() == 2
    studio.saved()
    page.reload()
    page.wait_for_selector(".queue, .attempts", state="attached")
    studio.look(
        "(async () => { while (store.version.attempts.length < 3 || store.version.queue.length)"
        " await new Promise((done) => setTimeout(done, 100)); })()"
    )
    seeds = studio.look("store.version.attempts.map(({ settings }) => settings.seed)")
    assert sorted(seeds) == [3, 4, 6], "also after a reload"
    assert page.locator(".attempt").count() == 3
    page.click(".attempt >> nth=2")
    settings = studio.look("store.version.run.outcome.report.settings")
    assert settings["seed"] == 6
    assert studio.json(f"/api/jobs/{first}")["state"] == "done"
    assert not page.is_visible(".queue")
