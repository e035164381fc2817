from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.methods import Outcome, Setup, finished, method, settings_of, stroke_guide
from pixelguide.images import save_png

FEW = {"num_inference_steps": 4, "start_timestep": 300}
ALL = ("guided", "unguided", "paste", "sdedit:t0=0.3,steps=4")


@pytest.fixture
def setup(editor: Editor) -> Setup:
    return Setup(editor, {2: np.array([200.0, 30.0, 30.0])}, num_images=2, settings=FEW)


def same(one: Outcome, other: Outcome) -> bool:
    return np.array_equal(one.images, other.images) and one.picked == other.picked


@pytest.mark.parametrize("text", ALL)
def test_outside_is_untouched_and_the_seed_decides(setup: Setup, task: EditTask, text: str) -> None:
    own = method(text, setup)
    assert own.name == text
    outcome = own.run(task, 0)
    assert outcome.images.dtype == np.uint8
    assert (outcome.images[:, ~task.roi] == task.image[~task.roi]).all()
    assert (outcome.images[:, task.roi] != task.image[task.roi]).any()
    assert same(own.run(task, 0), outcome)
    if text != "paste":
        assert len(outcome.images) == 2
        assert not same(own.run(task, 1), outcome)
    assert outcome.seconds is not None
    assert outcome.cpu_seconds is not None
    assert outcome.seconds >= 0
    assert outcome.cpu_seconds >= 0


def test_network_evaluations_count_every_picture_and_pass(setup: Setup, task: EditTask) -> None:
    made = {text: method(text, setup).run(task, 0).evaluations for text in ALL}
    # both candidates are scored by f_multi at two timesteps
    assert made["sdedit:t0=0.3,steps=4"] == 4 * 2 + 2 * 2
    assert made["paste"] == 0
    assert made["guided"] is not None
    assert made["guided"] >= 4 * 2 + 2 * 2
    assert not setup.editor._denoiser.unet._forward_pre_hooks, "nothing is left behind"


def test_guided_is_the_editor_with_the_task_s_region(setup: Setup, task: EditTask) -> None:
    outcome = method("guided:guidance_scale=30", setup).run(task, 5)
    setup.editor.set_image(task.image)
    result = setup.editor.edit(
        task.target, source=task.source, edit_classes=task.classes, num_images=2, seed=5,
        guidance_scale=30.0, dilation=1, **FEW,
    )  # fmt: skip
    assert np.array_equal(outcome.images, [own.image for own in result.candidates])
    assert outcome.picked == result.best.index


def test_unguided_is_scale_zero(setup: Setup, task: EditTask) -> None:
    plain = method("unguided", setup).run(task, 0)
    assert same(method("guided:guidance_scale=0", setup).run(task, 0), plain)
    assert not same(method("guided", setup).run(task, 0), plain)


def test_a_method_s_own_settings_come_first(setup: Setup, task: EditTask) -> None:
    few = method("unguided", setup).run(task, 0)
    more = method("unguided:num_inference_steps=6", setup).run(task, 0)
    assert few.evaluations is not None
    assert more.evaluations is not None
    assert more.evaluations > few.evaluations


def test_the_pick_has_the_lowest_loss(setup: Setup, task: EditTask) -> None:
    outcome = method("sdedit:t0=0.5,steps=4", setup).run(task, 0)
    setup.editor.set_image(task.image)
    scores = setup.editor.score(outcome.images, task.target, task.roi)
    assert outcome.picked == min(scores, key=lambda own: own.roi_loss).index


def test_paste_is_the_stroke_painting(setup: Setup, task: EditTask) -> None:
    (image,) = method("paste", setup).run(task, 0).images
    assert np.array_equal(image, stroke_guide(task, setup.colours))


def test_the_truth_is_the_upper_bound(setup: Setup, task: EditTask) -> None:
    assert np.array_equal(method("truth", setup).run(task, 0).images[0], task.truth)
    with pytest.raises(InputError, match="no true edit"):
        method("truth", setup).run(replace(task, truth=None), 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("magic", "unknown method 'magic'"),
        ("guided:speed=9", "speed"),
        ("guided:num_inference_steps=1", "num_inference_steps"),
        ("guided:seed=1", "setting 'seed'"),
        ("guided:50", "NAME=VALUE"),
        ("paste:t0=0.3", "setting 't0'"),
        ("paste:strokes=all", "strokes 'all'"),
        ("truth:x=1", "setting 'x'"),
        ("sdedit:1.5", "t0 1.5"),
        ("sdedit:0", "t0 0"),
        ("sdedit:half", "t0 half"),
        ("sdedit:0.3,steps=1", "1 steps"),
    ],
)
def test_what_is_no_method_is_refused_before_any_work(
    setup: Setup, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        method(text, setup)


def test_settings_are_numbers_where_they_look_like_it() -> None:
    assert settings_of("x", "a=1,b=0.5,c=ddim,d=null") == {"a": 1, "b": 0.5, "c": "ddim", "d": None}
    assert settings_of("x", "") == {}


def test_finished_pictures_are_taken_as_they_are(tmp_path: Path, task: EditTask) -> None:
    picture = np.random.default_rng(0).integers(0, 256, task.image.shape, np.uint8)
    save_png(tmp_path / "a-house.png", picture)
    outcome = finished("other", tmp_path).run(task, 0)
    assert np.array_equal(outcome.images, picture[None]), "also outside the ROI"
    assert outcome.seconds is None
    (tmp_path / "seconds.json").write_text(json.dumps({"a-house": 16.3}))
    assert finished("other", tmp_path).run(task, 0).seconds == 16.3


def test_finished_pictures_that_do_not_fit(tmp_path: Path, task: EditTask) -> None:
    with pytest.raises(InputError, match="no such folder"):
        finished("other", tmp_path / "none")
    with pytest.raises(InputError, match=r"a-house\.png"):
        finished("other", tmp_path).run(task, 0)
    save_png(tmp_path / "a-house.png", task.image[:8])
    with pytest.raises(InputError, match="picture of 16×8"):
        finished("other", tmp_path).run(task, 0)
    (tmp_path / "seconds.json").write_text('{"a": "long"}')
    with pytest.raises(InputError, match="not seconds"):
        finished("other", tmp_path)
