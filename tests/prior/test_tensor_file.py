"""What is written piece by piece is a safetensors file."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import seeded
from pixelguide.files import write_atomically
from pixelguide.prior.tensor_file import TYPES, LazyTensor, tensor_chunks


def _lazy(value: torch.Tensor) -> LazyTensor:
    return LazyTensor(tuple(value.shape), value.dtype, lambda: value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 5), max_size=3), st.sampled_from(list(TYPES))),
        max_size=5,
    )
)
def test_safetensors_reads_it(tmp_path: Path, kinds: list[tuple[list[int], torch.dtype]]) -> None:
    tensors = {
        f"ä.{index}": torch.randn(shape, generator=seeded(index)).to(dtype)
        for index, (shape, dtype) in enumerate(kinds)
    }
    path = tmp_path / "a.safetensors"
    lazy = {name: _lazy(value) for name, value in tensors.items()}
    write_atomically(path, tensor_chunks(lazy))
    read = safetensors.torch.load_file(path)
    assert read.keys() == tensors.keys()
    for name, value in tensors.items():
        assert read[name].dtype == value.dtype
        assert torch.equal(read[name], value)
    with safetensors.safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt"}  # diffusers refuses files without


def test_values_are_read_one_at_a_time_and_cast() -> None:
    read: list[str] = []

    def reader(name: str) -> LazyTensor:
        def values() -> torch.Tensor:
            read.append(name)
            return torch.ones(3, 2).T

        return LazyTensor((2, 3), torch.float16, values)

    chunks = tensor_chunks({name: reader(name) for name in "ab"})
    next(chunks)
    assert read == []
    assert bytes(next(chunks)) == torch.ones(2, 3).half().numpy().tobytes()
    assert read == ["a"]


@pytest.mark.parametrize("first", list(TYPES))
def test_every_tensor_lies_aligned(first: torch.dtype) -> None:
    tensors = {"a": _lazy(torch.zeros(3, dtype=first)), "b": _lazy(torch.zeros(3))}
    header, *values = tensor_chunks(tensors)
    assert len(header) % 8 == 0
    assert [len(value) for value in values] == sorted([3 * first.itemsize, 12], reverse=True)
