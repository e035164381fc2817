"""From an ADM checkpoint to a model folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel

from pixelguide.files import Content, check_writable
from pixelguide.prior.adm.shapes import AdmSettings, AdmShape, read_shape
from pixelguide.prior.adm.torch_files import read_state_dict
from pixelguide.prior.adm.weights import convert_weights
from pixelguide.prior.bundle import refuse_classifiers
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_configs
from pixelguide.prior.tensor_file import LazyTensor, tensor_chunks
from pixelguide.prior.weight_files import WEIGHTS

Progress = Callable[[dict[str, Any]], None]


def convert_adm(
    checkpoint: Path,
    out: Path,
    settings: AdmSettings | None = None,
    *,
    dtype: torch.dtype | None = None,
    on_progress: Progress | None = None,
) -> dict[str, str]:
    """Convert an ADM checkpoint (`.pt`) to a diffusers model in folder `out`.

    dtype: type to store the weights in; None: the checkpoint's. One tensor at a time is in
    memory; the checkpoint is mapped from disk. Returns what the model card says of the network.
    Raises SafetyError for a checkpoint with more than tensors in it; InputError for one that is
    damaged, of another network, or contradicts the settings, and for an `out` that holds
    classifiers, which belong to the prior they were trained on; ResourceError for a full disk.
    """
    settings = settings or AdmSettings()
    check_writable(out)
    refuse_classifiers(out)
    where = checkpoint.name
    state = read_state_dict(checkpoint)
    shape = read_shape(state, where)
    unet = shape.network(settings, where)
    weights = convert_weights(state, shape, unet, settings, where, dtype)
    facts = _facts(shape, settings, unet, weights)
    with checkpoint.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    parts: dict[str, Content] = {
        # first, so that values that are refused leave everything as it was
        f"unet/{WEIGHTS}": _reported(tensor_chunks(weights), len(weights), on_progress),
        **prior_configs(unet, settings.scheduler(shape.out_channels == 6)),
        "README.md": _card(where, digest, facts).encode(),
    }
    write_parts(out, parts)
    return facts


def _facts(
    shape: AdmShape,
    settings: AdmSettings,
    unet: UNet2DModel,
    weights: Mapping[str, LazyTensor],
) -> dict[str, str]:
    """What to say of a converted network; what its weights could not tell is marked."""
    size, head_channels = unet.config.sample_size, unet.config.attention_head_dim
    known = settings.heads is not None or settings.head_channels is not None
    attending = [size >> level for level, attends in enumerate(shape.attends) if attends]
    types = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in weights.values()})
    return {
        "pictures": f"{size}×{size} RGB",
        "channels": ", ".join(map(str, shape.channels)),
        "residual blocks": f"{shape.layers} a level",
        "attention": (
            f"at {', '.join(map(str, attending)) or 'the middle only'}; "
            + (f"heads of {head_channels} channels" if head_channels else "one head")
            + ("" if known else " (assumed)")
            + f"; {settings.attention_order} order of q, k, v"
        ),
        "timestep norm": "scale and shift" if shape.scale_shift else "shift",
        "resampling": "residual blocks" if shape.residual_resampling else "convolutions",
        "variance": "learned" if shape.out_channels == 6 else "fixed",
        "noise schedule": f"{settings.schedule}, {settings.timesteps} timesteps",
        "parameters": f"{unet.num_parameters():,}",
        "weights": ", ".join(types),
    }


def _card(name: str, digest: str, facts: Mapping[str, str]) -> str:
    """The model card: where the weights come from, and what they were taken for."""
    lines = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    return f"""---
library_name: diffusers
pipeline_tag: unconditional-image-generation
tags: [pixelguide, diffusion, adm]
---

# A diffusion prior, converted from guided-diffusion

A `UNet2DModel` with the weights of an ADM (Dhariwal & Nichol 2021, arXiv 2105.05233). The licence
is that of the checkpoint.

| | |
|---|---|
| checkpoint | `{name}` |
| its SHA-256 | `{digest}` |
{lines}

Size, heads, order of attention and noise schedule are not in the weights: they were given, or are
what guided-diffusion has for networks of this shape. Wrong ones show in samples.
"""


def _reported(
    chunks: Iterator[bytes | memoryview], total: int, on_progress: Progress | None
) -> Iterator[bytes | memoryview]:
    """The header and `total` tensors of a file, with a report after each."""
    for done, chunk in enumerate(chunks):
        yield chunk
        if on_progress:
            on_progress({"stage": "convert", "done": done, "total": total})
