"""The worker's runner with a real editor, and the built-in model through a whole Studio."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from model_folders import write_portrait_category
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.photo.paste_back import grey
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.segment.picture_statistics import PictureStatistics, Range
from pixelguide.studio import task_runner
from pixelguide.studio.app import create_app
from pixelguide.studio.category import Category
from pixelguide.studio.messages import (
    Cancelled,
    EditOutcome,
    EditTask,
    SegmentOutcome,
    SegmentTask,
    TaskRunner,
)
from pixelguide.studio.opening import open_editor
from pixelguide.studio.services import open_services
from pixelguide.studio.worker import data_url
from studio.conftest import POLICY, Studio

PICTURE = render(portrait_at(7, 0), 32).image


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> TaskRunner:
    folder = write_portrait_category(tmp_path_factory.mktemp("model") / "category")
    return open_editor(str(folder), "cpu", lambda state: None)


def _task(**changes: Any) -> EditTask:
    source = np.full((32, 32), 4, np.uint8)
    target = source.copy()
    target[20:24, 10:20] = 11
    settings = {"num_images": 2, "num_inference_steps": 4, "start_timestep": 300}
    fields = {"source": source, "target": target, "classes": ("lips",), "settings": settings}
    return EditTask(1, "a", PICTURE, **{**fields, **changes})  # type: ignore[arg-type]


def test_an_edit_recolours(runner: TaskRunner) -> None:
    source = np.full((32, 32), 4, np.uint8)
    source[4:12] = 5
    settings = {"colours": {"hair": "#2040c0"}}
    for pixels in (PICTURE, grey(PICTURE)):
        task = EditTask(1, str(pixels.sum()), pixels, source, source.copy(), None, settings)
        outcome = runner.perform(task, lambda state: None)
        assert isinstance(outcome, EditOutcome)
        assert len(outcome.images) == 1
        assert np.abs(outcome.images[0][5:11].mean((0, 1)) - (0x20, 0x40, 0xC0)).max() < 16
        assert outcome.report["settings"]["colours"] == {"hair": "#2040c0"}
        assert outcome.scores[0]["colours"]["hair"]["asked"] is True


def test_segment_reads_a_map(runner: TaskRunner) -> None:
    outcome = runner.perform(SegmentTask(1, "a", PICTURE), lambda state: None)
    assert isinstance(outcome, SegmentOutcome)
    assert outcome.ids.shape == (32, 32)
    assert (outcome.ids < len(LABELS)).all()
    assert 0 <= outcome.uncertainty <= 1


def test_segment_says_how_usual_the_picture_is_where_the_model_can_tell(
    runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = runner.perform(SegmentTask(1, "a", PICTURE), lambda state: None)
    assert isinstance(outcome, SegmentOutcome)
    assert outcome.familiarity is None, "this model was not measured"
    usual = Range(median=0, highest=0)
    statistics = PictureStatistics(denoising=usual, pictures=3)
    monkeypatch.setattr(runner._editor, "statistics", statistics)  # type: ignore[attr-defined]
    outcome = runner.perform(SegmentTask(2, "noise", PICTURE), lambda state: None)
    assert isinstance(outcome, SegmentOutcome)
    assert outcome.familiarity is not None
    assert outcome.familiarity["far"] == ("denoising",)
    json.dumps(outcome.familiarity)


def test_edit_gives_what_the_editor_gives(runner: TaskRunner) -> None:
    states: list[dict[str, Any]] = []
    outcome = runner.perform(_task(), states.append)
    assert isinstance(outcome, EditOutcome)
    assert outcome.images.shape == (2, 32, 32, 3)
    assert np.array_equal(outcome.images[0][~outcome.roi], PICTURE[~outcome.roi])
    assert outcome.roi[20:24, 10:20].all()
    assert [score["changed_pixels_outside"] for score in outcome.scores] == [0, 0]
    assert outcome.scores[outcome.best]["roi_loss"] == min(s["roi_loss"] for s in outcome.scores)
    assert outcome.report["settings"]["edit_classes"] == ["lips"]
    json.dumps(outcome.report)
    previews = [state["preview"] for state in states if state.get("preview") is not None]
    assert previews
    assert data_url(previews[-1][0]).startswith("data:image/png;base64,")


def test_edits_of_a_grey_picture_are_grey_while_they_form_and_when_they_are_done(
    runner: TaskRunner,
) -> None:
    states: list[dict[str, Any]] = []
    task = replace(_task(), picture="grey", pixels=grey(PICTURE))
    outcome = runner.perform(task, states.append)
    assert isinstance(outcome, EditOutcome)
    assert np.array_equal(outcome.images[0][~outcome.roi], task.pixels[~outcome.roi])
    assert (outcome.images[0] != task.pixels).any()
    shown = [state["preview"] for state in states if state.get("preview") is not None]
    for images in (outcome.images, *shown):
        assert (images == images[..., :1]).all()


def test_picture_is_set_once(runner: TaskRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    set_pictures: list[Any] = []
    before = Editor.set_image

    def counted(editor: Editor, image: Any) -> None:
        set_pictures.append(image)
        before(editor, image)

    monkeypatch.setattr(Editor, "set_image", counted)
    for picture in ("b", "b", "c"):
        runner.perform(SegmentTask(1, picture, PICTURE), lambda state: None)
    assert len(set_pictures) == 2


def test_cancelled_edit_leaves_the_runner_usable(runner: TaskRunner) -> None:
    def stop(state: dict[str, Any]) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        runner.perform(_task(), stop)
    assert isinstance(runner.perform(_task(), lambda state: None), EditOutcome)


def test_nothing_to_edit_is_an_error_of_ours(runner: TaskRunner) -> None:
    with pytest.raises(InputError, match="nothing to edit"):
        runner.perform(_task(target=np.full((32, 32), 4, np.uint8)), lambda state: None)


def test_built_in_model_from_portrait_to_edit(tmp_path: Path) -> None:
    category = Category.open("portraits-64")
    runner = partial(open_editor, "portraits-64", "cpu")
    with (
        open_services(category, runner, tmp_path) as services,
        TestClient(create_app(services, POLICY), base_url="http://127.0.0.1:8000") as client,
    ):
        studio = Studio(services, client)
        picture = client.post("/api/pictures", json={"portrait": 0}).json()["picture"]
        read = studio.wait(studio.submit({"kind": "segment", "picture": picture}))
        source = read["result"]["map"]
        label_map = services.files.label_map(source)
        eyes = np.isin(label_map.ids, LABELS.ids(["eyes"]))
        assert eyes.any()
        label_map.ids[eyes] = LABELS.id("closed eyelid")
        (target,) = services.files.add(("map", _png(label_map)))
        request = {"kind": "edit", "picture": picture, "source": source, "target": target}
        settings = {"num_images": 2, "num_inference_steps": 4, "seed": 1}
        job = studio.submit({**request, "classes": ["eyes"], "settings": settings})
        events = studio.events(job)
        assert events[-1][0] == "done"
        shown = [json.loads(data) for name, data in events if name == "progress"]
        assert any(len(step["previews"]) == 2 for step in shown)
        result = studio.job(job)["result"]
        assert [c["changed_pixels_outside"] for c in result["candidates"]] == [0, 0]
        assert result["report"]["settings"]["model"] == client.get("/api/category").json()["model"]
        roi = np.asarray(studio.image(result["roi"])) > 0
        for candidate in result["candidates"]:
            edited = np.asarray(studio.image(candidate["url"]))
            differs = (edited != services.files.picture(picture)).any(-1)
            assert differs[roi].any()
            assert not differs[~roi].any()


def _png(label_map: Any) -> bytes:
    from pixelguide.studio.stored_files import png

    return png(label_map.to_image())


def test_the_report_says_what_may_change(runner: TaskRunner) -> None:
    outcome = runner.perform(_task(), lambda state: None)
    assert isinstance(outcome, EditOutcome)
    region = outcome.report["region"]
    assert region["classes"] == ["face", "lips"]
    assert region["text"].startswith("face and lips: ")
    assert region["share"] == pytest.approx(outcome.roi.mean(), abs=1e-4)


def test_candidates_say_whether_they_are_likely_where_the_model_can_tell(
    runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = runner.perform(_task(), lambda state: None)
    assert isinstance(plain, EditOutcome)
    assert "unlikely" not in plain.scores[0]
    usual = Range(median=1000, highest=1000)
    monkeypatch.setattr(
        runner._editor,
        "statistics",
        PictureStatistics(denoising=usual, pictures=3),  # type: ignore[attr-defined]
    )
    outcome = runner.perform(_task(), lambda state: None)
    assert isinstance(outcome, EditOutcome)
    assert [score["unlikely"] for score in outcome.scores] == [False, False]
    assert all(0 < score["oddity"] < 1 for score in outcome.scores)
    agreement = _task(
        settings={
            "num_images": 2,
            "num_inference_steps": 4,
            "start_timestep": 300,
            "rank": "agreement",
        }
    )
    by_map = runner.perform(agreement, lambda state: None)
    assert isinstance(by_map, EditOutcome)
    assert "oddity" not in by_map.scores[0]


def test_spare_work_begins_an_edit_and_leaves_the_picture(
    runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = runner.perform(SegmentTask(1, "spared", PICTURE), lambda state: None)
    told: list[dict[str, Any]] = []

    def stop(state: dict[str, Any]) -> None:
        told.append(state)
        raise Cancelled

    monkeypatch.setattr(task_runner, "_stop", stop)
    assert len(list(runner.spare_work())) >= 2
    assert [state["preview"].shape for state in told] == [(4, 32, 32, 3)]
    assert (runner._editor.image == PICTURE).all()  # type: ignore[attr-defined]
    after = runner.perform(SegmentTask(2, "spared", PICTURE), lambda state: None)
    assert (before.ids == after.ids).all()  # type: ignore[union-attr]
