"""The faces that come with the package, on faces of nobody: samples of its own prior."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb
from pixelguide.prior.bundle import built_in_models
from recipes.face_maps import EDITS

SIZE = 64


@pytest.fixture(scope="module")
def editor() -> Editor:
    """A clear face is its picture: the third of the sheet."""
    editor = Editor.from_pretrained("faces-64", "cpu")
    sheet = load_rgb(built_in_models()["faces-64"] / "samples.png")
    editor.set_image(np.ascontiguousarray(sheet[:SIZE, 2 * SIZE : 3 * SIZE]))
    return editor


def test_the_parts_of_a_face_are_where_they_belong(editor: Editor) -> None:
    known = editor.segment()
    assert known.labels.names == ("background", "skin", "hair", "eyes", "nose", "mouth")
    rows = {
        name: np.nonzero(known.ids == known.labels.id(name))[0].mean()
        for name in ("eyes", "nose", "mouth")
    }
    assert rows["eyes"] < rows["nose"] < rows["mouth"]
    assert editor.statistics.eyes is not None
    for x, y in editor.statistics.eyes:
        assert 0.2 < x < 0.8
        assert 0.3 < y < 0.5


def test_a_repainted_part_changes_and_nothing_else(editor: Editor) -> None:
    known = editor.segment()
    target = EDITS["bigger eyes"](known)
    settings = {"source": known, "num_images": 1, "seed": 0}
    guided = editor.edit(target, **settings)
    plain = editor.edit(target, guidance_scale=0.0, **settings)
    assert guided.settings["edit_classes"] == ["eyes"]
    assert guided.best.changed_pixels_outside == 0
    assert np.array_equal(guided.best.image[~guided.roi], editor.image[~guided.roi])
    assert guided.best.roi_accuracy > plain.best.roi_accuracy + 0.05


def test_a_coloured_photograph_is_read_and_changed_by_its_lightness(editor: Editor) -> None:
    own = Editor.from_pretrained("faces-64", "cpu")
    assert own.statistics.grey
    tint = np.array([1.0, 0.8, 0.6])
    photo = np.rint(editor.image.repeat(3, 0).repeat(3, 1) * tint).astype(np.uint8)
    own.set_image(photo, crop="auto")
    assert (own.image == own.image[..., :1]).all()
    target = EDITS["narrow mouth"](own.segment())
    result = own.edit(target, num_images=1, num_inference_steps=2, start_timestep=200)
    new = result.photograph().astype(int)
    changed = (new != photo).any(-1)
    assert changed.any()
    # the colour is that of the painted class nearby, which here has one tint everywhere
    bright = changed & ((new > 40) & (new < 255)).all(-1)
    ratios = np.median(new[bright] / new[bright][:, :1], axis=0)
    assert ratios == pytest.approx(tint, abs=0.03)
