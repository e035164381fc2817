"""The weights of an ADM under the names and in the layout of diffusers' `UNet2DModel`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from diffusers import UNet2DModel
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.adm.shapes import AdmSettings, AdmShape
from pixelguide.prior.tensor_file import TYPES, LazyTensor

RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ATTENTION = {
    "group_norm": "norm",
    "to_q": "qkv",
    "to_k": "qkv",
    "to_v": "qkv",
    "to_out.0": "proj_out",
}
QKV = ("to_q", "to_k", "to_v")
EMBEDDING = "time_embedding.linear_1.weight"


def convert_weights(
    state: Mapping[str, Tensor],
    shape: AdmShape,
    unet: UNet2DModel,
    settings: AdmSettings,
    where: str,
    dtype: torch.dtype | None = None,
) -> dict[str, LazyTensor]:
    """The weights with which `unet` (from `shape.network`) computes what the ADM `state` does.

    dtype: type to store them in; None: that of each (float32 for other types than `TYPES`).
    Names and shapes are checked at once, values when they are read. Raises InputError that names
    `where` and the first layer that is missing, unknown, of another shape or kind, or not finite.
    """
    expected = {name: tuple(value.shape) for name, value in unet.state_dict().items()}
    unknown = dict.fromkeys(state)
    weights: dict[str, LazyTensor] = {}
    for target, source in _layers(shape):
        for leaf in ("weight", "bias"):
            name, key = f"{target}.{leaf}", f"{source}.{leaf}"
            if name not in expected:  # a residual block that keeps its width has no shortcut
                continue
            value = _checked(state, key, _shape_in_adm(name, expected[name], shape), where)
            unknown.pop(key, None)
            stored = dtype or (value.dtype if value.dtype in TYPES else torch.float32)
            rows = partial(_rows, value, target, unet.config.attention_head_dim, settings)
            read = partial(_finite, rows, expected[name], stored, key, where)
            weights[name] = LazyTensor(expected[name], stored, read)
    if unknown:
        raise InputError(
            f"wrong weights ({next(iter(unknown))!r:.80} is not of an ADM of this shape)",
            where,
            "Only networks as guided-diffusion builds them can be converted.",
        )
    if "time_proj.weight" in expected:
        table, basis = embedding_table(shape.base, shape.channels[0], settings.timesteps, where)
        # phases need more digits than float16 has
        weights["time_proj.weight"] = LazyTensor(tuple(table.shape), torch.float32, lambda: table)
        first = state["time_embed.0.weight"]
        stored = weights[EMBEDDING].dtype
        read = partial(
            _finite,
            lambda: first.double() @ basis,
            expected[EMBEDDING],
            stored,
            "time_embed.0.weight",
            where,
        )
        weights[EMBEDDING] = LazyTensor(expected[EMBEDDING], stored, read)
    return weights


def embedding_table(base: int, width: int, timesteps: int, where: str) -> tuple[Tensor, Tensor]:
    """The sinusoids of all timesteps in fewer (or more) channels than ADM's.

    diffusers has as many sinusoids as its finest level has channels; the 512² network has twice
    as many. But a thousand timesteps of log-spaced frequencies span few directions, the slow
    waves being nearly alike: 256 sinusoids lie in 128 directions to the last digit of float64.
    Returns float64 table T×width and basis base×width: table @ basisᵀ are the sinusoids to 1e-4,
    the rounding of their float32 phases. Raises InputError where that cannot be had.
    """
    waves = get_timestep_embedding(
        torch.arange(timesteps), base, flip_sin_to_cos=True, downscale_freq_shift=0
    ).double()
    directions = torch.linalg.svd(waves, full_matrices=False).Vh[:width]
    basis = waves.new_zeros(base, width)
    basis[:, : len(directions)] = directions.T
    table = waves @ basis
    if (table @ basis.T - waves).abs().max() > 1e-4:
        raise InputError(
            f"{timesteps} timesteps of 'time_embed.0.weight' ({base} channels) do not fit into the "
            f"{width} channels of 'input_blocks.0.0.weight'",
            where,
            "UNet2DModel cannot express this network.",
        )
    return table, basis


def _layers(shape: AdmShape) -> Iterator[tuple[str, str]]:
    """Each layer's name in diffusers and in ADM, in ADM's order."""
    resample = _residual if shape.residual_resampling else _convolution
    levels = list(range(len(shape.channels)))
    yield "time_embedding.linear_1", "time_embed.0"
    yield "time_embedding.linear_2", "time_embed.2"
    yield "conv_in", "input_blocks.0.0"
    for level in levels:
        first = 1 + level * (shape.layers + 1)
        for i in range(shape.layers):
            yield from _residual(f"down_blocks.{level}.resnets.{i}", f"input_blocks.{first + i}.0")
            if shape.attends[level]:
                attention = f"down_blocks.{level}.attentions.{i}"
                yield from _attention(attention, f"input_blocks.{first + i}.1")
        if level != levels[-1]:
            downsampler = f"down_blocks.{level}.downsamplers.0"
            yield from resample(downsampler, f"input_blocks.{first + shape.layers}.0", "op")
    yield from _residual("mid_block.resnets.0", "middle_block.0")
    yield from _attention("mid_block.attentions.0", "middle_block.1")
    yield from _residual("mid_block.resnets.1", "middle_block.2")
    for up, level in enumerate(reversed(levels)):
        first = up * (shape.layers + 1)
        for i in range(shape.layers + 1):
            yield from _residual(f"up_blocks.{up}.resnets.{i}", f"output_blocks.{first + i}.0")
            if shape.attends[level]:
                attention = f"up_blocks.{up}.attentions.{i}"
                yield from _attention(attention, f"output_blocks.{first + i}.1")
        if level:  # the last block of a level changes the resolution, after it has attended
            part = 2 if shape.attends[level] else 1
            upsampler = f"up_blocks.{up}.upsamplers.0"
            yield from resample(upsampler, f"output_blocks.{first + shape.layers}.{part}", "conv")
    yield "conv_norm_out", "out.0"
    yield "conv_out", "out.2"


def _residual(target: str, source: str, _: str = "") -> Iterator[tuple[str, str]]:
    for own, theirs in RESIDUAL.items():
        yield f"{target}.{own}", f"{source}.{theirs}"


def _attention(target: str, source: str) -> Iterator[tuple[str, str]]:
    for own, theirs in ATTENTION.items():
        yield f"{target}.{own}", f"{source}.{theirs}"


def _convolution(target: str, source: str, name: str) -> Iterator[tuple[str, str]]:
    yield f"{target}.conv", f"{source}.{name}"


def _shape_in_adm(name: str, shape: tuple[int, ...], network: AdmShape) -> tuple[int, ...]:
    """Shape in ADM of the weights that diffusers calls `name` and has in `shape`."""
    if name == EMBEDDING:
        return (4 * network.base, network.base)
    if name.split(".")[-2] in QKV:
        shape = (3 * shape[0], *shape[1:])
    # attention is made of convolutions over a sequence there, of linear layers here
    return (*shape, 1) if ".to_" in name and name.endswith(".weight") else shape


def _checked(state: Mapping[str, Tensor], key: str, shape: tuple[int, ...], where: str) -> Tensor:
    """The weights called `key`; InputError if they are not floating point of `shape`."""
    if key not in state:
        problem = f"'{key}' is missing"
    elif tuple(state[key].shape) != shape:
        problem = f"'{key}' has shape {tuple(state[key].shape)}, not {shape}"
    elif not state[key].is_floating_point():
        problem = f"'{key}' has type {state[key].dtype}"
    else:
        return state[key]
    raise InputError(f"wrong weights ({problem})", where, "Give an ADM checkpoint, whole.")


def _rows(value: Tensor, target: str, head_channels: int | None, settings: AdmSettings) -> Tensor:
    """`value`, or that third of the rows of a qkv layer that belongs to `target`."""
    part = target.rsplit(".", 1)[-1]
    if part not in QKV:
        return value
    # legacy: q, k and v of each head in turn; new: all q, all k, all v, as if of a single head
    alone = settings.attention_order == "new" or head_channels is None
    width = len(value) // 3 if alone else head_channels
    parts: Tensor = value.unflatten(0, (-1, 3, width))  # heads × 3 × width × …
    return parts[:, QKV.index(part)].flatten(0, 1)


def _finite(
    rows: Callable[[], Tensor], shape: tuple[int, ...], dtype: torch.dtype, key: str, where: str
) -> Tensor:
    """What `rows` gives, in `shape` and `dtype`; InputError if not all of it is finite."""
    own = rows()
    value = own.reshape(shape).to(dtype)
    if not torch.isfinite(value).all():
        problem = (
            f"that {str(dtype).removeprefix('torch.')} cannot hold"
            if torch.isfinite(own).all()
            else "that are not finite"
        )
        raise InputError(
            f"wrong weights ('{key}' holds values {problem})", where, "Fetch it again."
        )
    return value
