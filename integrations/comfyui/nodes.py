"""Load a category, read a picture's label map, paint it and let the picture follow.

ComfyUI's types: IMAGE is float32 B×H×W×3 in [0, 1], MASK float32 B×H×W in [0, 1]; pictures of a
batch are worked on one by one. A picture larger than the model's is a photograph: its part is found
as by `crop="auto"`, and results have its size.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide import Editor
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap
from pixelguide.photo.map_sizes import enlarged_map, reduced_mask
from pixelguide.prior.bundle import built_in_models

from .progress import progress

CATEGORY = "pixelguide"
Inputs = dict[str, dict[str, Any]]


class LoadCategory:
    """A model folder, a built-in or pulled model, or OWNER/NAME of the hub."""

    RETURN_TYPES: ClassVar = ("PIXELGUIDE_CATEGORY", "STRING")
    RETURN_NAMES: ClassVar = ("category", "classes")
    FUNCTION, CATEGORY = "load", CATEGORY

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802 - ComfyUI's name
        """What the node is given."""
        model = {"default": min(built_in_models(), default="OWNER/NAME")}
        return {"required": {"model": ("STRING", model), "device": (["auto", "cpu", "cuda"],)}}

    def load(self, model: str, device: str) -> tuple[Editor, str]:
        """The opened category, and the names of its classes, a line each."""
        editor = Editor.from_pretrained(model.strip(), device)
        return editor, "\n".join(editor.labels.names)


class Segment:
    """Reads a picture's label map."""

    RETURN_TYPES: ClassVar = ("IMAGE", "MASK")
    RETURN_NAMES: ClassVar = ("map", "class_mask")
    FUNCTION, CATEGORY = "segment", CATEGORY

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802
        """What the node is given."""
        named = ("STRING", {"default": "", "tooltip": "of which a mask comes out"})
        return {
            "required": {"category": ("PIXELGUIDE_CATEGORY",), "image": ("IMAGE",)},
            "optional": {"class_name": named},
        }

    def segment(
        self, category: Editor, image: Tensor, class_name: str = ""
    ) -> tuple[Tensor, Tensor]:
        """The maps in the colours of their classes, and where the class `class_name` is."""
        wanted = category.labels.id(class_name.strip()) if class_name.strip() else None
        maps, masks = [], []
        for picture in _pictures(image):
            read = _full_size(category, _opened(category, picture))
            maps.append(np.asarray(read.to_image().convert("RGB")))
            masks.append(read.ids == wanted)
        return _images(maps), _masks(masks)


class Edit:
    """Paints a class where a mask is, and makes pictures that follow."""

    RETURN_TYPES: ClassVar = ("IMAGE", "MASK")
    RETURN_NAMES: ClassVar = ("images", "region")
    FUNCTION, CATEGORY = "edit", CATEGORY

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802
        """What the node is given."""
        auto = {"default": 0, "min": 0, "max": 1000, "tooltip": "0: automatic"}
        scale = {"default": -1.0, "min": -1.0, "max": 1e4, "tooltip": "-1: automatic"}
        return {
            "required": {
                "category": ("PIXELGUIDE_CATEGORY",),
                "image": ("IMAGE",),
                "mask": ("MASK",),
                "class_name": ("STRING", {"default": ""}),
                "num_images": ("INT", {"default": 2, "min": 1, "max": 64}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**63 - 1}),
            },
            "optional": {
                "steps": ("INT", auto),
                "start": ("INT", auto),
                "guidance_scale": ("FLOAT", scale),
            },
        }

    def edit(
        self,
        category: Editor,
        image: Tensor,
        mask: Tensor,
        class_name: str,
        num_images: int,
        seed: int,
        steps: int = 0,
        start: int = 0,
        guidance_scale: float = -1.0,
    ) -> tuple[Tensor, Tensor]:
        """The candidates of each picture, the best first, and where they may have changed.

        Outside of that not a value differs. mask: one for all pictures, or one for each.
        """
        pictures = _pictures(image)
        masks = [one > 0.5 for one in mask.cpu().numpy()]
        if len(masks) not in (1, len(pictures)):
            raise InputError(f"{len(masks)} masks for {len(pictures)} pictures", "mask")
        made: list[NDArray[np.uint8]] = []
        regions: list[NDArray[np.bool_]] = []
        for k, picture in enumerate(pictures):
            source = _opened(category, picture)
            target = source.copy()
            painted = masks[k % len(masks)]
            if category.placement:
                painted = reduced_mask(category.placement, painted)
            elif painted.shape != target.ids.shape:
                raise InputError(f"mask of {painted.shape}", "mask", "Give the picture's size.")
            target.paint(class_name.strip(), painted)
            with progress() as on_progress:
                result = category.edit(
                    target, source=source, on_progress=on_progress, num_images=num_images,
                    seed=seed, num_inference_steps=steps or "auto",
                    start_timestep=start or "auto",
                    guidance_scale="auto" if guidance_scale < 0 else guidance_scale,
                )  # fmt: skip
            made += [result.photograph(candidate) for candidate in result.ranked]
            regions.append(result.full_size.region if result.full_size else result.roi)
        before = image[..., :3].cpu().float()
        after = _images(made)
        kept = torch.from_numpy(np.stack(regions)).repeat_interleave(num_images, 0)[..., None]
        # outside the region the values themselves, not their 8 bits
        return (
            torch.where(kept, after, before.repeat_interleave(num_images, 0)),
            _masks(regions),
        )


def _pictures(image: Tensor) -> list[NDArray[np.uint8]]:
    """A batch as uint8 H×W×3 each."""
    if image.ndim != 4 or image.shape[-1] < 3:
        raise InputError(f"IMAGE of shape {tuple(image.shape)}", "image", "Give B×H×W×3.")
    return list((image[..., :3].cpu().float().clamp(0, 1) * 255).round().byte().numpy())


def _opened(category: Editor, picture: NDArray[np.uint8]) -> LabelMap:
    """The map of `picture`, S×S, after which the category has it open."""
    own = picture.shape[:2] == (category.size, category.size)
    category.set_image(picture, crop=None if own else "auto")
    return category.segment()


def _full_size(category: Editor, read: LabelMap) -> LabelMap:
    return enlarged_map(category.placement, read) if category.placement else read


def _images(pictures: list[Any]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)[..., :3].astype(np.float32) / 255)


def _masks(masks: list[NDArray[np.bool_]]) -> Tensor:
    return torch.from_numpy(np.stack(masks).astype(np.float32))


NODE_CLASS_MAPPINGS: dict[str, type] = {
    "PixelguideLoadCategory": LoadCategory,
    "PixelguideSegment": Segment,
    "PixelguideEdit": Edit,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "PixelguideLoadCategory": "Load category (pixelguide)",
    "PixelguideSegment": "Read label map (pixelguide)",
    "PixelguideEdit": "Paint a class and edit (pixelguide)",
}
