"""What a call of the pipeline is given: a picture or several, a generator for each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError

Generators = torch.Generator | Sequence[torch.Generator] | None


def batched(**given: Any) -> tuple[bool, list[dict[str, Any]]]:
    """Whether any argument is a list, and the arguments of each picture.

    Lists have one length; what is no list serves for all. Raises InputError for lists of different
    lengths or of none.
    """
    lengths = {name: len(value) for name, value in given.items() if _is_list(value)}
    if not lengths:
        return False, [given]
    if len({*lengths.values()}) > 1 or 0 in lengths.values():
        said = ", ".join(f"{count} of {name}" for name, count in lengths.items())
        raise InputError(f"lists of different lengths ({said})", "call", "Give one of each.")
    return True, [
        {name: value[k] if name in lengths else value for name, value in given.items()}
        for k in range(next(iter(lengths.values())))
    ]


def unstacked(image: Any) -> Any:
    """A batch of pictures as an array N×S×S×3 or a tensor N×3×S×S as a list; others as they are."""
    if isinstance(image, (np.ndarray, torch.Tensor)) and image.ndim == 4:
        return list(image)
    return image


def as_picture(image: Any) -> Any:
    """What diffusers calls "np" or "pt", float S×S×3 or 3×S×S in [0, 1], as uint8 S×S×3; others as
    they are. Raises InputError for values outside of that."""
    if isinstance(image, torch.Tensor):
        if not image.is_floating_point() or image.ndim != 3:
            raise InputError(
                f"tensor of shape {tuple(image.shape)} and type {image.dtype}", "image",
                "Give float 3×S×S in 0 … 1, a PIL image, or uint8 S×S×3.",
            )  # fmt: skip
        image = image.detach().float().permute(1, 2, 0).cpu().numpy()
    if not isinstance(image, np.ndarray) or not np.issubdtype(image.dtype, np.floating):
        return image
    if image.size and not 0 <= float(image.min()) <= float(image.max()) <= 1:  # false for NaN
        raise InputError("floats beyond 0 … 1", "image", "Scale them, or give uint8.")
    return np.round(image * 255).astype(np.uint8)


def per_candidate(generator: Generators, count: int, pictures: int = 1) -> list[torch.Generator]:
    """A CPU generator for each of `count` candidates of each of `pictures`.

    Each begins with a seed drawn from the one given for it: of a single generator they are drawn in
    order, so that candidate k is the same for every count, and what a generator alone gives it
    gives in a list too. Without one, fresh entropy. Raises InputError for another number of them.
    """
    total = count * pictures
    if isinstance(generator, Sequence):
        if len(generator) != total:
            raise InputError(
                f"{len(generator)} generators for {total} images", "generator", "Give one each."
            )
        given = list(generator)
    else:
        if generator is None:
            generator = torch.Generator()
            generator.seed()
        given = [generator] * total
    return [torch.Generator().manual_seed(_drawn(one)) for one in given]


def images_per_picture(num_images: int | None, num_images_per_prompt: int | None) -> int:
    """How many candidates; both names mean the same. Raises InputError if they differ."""
    if num_images is not None and num_images_per_prompt not in (None, num_images):
        raise InputError(
            f"num_images {num_images} and num_images_per_prompt {num_images_per_prompt}", "call",
            "They mean the same: give one.",
        )  # fmt: skip
    wanted = num_images if num_images is not None else num_images_per_prompt
    count = 4 if wanted is None else wanted
    if not isinstance(count, int) or not 1 <= count <= 64:
        raise InputError(f"num_images {count}", "call", "Give 1 … 64.")
    return count


def as_output(images: NDArray[np.uint8], output_type: str) -> Any:
    """uint8 N×S×S×3 as "pil", "np" (float32 N×S×S×3) or "pt" (float32 N×3×S×S), both in [0, 1]."""
    if output_type == "pil":
        return [Image.fromarray(one) for one in images]
    scaled = images.astype(np.float32) / 255
    return scaled if output_type == "np" else torch.from_numpy(scaled).permute(0, 3, 1, 2)


def _drawn(generator: torch.Generator) -> int:
    return int(torch.randint(2**62, (1,), generator=generator, device=generator.device))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
