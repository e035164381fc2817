"""The colour faces that come with the package, on a face of nobody: a sample of their own prior."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb
from pixelguide.labels import LabelMap
from pixelguide.prior.bundle import built_in_models

SIZE = 128


@pytest.fixture(scope="module")
def editor() -> Editor:
    """The last of the second row of the sheet is a face in its own colours."""
    editor = Editor.from_pretrained("faces-128", "cpu")
    sheet = load_rgb(built_in_models()["faces-128"] / "samples.png")
    editor.set_image(np.ascontiguousarray(sheet[SIZE : 2 * SIZE, 3 * SIZE : 4 * SIZE]))
    return editor


def _raised_brows(known: LabelMap) -> LabelMap:
    target = known.copy()
    brows = known.ids == known.labels.id("eyebrow")
    target.ids[brows] = known.labels.id("face")
    target.ids[np.roll(brows, -4, 0)] = known.labels.id("eyebrow")
    return target


def test_it_is_no_larger_than_a_category_may_be() -> None:
    folder = built_in_models()["faces-128"]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 30e6


def test_the_parts_of_a_face_are_where_they_belong(editor: Editor) -> None:
    known = editor.segment()
    rows = {
        name: np.nonzero(known.ids == known.labels.id(name))[0].mean()
        for name in ("eyebrow", "iris", "nose", "lips", "neck")
    }
    assert list(rows) == sorted(rows, key=lambda name: float(rows[name]))
    assert editor.statistics.eyes is not None
    # FFHQ's framing, which the training pictures have
    assert np.allclose(editor.statistics.eyes, [(0.374, 0.475), (0.622, 0.475)], atol=0.01)
    assert not editor.statistics.grey


def test_a_repainted_part_changes_and_nothing_else(editor: Editor) -> None:
    known = editor.segment()
    settings = {"source": known, "num_images": 1, "seed": 0}
    guided = editor.edit(_raised_brows(known), **settings)
    assert guided.settings["edit_classes"] == ["eyebrow"]
    assert guided.best.changed_pixels_outside == 0
    assert np.array_equal(guided.best.image[~guided.roi], editor.image[~guided.roi])
    assert guided.best.roi_accuracy > 0.85


def test_it_is_guidance_that_changes_it(editor: Editor) -> None:
    """From the inversion; flat colours would bring most of the map by themselves."""
    known = editor.segment()
    guided, plain = (
        editor.edit(
            _raised_brows(known), source=known, num_images=1, seed=0, num_inference_steps=10,
            start_from="inversion", **scale,
        ).best.roi_accuracy
        for scale in ({}, {"guidance_scale": 0.0})
    )  # fmt: skip
    assert guided > plain + 0.02


def test_a_grey_category_reads_and_changes_a_photograph_by_its_lightness(editor: Editor) -> None:
    own = Editor.from_pretrained("faces-128", "cpu")
    own.statistics = own.statistics.model_copy(update={"grey": True})
    tint = np.array([1.0, 0.8, 0.6])
    lightness = editor.image.mean(-1, keepdims=True)
    photo = np.rint(lightness.repeat(2, 0).repeat(2, 1) * tint).astype(np.uint8)
    own.set_image(photo, crop=(0, 0, 2 * SIZE))
    assert (own.image == own.image[..., :1]).all()
    result = own.edit(
        _raised_brows(own.segment()), num_images=1, num_inference_steps=2, start_timestep=200
    )
    new = result.photograph().astype(int)
    changed = (new != photo).any(-1)
    assert changed.any()
    # the colour is that of the painted class nearby, which here has one tint everywhere
    bright = changed & ((new > 40) & (new < 255)).all(-1)
    ratios = np.median(new[bright] / new[bright][:, :1], axis=0)
    assert ratios == pytest.approx(tint, abs=0.03)
