"""Writing safetensors one tensor at a time, for networks that should not lie in memory twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
"""Types of floating point that are written, and their names in the file."""


@dataclass(frozen=True)
class LazyTensor:
    """A tensor of known shape and type (one of `TYPES`) whose values are computed when read."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return torch.Size(self.shape).numel() * self.dtype.itemsize


def tensor_chunks(tensors: Mapping[str, LazyTensor]) -> Iterator[bytes | memoryview]:
    """A safetensors file of `tensors` piece by piece: the header, then each tensor's values.

    No more than one tensor is in memory at a time. `safetensors.torch.save_file` wants all of
    them at once. (Format: github.com/huggingface/safetensors, "Format".)
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    # wide types first, so that every tensor is aligned to its type
    order = sorted(tensors, key=lambda name: -tensors[name].dtype.itemsize)
    offset = 0
    for name in order:
        tensor = tensors[name]
        header[name] = {
            "dtype": TYPES[tensor.dtype],
            "shape": tensor.shape,
            "data_offsets": (offset, offset + tensor.size),
        }
        offset += tensor.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        value = tensors[name].read().to(tensors[name].dtype).contiguous()
        yield value.reshape(-1).view(torch.uint8).numpy().data
