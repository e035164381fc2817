"""The model that comes with the package, on portraits it has never seen."""

from __future__ import annotations

import io
import json
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelguide import cli
from pixelguide.demo import UNTOLD
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.portrait_edits import HELD_OUT_SEED, EditCase, portrait_edits
from pixelguide.images import load_rgb
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits import EDITS, LABELS, ODDITIES, add_oddity, portrait_at
from pixelguide.studio.routes.pages import PORTRAITS, portrait_png

MODEL = "portraits-64"


@pytest.fixture(scope="module")
def editor() -> Editor:
    return Editor.from_pretrained(MODEL, "cpu")


@pytest.fixture(scope="module")
def mouth() -> EditCase:
    """A held-out portrait whose mouth opens."""
    return next(case for case in portrait_edits(8) if case.edit.name == "open_mouth")


def test_it_is_a_model_of_64_pixel_portraits(editor: Editor) -> None:
    assert editor.size == 64
    assert editor.labels == LABELS


def test_none_of_the_studios_portraits_is_unlike_what_it_was_made_for(editor: Editor) -> None:
    for index in range(len(PORTRAITS)):
        editor.set_image(np.asarray(Image.open(io.BytesIO(portrait_png(index, 64)))))
        assert editor.familiarity().far == (), index


def test_an_opened_mouth_follows_the_map_and_nothing_else_changes(
    editor: Editor, mouth: EditCase
) -> None:
    editor.set_image(mouth.before.image)
    target, classes = mouth.repaint(editor.segment())
    settings = {"edit_classes": classes, "num_images": 2, "num_inference_steps": 50}
    guided = editor.edit(target, **settings)
    plain = editor.edit(target, **settings, **UNTOLD)
    for candidate in (*guided.candidates, *plain.candidates):
        assert candidate.changed_pixels_outside == 0
        outside = ~guided.roi
        assert candidate.image[outside].tobytes() == mouth.before.image[outside].tobytes()
    assert guided.best.roi_accuracy >= 0.9
    assert guided.best.roi_accuracy >= plain.best.roi_accuracy + 0.2


@pytest.mark.parametrize("name", ODDITIES)
def test_what_no_training_picture_shows_stays_as_it_is(
    editor: Editor, mouth: EditCase, name: str
) -> None:
    portrait = portrait_at(HELD_OUT_SEED, mouth.index)
    odd = add_oddity(mouth.before, portrait, name, np.random.default_rng(0))
    assert (odd.image != mouth.before.image).any()
    editor.set_image(odd.image)
    changed = (mouth.before.label_ids != mouth.after.label_ids) & (odd.label_ids != IGNORE)
    source = LabelMap(mouth.before.label_ids, LABELS)
    target = source.copy()
    target.ids[changed] = mouth.after.label_ids[changed]
    result = editor.edit(target, source=source, roi="changed", num_images=1, num_inference_steps=10)
    assert not result.roi.all()
    edited = result.best.image
    assert edited[~result.roi].tobytes() == odd.image[~result.roi].tobytes()
    assert (edited[result.roi] != odd.image[result.roi]).any()


def test_same_seed_same_bytes(editor: Editor, mouth: EditCase) -> None:
    runs = []
    for opened in (editor, Editor.from_pretrained(MODEL, "cpu")):
        opened.set_image(mouth.before.image)
        target, classes = mouth.repaint(opened.segment())
        result = opened.edit(
            target, edit_classes=classes, num_images=2, num_inference_steps=8, seed=11
        )
        runs.append([candidate.image.tobytes() for candidate in result.candidates])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]


def test_the_demo_runs_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a fifth of the steps: what 50 of them reach is tested above and told by `make demo`
    monkeypatch.setattr(Editor, "edit", partialmethod(Editor.edit, num_inference_steps=10))
    monkeypatch.setattr(Editor, "reconstruct", partialmethod(Editor.reconstruct, steps=10))
    out = tmp_path / "demo"
    arguments = ["demo", "--out", str(out), "--edits", "8", "--held-out", "8", "-n", "1"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--model", MODEL, "--device", "cpu"])
    assert not ended.value.code
    report = json.loads((out / "report.json").read_text())
    assert [case["edit"] for case in report["cases"]] == list(EDITS)
    changed = [case[run]["changed_pixels_outside"] for case in report["cases"]
               for run in ("guided", "scale_0")]  # fmt: skip
    assert changed == [0] * 16
    height, width = load_rgb(out / "contact-sheet.png").shape[:2]
    assert height > 8 * 128
    assert width > 6 * 128
