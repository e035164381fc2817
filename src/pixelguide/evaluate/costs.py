"""What a piece of work costs: operations, bytes moved, memory held."""

from __future__ import annotations

import math
import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


def _packed_flops(_x: Tensor, weight: Tensor, *_args: Any, out_val: Tensor, **_kw: Any) -> int:
    return 2 * out_val.numel() * math.prod(weight.shape[1:])


ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention
FORMULAS = {
    **flop_registry,
    # attention's kernels on the CPU, which torch's own table leaves out
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[ATTENTION],
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: flop_registry[
        torch.ops.aten._scaled_dot_product_flash_attention_backward
    ],
}
if hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
    FORMULAS[torch.ops.mkldnn._convolution_pointwise] = _packed_flops
ALLOCATION = ("aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty")


class WorkCounter(TorchDispatchMode):
    """FLOPs and bytes of all operators inside its block, forward and backward.

    flops: of matrix products, convolutions and attention, by the formulas of torch's
    `FlopCounterMode`, where a multiply-add is two. (That class itself also follows modules, by
    hooks that do not bear `torch.autograd.grad` with respect to the input.)
    bytes: what moves if each operator reads its tensors once and writes its result once. An
    estimate: kernels that fuse, or find their input in a cache, move less; those that need scratch
    space or read an input twice move more. Views and bare allocations move nothing.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func.overloadpacket in FORMULAS:
            self.flops += FORMULAS[func.overloadpacket](*args, **kwargs, out_val=result)
        if not func.is_view and func.name().split(".")[0] not in ALLOCATION:
            read = {id(tensor): tensor for tensor in _tensors((args, kwargs))}
            self.bytes += sum(_bytes(tensor) for tensor in (*read.values(), *_tensors(result)))
        return result


class PeakBytes(TorchDispatchMode):
    """The most bytes of tensors that were alive at once, of those made inside the block.

    The same on every machine and in every run, unlike the process's memory. Scratch space that a
    kernel takes for itself is not seen.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive = 0
        self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        before = {_memory(tensor)[1] for tensor in _tensors((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            memory, key, size = _memory(tensor)
            if key not in before | self._known:
                self._known.add(key)
                self.alive += size
                weakref.finalize(memory, self._release, key, size)
        self.peak = max(self.peak, self.alive)
        return result

    def _release(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.alive -= size


def weight_bytes(*modules: torch.nn.Module) -> int:
    """Bytes of all parameters and buffers."""
    return sum(
        value.nbytes
        for module in modules
        for values in (module.parameters(), module.buffers())
        for value in values
    )


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _bytes(tensor: Tensor) -> int:
    """Of what is behind the tensor: an expanded one repeats the same bytes."""
    return min(tensor.nbytes, _memory(tensor)[2])


def _memory(tensor: Tensor) -> tuple[Any, int, int]:
    """What lives as long as a tensor's values, a key for it, and its bytes."""
    if tensor.layout == torch._mkldnn:  # type: ignore[attr-defined]  # hides its storage
        return tensor, id(tensor), tensor.nbytes
    storage = tensor.untyped_storage()
    return storage, storage._cdata, storage.nbytes()
