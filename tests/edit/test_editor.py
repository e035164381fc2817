from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.guidance.region import edited_classes
from pixelguide.images import save_png
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank

QUICK: dict[str, Any] = {"num_inference_steps": 4, "start_timestep": 300, "num_images": 2}


# the picture


def test_without_a_picture_every_call_says_so(
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
    target: LabelMap,
) -> None:
    editor = Editor(denoiser, segmenter_bank, guide_bank, labels)
    for call in (
        editor.segment,
        lambda: editor.edit(target),
        lambda: editor.edit(target, source=target),
        lambda: editor.reconstruct(300),
        lambda: editor.image,
    ):
        with pytest.raises(InputError, match="Call set_image first"):
            call()


def test_a_picture_comes_as_file_pil_or_array(
    editor: Editor, picture: NDArray[np.uint8], tmp_path: Path
) -> None:
    save_png(tmp_path / "picture.png", picture)
    for given in (
        tmp_path / "picture.png",
        str(tmp_path / "picture.png"),
        Image.fromarray(picture),
    ):
        editor.set_image(np.zeros_like(picture))
        editor.set_image(given)
        assert np.array_equal(editor.image, picture)


@pytest.mark.parametrize("shape", [(16, 15, 3), (15, 16, 3), (32, 32, 3), (8, 8, 3)])
def test_a_picture_of_another_size_is_refused_by_its_size(
    editor: Editor, picture: NDArray[np.uint8], shape: tuple[int, ...], tmp_path: Path
) -> None:
    wrong = np.zeros(shape, np.uint8)
    save_png(tmp_path / "wrong.png", wrong)
    for given in (wrong, Image.fromarray(wrong), tmp_path / "wrong.png"):
        with pytest.raises(InputError, match=f"^{shape[1]}×{shape[0]} pixels.*16×16"):
            editor.set_image(given)
    assert np.array_equal(editor.image, picture), "the picture before stays"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((16, 16), np.uint8),
        np.zeros((16, 16, 4), np.uint8),
        np.zeros((16, 16, 3), np.float32),
        np.zeros((1, 16, 16, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_picture_are_refused(editor: Editor, array: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="Give uint8 of shape H×W×3"):
        editor.set_image(array)


def test_what_is_no_picture_and_no_crop_is_refused(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    not_pictures: tuple[Any, ...] = (3, None, picture.tolist())
    for given in not_pictures:
        with pytest.raises(InputError, match=r"a picture of type .*Give a file"):
            editor.set_image(given)
    not_crops: tuple[Any, ...] = ((3, 1), (0, 0, "all"), 5, "middle", (0, 0, 8, 0, 0))
    for crop in not_crops:
        with pytest.raises(InputError, match=r"crop .*Give \(x, y, size\)"):
            editor.set_image(picture, crop=crop)


def test_a_new_picture_forgets_what_was_known_of_the_old(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap, target: LabelMap
) -> None:
    other = 255 - picture
    editor.segment()
    editor.edit(target, source=source, **QUICK)
    editor.set_image(other)
    fresh = Editor(
        editor._denoiser, editor._segmenter.bank, editor._guide, editor.labels, editor.defaults
    )
    fresh.set_image(other)
    assert np.array_equal(editor.segment().uncertainty, fresh.segment().uncertainty)
    ours, theirs = (e.edit(target, source=source, **QUICK) for e in (editor, fresh))
    assert np.array_equal(ours.best.image, theirs.best.image)


def test_the_editor_keeps_its_own_copy(editor: Editor, picture: NDArray[np.uint8]) -> None:
    given = picture.copy()
    editor.set_image(given)
    given[:] = 0
    assert np.array_equal(editor.image, picture)


# the map


def test_its_repr_is_a_line(tiny_editor: Editor, picture: NDArray[np.uint8]) -> None:
    assert repr(tiny_editor) == "Editor(tiny, 16×16, no picture)"
    tiny_editor.set_image(picture)
    assert repr(tiny_editor) == "Editor(tiny, 16×16, a picture)"


def test_segmenting_gives_a_map_and_its_uncertainty_at_one_cost(editor: Editor) -> None:
    first = editor.segment()
    assert first.ids.shape == (16, 16)
    assert first.ids.max() < len(editor.labels)
    assert first.uncertainty is not None
    assert (first.uncertainty >= 0).all()
    assert (first.uncertainty <= 1).all()
    with editor._denoiser.counted() as calls:
        again = editor.segment()
    assert not calls
    assert np.array_equal(first.ids, again.ids)
    again.ids[:] = IGNORE
    assert np.array_equal(editor.segment().ids, first.ids), "a painted copy changes nothing"


def test_the_target_may_be_a_file(
    editor: Editor, source: LabelMap, target: LabelMap, tmp_path: Path
) -> None:
    target.save(tmp_path / "edited.png")
    settings: dict[str, Any] = {"source": source, "num_images": 1, "num_inference_steps": 2}
    expected = editor.edit(target, **settings).best.image
    for path in (tmp_path / "edited.png", str(tmp_path / "edited.png")):
        assert np.array_equal(editor.edit(path, **settings).best.image, expected)
    with pytest.raises(InputError, match="no such file"):
        editor.edit("nowhere.png")


def test_by_default_the_source_is_what_the_model_reads(editor: Editor) -> None:
    target = editor.segment().copy()
    mask = np.zeros((16, 16), np.bool_)
    mask[2:5, 2:5] = True
    name = next(n for n in editor.labels.names if n != target.labels.names[target.ids[3, 3]])
    target.paint(name, mask)
    result = editor.edit(target, **QUICK)
    assert np.array_equal(result.source.ids, editor.segment().ids)
    assert result.settings["edit_classes"] == list(edited_classes(editor.segment(), target))


def test_nothing_to_edit_is_an_error(editor: Editor, source: LabelMap) -> None:
    with pytest.raises(InputError, match="nothing to edit: the map equals the source map"):
        editor.edit(source.copy(), source=source, **QUICK)
    with pytest.raises(InputError, match="nothing to edit"):
        editor.edit(editor.segment(), **QUICK)


def test_maps_of_another_size_are_refused(
    editor: Editor, labels: LabelSet, source: LabelMap, target: LabelMap
) -> None:
    wide = LabelMap(np.zeros((16, 20), np.uint8), labels)
    for maps in ({"target": wide, "source": source}, {"target": target, "source": wide}):
        with pytest.raises(InputError, match=r"^map of 20×16 pixels for a picture of 16×16"):
            editor.edit(**maps, **QUICK)


def test_maps_of_another_category_are_refused(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    colours = tuple((i, i, i) for i in range(9))
    other = LabelSet(tuple(f"class {i}" for i in range(9)), colours)
    foreign = LabelMap(np.where(target.ids == 2, 8, 0).astype(np.uint8), other)
    for maps in ({"target": foreign, "source": source}, {"target": target, "source": foreign}):
        with pytest.raises(InputError, match="classes"):
            editor.edit(**maps, **QUICK)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["roof"], "unknown class 'roof'"),
        (["house", "roof"], "unknown class 'roof'"),
        ([""], "unknown class ''"),
    ],
)
def test_unknown_classes_are_named(
    editor: Editor, source: LabelMap, target: LabelMap, classes: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        editor.edit(target, source=source, edit_classes=classes, **QUICK)


def test_classes_that_do_not_occur_are_named(editor: Editor, labels: LabelSet) -> None:
    source = LabelMap(np.zeros((16, 16), np.uint8), labels)
    target = source.copy()
    target.ids[4:8, 4:8] = 1
    with pytest.raises(InputError, match="'house' occurs in neither map"):
        editor.edit(target, source=source, edit_classes=["grass", "house"], **QUICK)


def test_named_classes_that_did_not_change_are_an_error(editor: Editor, labels: LabelSet) -> None:
    source = LabelMap(np.zeros((16, 16), np.uint8), labels)
    source.ids[10:] = 2
    target = source.copy()
    target.ids[2:4, 2:4] = 1
    with pytest.raises(InputError, match="no pixel of the named classes changed"):
        editor.edit(target, source=source, edit_classes=["house"], **QUICK)


def test_a_region_without_labels_is_an_error(editor: Editor, source: LabelMap) -> None:
    target = source.copy()
    target.ids[:] = IGNORE
    with pytest.raises(InputError, match="no labelled pixel"):
        editor.edit(target, source=source, **QUICK)


# settings


@pytest.mark.parametrize(
    "bad",
    [
        {"start_timestep": 1001},
        {"start_timestep": 1},
        {"start_timestep": 3, "num_inference_steps": 4},
        {"num_inference_steps": 1},
        {"num_inference_steps": 2000},
        {"num_images": 0},
        {"guidance_scale": -1},
        {"guidance_scale": float("nan")},
        {"sampler": "euler"},
        {"roi": "all"},
        {"steps": 4},
    ],
)
def test_bad_settings_are_refused_before_any_step(
    editor: Editor, source: LabelMap, target: LabelMap, bad: dict[str, Any]
) -> None:
    with editor._denoiser.counted() as calls, pytest.raises(InputError):
        editor.edit(target, source=source, **{**QUICK, **bad})
    assert not calls


def test_settings_of_the_result_reproduce_it(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    first = editor.edit(target, source=source, **QUICK, seed=5, sampler="ddim")
    told = json.loads(json.dumps(first.settings))
    assert told["model"] == {"name": "tiny"}
    assert set(told["versions"]) == {"pixelguide", "torch", "diffusers", "python"}
    assert told["guidance_scale"] == EditDefaults.for_size(16).large_scale  # 25 of 256 pixels
    assert told["precision"] == "float32"
    for name in ("model", "device", "precision", "versions"):
        del told[name]
    classes = told.pop("edit_classes")
    assert classes == ["house"]
    again = editor.edit(target, source=source, edit_classes=classes, **told)
    for one, other in zip(first.candidates, again.candidates, strict=True):
        assert one.image.tobytes() == other.image.tobytes()
        assert one.roi_loss == other.roi_loss


def test_the_region_grows_by_the_dilation(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    sizes = [
        int(editor.edit(target, source=source, roi="changed", dilation=d, **QUICK).roi.sum())
        for d in (0, 1, 2)
    ]
    assert sizes == [25, 49, 81]
    result = editor.edit(target, source=source, roi="changed", **QUICK)
    assert result.settings["dilation"] == editor.defaults.dilation == 1


def test_the_automatic_start_goes_by_the_undilated_region(editor: Editor, source: LabelMap) -> None:
    limit = editor.defaults.small_roi  # 20 pixels at 16²
    for pixels, start in ((limit, 500), (limit + 1, 750)):
        target = source.copy()
        target.ids.reshape(-1)[:pixels] = 2
        result = editor.edit(
            target, source=source, roi="changed", dilation=3, num_inference_steps=2, num_images=1
        )
        assert result.settings["start_timestep"] == start
