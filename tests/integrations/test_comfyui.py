"""The node pack as ComfyUI loads it, by its folder, and its functions without ComfyUI."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError

FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
TYPES = {"IMAGE", "MASK", "STRING", "INT", "FLOAT", "BOOLEAN", "PIXELGUIDE_CATEGORY"}


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The folder as a module of a name of ComfyUI's choice."""
    name = "custom_nodes_pixelguide"
    spec = importlib.util.spec_from_file_location(
        name, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    yield module
    for known in [key for key in sys.modules if key.startswith(name)]:
        del sys.modules[known]


def _node(pack: Any, name: str) -> Any:
    kind = pack.NODE_CLASS_MAPPINGS[f"Pixelguide{name}"]
    return getattr(kind(), kind.FUNCTION)


@pytest.fixture
def image(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255)[None]


@pytest.fixture
def house() -> torch.Tensor:
    mask = torch.zeros(1, 16, 16)
    mask[:, 5:10, 4:9] = 1
    return mask


def test_every_node_says_what_it_takes_and_gives(pack: Any) -> None:
    assert set(pack.NODE_CLASS_MAPPINGS) == set(pack.NODE_DISPLAY_NAME_MAPPINGS)
    assert len(pack.NODE_CLASS_MAPPINGS) == 3
    for kind in pack.NODE_CLASS_MAPPINGS.values():
        given = kind.INPUT_TYPES()
        parameters = inspect.signature(getattr(kind, kind.FUNCTION)).parameters
        named = [*given["required"], *given.get("optional", {})]
        assert named == list(parameters)[1:]
        for name in given.get("optional", {}):
            assert parameters[name].default is not inspect.Parameter.empty
        for what, *_ in [*given["required"].values(), *given.get("optional", {}).values()]:
            assert isinstance(what, list) or what in TYPES
        assert set(kind.RETURN_TYPES) <= TYPES
        assert len(kind.RETURN_TYPES) == len(kind.RETURN_NAMES)
        assert kind.CATEGORY == "pixelguide"


def test_a_category_is_loaded(pack: Any, category: Path) -> None:
    editor, classes = _node(pack, "LoadCategory")(f" {category} ", "cpu")
    assert isinstance(editor, Editor)
    assert classes.split("\n") == ["sky", "grass", "house"]


def test_a_map_is_read(pack: Any, tiny_editor: Editor, image: torch.Tensor) -> None:
    segment = _node(pack, "Segment")
    shown, mask = segment(tiny_editor, image.repeat(2, 1, 1, 1), "sky")
    assert shown.shape == (2, 16, 16, 3)
    assert mask.shape == (2, 16, 16)
    tiny_editor.set_image(np.round(image[0].numpy() * 255).astype(np.uint8))
    read = tiny_editor.segment()
    assert np.array_equal(mask[0].numpy() == 1, read.ids == 0)
    colours = np.asarray(read.labels.palette)[read.ids]
    assert np.array_equal(np.round(shown[0].numpy() * 255), colours)
    assert segment(tiny_editor, image)[1].sum() == 0, "of no class"
    with pytest.raises(InputError, match="'cat'"):
        segment(tiny_editor, image, "cat")


def test_a_class_is_painted_and_the_picture_follows(
    pack: Any, tiny_editor: Editor, image: torch.Tensor, house: torch.Tensor
) -> None:
    edit = _node(pack, "Edit")
    given = (tiny_editor, image * 0.999, house, "house", 2, 7, 3, 300, 2.0)
    images, region = edit(*given)
    assert images.shape == (2, 16, 16, 3)
    assert images.dtype == torch.float32
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert region.shape == (1, 16, 16)
    inside = region[0] == 1
    assert inside[5:10, 4:9].all()
    for one in images:
        assert torch.equal(one[~inside], (image[0] * 0.999)[~inside])
        assert (one[inside] != image[0][inside]).any()
    assert torch.equal(edit(*given)[0], images)
    several, regions = edit(tiny_editor, image.repeat(2, 1, 1, 1), house, "house", 1, 7, 3, 300)
    assert several.shape == (2, 16, 16, 3)
    assert regions.shape == (2, 16, 16)


def test_a_photograph_keeps_its_size(
    pack: Any, tiny_editor: Editor, image: torch.Tensor, house: torch.Tensor
) -> None:
    large = image.repeat_interleave(3, 1).repeat_interleave(3, 2)
    mask = house.repeat_interleave(3, 1).repeat_interleave(3, 2)
    shown, _ = _node(pack, "Segment")(tiny_editor, large)
    assert shown.shape == (1, 48, 48, 3)
    images, region = _node(pack, "Edit")(tiny_editor, large, mask, "house", 1, 0, 3, 300)
    assert images.shape == (1, 48, 48, 3)
    outside = region[0] == 0
    assert torch.equal(images[0][outside], large[0][outside])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mask": torch.zeros(3, 16, 16)}, "3 masks for 1 pictures"),
        ({"mask": torch.ones(1, 8, 8)}, "mask of"),
        ({"image": torch.zeros(16, 16, 3)}, "IMAGE of shape"),
        ({"class_name": "cat"}, "'cat'"),
    ],
)
def test_what_does_not_fit_is_told(
    pack: Any, tiny_editor: Editor, image: torch.Tensor, house: torch.Tensor,
    changes: dict[str, Any], message: str,
) -> None:  # fmt: skip
    given = {"image": image, "mask": house, "class_name": "house", "num_images": 1, "seed": 0}
    with pytest.raises(InputError, match=message):
        _node(pack, "Edit")(tiny_editor, **{**given, **changes})


def test_comfyui_hears_of_the_steps_and_can_stop(
    pack: Any, tiny_editor: Editor, image: torch.Tensor, house: torch.Tensor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    told: list[tuple[int, int]] = []
    stop: list[bool] = []

    class Bar:
        def __init__(self, total: int) -> None:
            told.append((0, total))

        def update_absolute(self, value: int, total: int) -> None:
            told.append((value, total))

    class StoppedError(Exception):
        pass

    def check() -> None:
        if stop:
            raise StoppedError

    comfy = types.ModuleType("comfy")
    comfy.__spec__ = importlib.util.spec_from_loader("comfy", None)
    utils, management = types.ModuleType("comfy.utils"), types.ModuleType("comfy.model_management")
    utils.ProgressBar = Bar  # type: ignore[attr-defined]
    management.throw_exception_if_processing_interrupted = check  # type: ignore[attr-defined]
    for module in (comfy, utils, management):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    edit = _node(pack, "Edit")
    edit(tiny_editor, image, house, "house", 1, 0, 3, 300)
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    stop.append(True)
    with pytest.raises(StoppedError):
        edit(tiny_editor, image, house, "house", 1, 0, 3, 300)
