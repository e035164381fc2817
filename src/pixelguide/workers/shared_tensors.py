"""Objects with tensors, taken apart so that processes of one machine can share the tensors."""

from __future__ import annotations

import io
import pickle
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Apart:
    """An object without its tensors, and these as arrays.

    skeleton: a pickle, made and read by this package's own processes only. arrays: storage of each
    tensor as uint8, which may be read-only and shared.
    """

    skeleton: bytes
    arrays: tuple[NDArray[np.uint8], ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return len(self.skeleton) + sum(array.nbytes for array in self.arrays)


def take_apart(content: Any) -> Apart:
    """`content` without its tensors, which lie on the CPU. Those that share storage still do."""
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dump(content)
    return Apart(buffer.getvalue(), tuple(pickler.arrays))


def put_together(apart: Apart) -> Any:
    """The object again, whose tensors are those arrays, not copies: they must not be written to."""
    return _Unpickler(io.BytesIO(apart.skeleton), apart.arrays).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.arrays: list[NDArray[np.uint8]] = []
        self._known: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a tensor: its storage's number, and how it lies there."""
        if not isinstance(obj, torch.Tensor):
            return None
        storage = obj.untyped_storage()
        number = self._known.get(storage.data_ptr())
        if number is None or storage.nbytes() == 0:
            number = len(self.arrays)
            self._known[storage.data_ptr()] = number
            self.arrays.append(torch.tensor([], dtype=torch.uint8).set_(storage).numpy())
        kind = str(obj.dtype).removeprefix("torch.")
        place = (obj.storage_offset(), tuple(obj.shape), obj.stride())
        return number, kind, place, isinstance(obj, torch.nn.Parameter), obj.requires_grad


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arrays: tuple[NDArray[np.uint8], ...]) -> None:
        super().__init__(file)
        self._arrays = arrays
        self._storages: dict[int, torch.UntypedStorage] = {}

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """The tensor that `pid` stands for."""
        number, kind, (offset, shape, stride), is_parameter, requires_grad = pid
        if number not in self._storages:
            with warnings.catch_warnings():
                # shared memory is read-only, and weights are only read
                warnings.filterwarnings("ignore", "The given NumPy array is not writable")
                self._storages[number] = torch.from_numpy(self._arrays[number]).untyped_storage()
        tensor = torch.tensor([], dtype=getattr(torch, kind))
        tensor.set_(self._storages[number], offset, shape, stride)
        if is_parameter:
            return torch.nn.Parameter(tensor, requires_grad=requires_grad)
        return tensor.requires_grad_(requires_grad)
