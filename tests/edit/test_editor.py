from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from conftest import make_bank, seeded
from model_folders import write_category
from pixelguide.edit.editor import Editor
from pixelguide.edit.settings import EditDefaults
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import save_png
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.bundle import WEIGHTS, write_parts
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank

QUICK: dict[str, Any] = {"num_inference_steps": 4, "start_timestep": 300, "num_images": 2}


@contextmanager
def counted_calls(denoiser: Denoiser) -> Iterator[list[int]]:
    """The batch size of every pass through the network."""
    calls: list[int] = []
    handle = denoiser.unet.register_forward_pre_hook(lambda _, args: calls.append(len(args[0])))
    yield calls
    handle.remove()


@pytest.fixture
def category(
    tmp_path: Path,
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Path:
    return write_category(tmp_path / "category", denoiser, segmenter_bank, guide_bank, labels)


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


def test_segmenting_gives_a_map_and_its_uncertainty_at_one_cost(editor: Editor) -> None:
    first = editor.segment()
    assert first.ids.shape == (16, 16)
    assert first.ids.max() < len(editor.labels)
    assert first.uncertainty is not None
    assert (first.uncertainty >= 0).all()
    assert (first.uncertainty <= 1).all()
    with counted_calls(editor._denoiser) as calls:
        again = editor.segment()
    assert not calls
    assert np.array_equal(first.ids, again.ids)
    again.ids[:] = IGNORE
    assert np.array_equal(editor.segment().ids, first.ids), "a painted copy changes nothing"


def test_by_default_the_source_is_what_the_model_reads(editor: Editor) -> None:
    target = editor.segment().copy()
    mask = np.zeros((16, 16), np.bool_)
    mask[2:5, 2:5] = True
    name = next(n for n in editor.labels.names if n != target.labels.names[target.ids[3, 3]])
    target.paint(name, mask)
    result = editor.edit(target, **QUICK)
    assert np.array_equal(result.source.ids, editor.segment().ids)
    assert result.settings["edit_classes"] == [
        editor.labels.names[i]
        for i in np.union1d(editor.segment().ids[mask], [editor.labels.id(name)])
        if name != editor.labels.names[i] or (editor.segment().ids[mask] != i).any()
    ]


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
    with pytest.raises(InputError, match="class 'house' occurs in neither map"):
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
    with counted_calls(editor._denoiser) as calls, pytest.raises(InputError):
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
    for name in ("model", "device", "versions"):
        del told[name]
    classes = told.pop("edit_classes")
    assert classes == ["sky", "grass", "house"]
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


# what an edit does


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
@pytest.mark.parametrize("roi", ["classes", "changed"])
@pytest.mark.parametrize("scale", [0.0, 3.0, 1e6])
def test_not_a_byte_changes_outside_the_region(
    editor: Editor,
    picture: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    sampler: str,
    roi: str,
    scale: float,
) -> None:
    result = editor.edit(
        target,
        source=source,
        edit_classes=["house"],
        sampler=sampler,
        roi=roi,
        guidance_scale=scale,
        **QUICK,
    )
    assert result.roi.any()
    assert not result.roi.all()
    for candidate in result.candidates:
        assert candidate.image[~result.roi].tobytes() == picture[~result.roi].tobytes()
        assert candidate.changed_pixels_outside == 0
        assert (candidate.image[result.roi] != picture[result.roi]).any()
        assert 0 <= candidate.roi_accuracy <= 1
        assert np.isfinite(candidate.roi_loss)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_same_seed_same_bytes_and_another_seed_others(
    editor: Editor, source: LabelMap, target: LabelMap, sampler: str
) -> None:
    images = [
        np.stack(
            [
                c.image
                for c in editor.edit(
                    target, source=source, seed=seed, sampler=sampler, **QUICK
                ).candidates
            ]
        )
        for seed in (1, 1, 2)
    ]
    assert images[0].tobytes() == images[1].tobytes()
    if sampler == "ddpm":
        assert (images[0] != images[2]).any()
        assert (images[0][0] != images[0][1]).any(), "candidates differ"


def test_a_candidate_does_not_depend_on_its_neighbours(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    settings = {**QUICK, "num_images": 3}
    three = editor.edit(target, source=source, **settings).candidates
    one = editor.edit(target, source=source, **{**settings, "num_images": 1}).candidates
    assert np.abs(three[0].image.astype(int) - one[0].image).max() <= 1  # rounding
    assert three[0].roi_loss == pytest.approx(one[0].roi_loss, rel=1e-2)


def test_generators_take_the_place_of_the_seed(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    settings = {name: value for name, value in QUICK.items() if name != "num_images"}

    def edit(*seeds: int) -> list[NDArray[np.uint8]]:
        generators = [seeded(seed) for seed in seeds]
        result = editor.edit(target, source=source, generators=generators, **settings)
        assert result.settings["num_images"] == len(seeds)
        return [candidate.image for candidate in result.candidates]

    first, second, third = edit(7, 8, 7)
    assert np.abs(first.astype(int) - third).max() <= 1
    assert (first != second).any()
    assert np.abs(edit(8)[0].astype(int) - second).max() <= 1
    with pytest.raises(InputError, match="num_images"):
        edit()


def test_at_scale_0_the_guide_is_not_asked(
    editor: Editor, denoiser: Denoiser, source: LabelMap, target: LabelMap
) -> None:
    other_guide = make_bank(denoiser, [[0], [200]], seed=99)
    other = Editor(denoiser, editor._segmenter.bank, other_guide, editor.labels, editor.defaults)
    other.set_image(editor.image)

    def images(by: Editor, scale: float) -> NDArray[np.uint8]:
        result = by.edit(target, source=source, guidance_scale=scale, **QUICK)
        return np.stack([candidate.image for candidate in result.candidates])

    assert np.array_equal(images(editor, 0.0), images(other, 0.0))
    assert (images(editor, 1e4) != images(other, 1e4)).any()
    assert (images(editor, 1e4) != images(editor, 0.0)).any()


def test_guidance_brings_the_region_closer_to_the_map(
    denoiser: Denoiser, labels: LabelSet, picture: NDArray[np.uint8], source: LabelMap,
    target: LabelMap,
) -> None:  # fmt: skip
    # guide and segmenter are the same classifier, so to follow the guide is to be read right
    bank = make_bank(denoiser, [[0]], seed=4)
    editor = Editor(denoiser, bank, bank, labels)
    editor.set_image(picture)
    settings = {"num_inference_steps": 10, "start_timestep": 300, "num_images": 3}
    losses = [
        np.mean(
            [
                candidate.roi_loss
                for candidate in editor.edit(
                    target, source=source, guidance_scale=scale, edit_classes=["house"], **settings
                ).candidates
            ]
        )
        for scale in (0.0, 300.0)
    ]
    assert losses[1] < losses[0]


def test_the_inversion_is_made_once(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    def passes(**settings: Any) -> list[int]:
        with counted_calls(editor._denoiser) as calls:
            editor.edit(target, source=source, **{**QUICK, **settings})
        return calls

    # 3 passes to invert 4 levels, 4 steps with both candidates, and one pass for each of the two
    # timesteps that f_multi scores the candidates by
    assert passes() == [1] * 3 + [2] * 4 + [2] * 2
    assert passes(seed=1) == [2] * 6
    assert passes(num_images=3) == [3] * 6
    assert passes(start_timestep=200) == [1] * 3 + [2] * 6, "another start is another inversion"
    assert passes(num_inference_steps=3) == [1] * 2 + [2] * 5
    assert passes() == [2] * 6, "the first one is still known"


def test_reconstruction_comes_back_to_the_picture_when_there_is_little_noise(
    editor: Editor, picture: NDArray[np.uint8]
) -> None:
    near = editor.reconstruct(20, steps=20).astype(int) - picture
    assert np.abs(near).mean() < 4
    with pytest.raises(InputError):
        editor.reconstruct(1, steps=5)


# watching


def test_progress_tells_of_every_step(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    told: list[dict[str, Any]] = []
    result = editor.edit(target, source=source, on_progress=told.append, **QUICK)
    assert [state["done"] for state in told] == [1, 2, 3, 4]
    assert {(state["stage"], state["total"]) for state in told} == {("edit", 4)}
    assert [state["t"] for state in told] == [299, 199, 100, 0]
    for state in told:
        assert state["preview"].shape == (2, 16, 16, 3)
        assert state["preview"].dtype == np.uint8
        outside = state["preview"][:, ~result.roi]
        assert (outside == editor.image[~result.roi]).all()
    assert set(result.seconds) == {"segment", "inversion", "sampling", "scoring", "total"}
    assert result.seconds["total"] >= result.seconds["sampling"] > 0


def test_an_exception_in_the_callback_ends_the_edit_and_nothing_else(
    editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    before = editor.edit(target, source=source, **QUICK).best.image

    class StopError(Exception):
        pass

    seen: list[int] = []

    def stop(state: dict[str, Any]) -> None:
        seen.append(state["done"])
        if state["done"] == 2:
            raise StopError

    with pytest.raises(StopError):
        editor.edit(target, source=source, on_progress=stop, **QUICK)
    assert seen == [1, 2]
    with counted_calls(editor._denoiser) as calls:
        after = editor.edit(target, source=source, **QUICK).best.image
    assert np.array_equal(before, after)
    assert calls == [2] * 6, "no hook of the ended run is left to work again"


def test_gradients_stay_inside(editor: Editor, source: LabelMap, target: LabelMap) -> None:
    with torch.no_grad():
        quiet = editor.edit(target, source=source, **QUICK).best.image
        assert not torch.is_grad_enabled()
    loud = editor.edit(target, source=source, **QUICK).best.image
    assert torch.is_grad_enabled()
    assert np.array_equal(quiet, loud)


# from a folder


def test_a_category_opens_by_its_folder(
    category: Path, editor: Editor, source: LabelMap, target: LabelMap
) -> None:
    opened = Editor.from_pretrained(category, "cpu")
    assert opened.size == 16
    assert opened.labels == editor.labels
    assert opened.defaults == EditDefaults.for_size(16)
    opened.set_image(editor.image)
    result = opened.edit(target, source=source, **QUICK)
    assert result.settings["model"]["name"] == "category"
    assert len(result.settings["model"]["hash"]) == 16
    near = editor.edit(target, source=source, **QUICK)
    difference = np.abs(result.best.image.astype(int) - near.best.image)
    assert difference.mean() < 3  # the folder holds fp16


def test_the_hash_tells_models_apart(category: Path, target: LabelMap, source: LabelMap) -> None:
    def told() -> str:
        editor = Editor.from_pretrained(category, "cpu")
        editor.set_image(np.zeros((16, 16, 3), np.uint8))
        return str(editor.edit(target, source=source, **QUICK).settings["model"]["hash"])

    first = told()
    assert told() == first
    write_parts(category, {"edit.json": b'{"small_scale": 7}'})
    assert told() != first


def test_a_category_brings_its_own_defaults(category: Path) -> None:
    write_parts(category, {"edit.json": b'{"small_scale": 7, "large_start": 600}'})
    defaults = Editor.from_pretrained(category, "cpu").defaults
    assert defaults == EditDefaults(small_scale=7, large_start=600)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"small_start": 1}', "small_start"),
        (b'{"small_scale": NaN}', "small_scale"),
        (b'{"tiny": 1}', "tiny"),
        (b"[]", "not a JSON object"),
        (b"{", "not readable as JSON"),
    ],
)
def test_bad_defaults_are_refused_by_name(category: Path, content: bytes, message: str) -> None:
    write_parts(category, {"edit.json": content})
    with pytest.raises(InputError, match=message) as caught:
        Editor.from_pretrained(category, "cpu")
    assert caught.value.where == "edit.json"


@pytest.mark.parametrize(
    "part",
    [
        "labels.json",
        "unet/config.json",
        f"unet/{WEIGHTS}",
        "scheduler/scheduler_config.json",
        "segmenter/config.json",
        f"segmenter/{WEIGHTS}",
        "guide/config.json",
        f"guide/{WEIGHTS}",
    ],
)
@pytest.mark.parametrize("manifest", [True, False])
def test_a_missing_part_is_named(category: Path, part: str, manifest: bool) -> None:
    (category / part).unlink()
    if not manifest:
        (category / "manifest.json").unlink()
    with pytest.raises(InputError) as caught:
        Editor.from_pretrained(category, "cpu")
    assert Path(part).name in str(caught.value)


@pytest.mark.parametrize("part", ["unet", "segmenter", "guide"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
@pytest.mark.parametrize("manifest", [True, False])
def test_damaged_weights_are_refused(
    category: Path, part: str, damage: str, manifest: bool
) -> None:
    weights = category / part / WEIGHTS
    content = bytearray(weights.read_bytes())
    if damage == "flipped":
        content[9] ^= 0xFF  # inside the header, so that it shows without the manifest too
    weights.write_bytes(
        {"cut": content[: len(content) // 2], "flipped": content, "emptied": b""}[damage]
    )
    if not manifest:
        (category / "manifest.json").unlink()
    with pytest.raises(InputError, match="diffusion_pytorch_model"):
        Editor.from_pretrained(category, "cpu")


def test_a_pickle_under_the_name_of_weights_is_refused_for_safety(category: Path) -> None:
    torch.save({"weight1": torch.zeros(1)}, category / "guide" / WEIGHTS)
    (category / "manifest.json").unlink()
    with pytest.raises(SafetyError):
        Editor.from_pretrained(category, "cpu")


def test_parts_that_do_not_fit_together_are_refused(
    tmp_path: Path,
    denoiser: Denoiser,
    tiny_unet: Any,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> None:
    two = LabelSet(labels.names[:2], labels.palette[:2])
    folder = write_category(tmp_path / "labels", denoiser, segmenter_bank, guide_bank, two)
    with pytest.raises(InputError, match="2 labels for 3 classes"):
        Editor.from_pretrained(folder, "cpu")
    narrow = make_bank(Denoiser(tiny_unet, denoiser.schedule, (3,)), [[100]], seed=1)
    folder = write_category(tmp_path / "taps", denoiser, segmenter_bank, narrow, labels)
    with pytest.raises(InputError, match="different taps"):
        Editor.from_pretrained(folder, "cpu")


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "cpu:x", ""])
def test_a_device_that_is_not_here_is_refused(category: Path, device: str) -> None:
    with pytest.raises(InputError, match=f"device '{device}' is not available"):
        Editor.from_pretrained(category, device)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        Editor.from_pretrained(tmp_path / "nowhere")
