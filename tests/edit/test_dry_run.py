"""What an edit would change, without making it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.dry_run import LINE
from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb
from pixelguide.labels import LabelMap
from pixelguide.portraits import portrait_at, render

QUICK: dict[str, Any] = {"num_inference_steps": 2, "start_timestep": 300, "num_images": 1}


def test_the_region_is_that_of_the_edit(
    editor: Editor, source: LabelMap, target: LabelMap, tmp_path: Path
) -> None:
    dry = editor.dry_run(target, source=source, **QUICK)
    result = editor.edit(target, source=source, **QUICK)
    assert np.array_equal(dry.roi, result.roi)
    assert dry.region == result.region == result.report()["region"]
    assert dry.settings.items() <= result.settings.items()
    report = dry.save(tmp_path / "dry")
    assert {path.name for path in (tmp_path / "dry").iterdir()} == {
        "roi.png", "preview.png", "dry-run.json",
    }  # fmt: skip
    assert report["roi_pixels"] == result.roi.sum()
    assert np.array_equal(load_rgb(tmp_path / "dry" / "roi.png")[..., 0] > 0, result.roi)


def test_the_preview_shows_the_region_as_it_is_and_the_rest_darker(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    dry = editor.dry_run(target, source=source, dilation=0)
    shown = dry.drawn()
    assert np.array_equal(shown[dry.roi], picture[dry.roi])
    line = (shown == LINE).all(-1)
    assert line.any()
    assert not line[dry.roi].any()
    rest = ~dry.roi & ~line
    assert np.array_equal(shown[rest], picture[rest] // 2)


def test_of_a_photograph_it_has_the_photograph_s_size_and_no_step_is_made(
    editor: Editor,
    picture: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.pad(picture.repeat(2, 0).repeat(2, 1), ((8, 0), (4, 12), (0, 0)))
    editor.set_image(whole, crop=(4, 8, 32))
    monkeypatch.setattr("pixelguide.edit.editor.make_pictures", None)
    dry = editor.dry_run(target, source=source)
    assert dry.settings["roi"] == "parts"
    assert dry.roi.shape == dry.picture.shape[:2] == whole.shape[:2]
    assert dry.region["text"].endswith("% of the part")
    assert dry.settings["crop"] == "4,8,32"


@pytest.mark.parametrize("quality", [95, 80, 60])
def test_a_photograph_saved_again_as_jpeg_does_not_widen_the_region(quality: int) -> None:
    """Nor do pixels that a brush slipped on: read anew, the map wavers in single pixels."""
    face = render(portrait_at(1000, 3), 128).image
    grain = np.random.default_rng(0).normal(0, 4, face.shape)
    photo = np.clip(np.pad(face, ((20, 12), (40, 30), (0, 0)), "edge"), 0, 255).astype(np.uint8)
    photo[20:148, 40:168] = np.clip(face + grain, 0, 255)
    editor = Editor.from_pretrained("portraits-64", "cpu")
    editor.set_image(photo, crop=(40, 20, 128))
    source = editor.segment()
    target = source.copy()
    target.ids[44:47, 27:38] = target.labels.id("teeth")
    meant = editor.dry_run(target, source=source)
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    editor.set_image(Image.open(file), crop=(40, 20, 128))
    slipped = target.copy()
    for place, name in (((5, 5), "hair"), ((60, 50), "iris"), ((30, 20), "background")):
        slipped.ids[place] = target.labels.id(name)
    assert (editor.segment().ids != slipped.ids).sum() > (source.ids != target.ids).sum()
    found = editor.dry_run(slipped)
    assert found.settings["edit_classes"] == meant.settings["edit_classes"] == ["teeth"]
    assert found.region["specks_left_out"] > 0
    assert found.roi.sum() <= 1.2 * meant.roi.sum()
    whole = editor.dry_run(slipped, roi="classes")
    assert whole.roi.sum() > 2 * meant.roi.sum()
