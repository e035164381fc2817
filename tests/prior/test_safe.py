"""Weights from outside: nothing is run, nothing damaged is used, and every error names its file."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from pixelguide.errors import InputError, PixelguideError, SafetyError
from pixelguide.prior.safe import (
    PICKLE_SUFFIXES,
    aligned,
    load_weights,
    read_tensors,
    refuse_pickle,
)

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2, 3])}


class _Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def _pickles(marker: Path) -> dict[str, bytes]:
    """The same payload in each form that a pickle comes in."""
    forms = {f"protocol {n}": pickle.dumps(_Payload(marker), n) for n in range(2, 6)}
    for zipped in (True, False):
        path = marker.parent / "made.tmp"
        torch.save(
            {"w": _Payload(marker)}, path, _use_new_zipfile_serialization=zipped, pickle_protocol=2
        )
        forms["torch zip" if zipped else "torch legacy"] = path.read_bytes()
        path.unlink()
    return forms


FORMS = [*(f"protocol {n}" for n in range(2, 6)), "torch zip", "torch legacy"]


# Pickles


@pytest.mark.parametrize("form", FORMS)
def test_renamed_pickle_is_refused_and_not_run(tmp_path: Path, form: str) -> None:
    marker = tmp_path / "ran"
    content = _pickles(marker)[form]
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(SafetyError, match=r"pickle.*weights\.safetensors"):
        read_tensors(path)
    assert not marker.exists()


def test_the_payload_would_run_if_it_were_unpickled(tmp_path: Path) -> None:
    # Else the test above could not fail.
    pickle.loads(_pickles(tmp_path / "ran")["protocol 4"])  # noqa: S301
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("protocol", [0, 1])
def test_old_pickle_of_plain_text_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pickle.dumps(_Payload(tmp_path / "ran"), protocol))
    with pytest.raises(SafetyError, match=r"pickle.*weights\.safetensors"):
        read_tensors(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [*PICKLE_SUFFIXES, ".PT", ".Bin"])
def test_names_of_pickles_are_refused_before_reading(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"  # does not even exist
    with pytest.raises(SafetyError, match="pickle can run code"):
        refuse_pickle(path)
    with pytest.raises(SafetyError, match="pickle can run code"):
        read_tensors(path)


def test_pickle_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(SafetyError, match=r"weights\.bin"):
        read_tensors(tmp_path / "weights.safetensors")


def test_other_names_are_not_taken_for_pickles() -> None:
    refuse_pickle(Path("weights.safetensors"))
    refuse_pickle(Path("folder.pt") / "weights.safetensors")


# Reading


@pytest.fixture
def file(tmp_path: Path) -> Path:
    safetensors.torch.save_file(TENSORS, tmp_path / "weights.safetensors", {"format": "pt"})
    return tmp_path / "weights.safetensors"


def test_tensors_come_back(file: Path) -> None:
    read = read_tensors(file)
    assert read.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert torch.equal(read[name], value)
        assert read[name].dtype == value.dtype


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No such file.*weights\.safetensors"):
        read_tensors(tmp_path / "weights.safetensors")


def test_every_truncation_is_refused(file: Path) -> None:
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"weights\.safetensors"):
            read_tensors(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.integers(0, 2**16), st.integers(1, 255))
def test_no_flipped_byte_raises_anything_else(file: Path, place: int, change: int) -> None:
    content = bytearray(safetensors.torch.save(TENSORS, {"format": "pt"}))
    content[place % len(content)] ^= change
    file.write_bytes(content)
    try:
        tensors = read_tensors(file)
        load_weights(_Two(), tensors, "weights.safetensors")
    except PixelguideError as error:
        text = str(error)
        assert "weights.safetensors" in text
        assert "\n" not in text


def _write(path: Path, kind: str, size: int) -> None:
    """A safetensors file by hand: `a.weight` of any type, `size` bytes to a value."""
    header = {
        "a.weight": {"dtype": kind, "shape": [2, 3], "data_offsets": [0, 6 * size]},
        "b": {"dtype": "I64", "shape": [3], "data_offsets": [6 * size, 6 * size + 24]},
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(6 * size + 24))


@pytest.mark.parametrize(
    ("kind", "size"),
    [("F99", 4), ("C64", 8), ("U64", 8), ("I8", 1), ("BOOL", 1), ("", 4)],
)
def test_types_without_a_place_in_torch_or_the_model_are_refused(
    file: Path, kind: str, size: int
) -> None:
    _write(file, kind, size)
    with pytest.raises(InputError, match=r"weights\.safetensors"):
        load_weights(_Two(), read_tensors(file), file.name)


@pytest.mark.parametrize(
    ("kind", "size"), [("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("F8_E4M3", 1)]
)
def test_every_float_is_cast(file: Path, kind: str, size: int) -> None:
    _write(file, kind, size)
    module = _Two()
    load_weights(module, read_tensors(file), file.name)
    assert module.a.weight.dtype == torch.float32
    assert not module.a.weight.any()


# Using


class _Two(nn.Module):
    """A float32 and an integer tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 2, bias=False)
        nn.init.constant_(self.a.weight, 7)
        self.register_buffer("b", torch.tensor([9, 9, 9]))


def test_values_are_copied(file: Path) -> None:
    module = _Two()
    load_weights(module, read_tensors(file), file.name)
    assert torch.equal(module.a.weight, TENSORS["a.weight"])
    assert torch.equal(module.b, TENSORS["b"])


def test_a_module_without_memory_takes_the_values_over(file: Path) -> None:
    with torch.device("meta"):
        module = nn.Linear(3, 2, bias=False)
    load_weights(module, {"weight": torch.ones(2, 3, dtype=torch.float16)}, file.name)
    assert module.weight.dtype == torch.float32
    assert (module.weight == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a.weight": None}, "'a.weight' is missing"),
        ({"a.weight": torch.zeros(3, 2)}, r"'a.weight' has shape \(3, 2\), not \(2, 3\)"),
        ({"a.weight": torch.zeros(6)}, r"'a.weight' has shape \(6,\), not \(2, 3\)"),
        ({"a.weight": torch.full((2, 3), torch.nan)}, "'a.weight' holds values that are not fin"),
        ({"a.weight": torch.full((2, 3), -torch.inf)}, "'a.weight' holds values that are not fin"),
        ({"a.weight": torch.zeros(2, 3, dtype=torch.complex64)}, "'a.weight'"),
        ({"a.weight": torch.zeros(2, 3, dtype=torch.int64)}, "'a.weight'"),
        ({"a.weight": None, "b": None}, "'b' is missing"),  # the first bad key
        ({"b": torch.zeros(3, dtype=torch.int64)[:2]}, r"'b' has shape \(2,\)"),
        ({"c": torch.zeros(1)}, "'c' is not of this model"),
    ],
)
def test_wrong_weights_name_place_and_first_bad_key_and_change_nothing(
    change: dict[str, torch.Tensor | None], message: str
) -> None:
    module = _Two()
    tensors = {k: v for k, v in {**TENSORS, **change}.items() if v is not None}
    with pytest.raises(InputError, match=f"{message}.*, here"):
        load_weights(module, tensors, "here")
    assert (module.a.weight == 7).all()
    assert (module.b == 9).all()


def test_matrices_begin_at_a_cache_line_and_nothing_else_is_copied() -> None:
    memory = torch.arange(400, dtype=torch.float32)
    start = (-memory.data_ptr() // 4) % 16  # values to the next cache line
    off = memory[start + 1 : start + 101]
    for tensor in (off, off.view(5, 5, 2, 2), memory[start : start + 100].view(10, 10)):
        assert aligned(tensor) is tensor
    matrix = off.view(10, 10)
    assert aligned(matrix).data_ptr() % 64 == 0
    assert torch.equal(aligned(matrix), matrix)


def test_weights_packed_in_four_bits_are_told(tmp_path: Path) -> None:
    packed = torch.zeros(2, 2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    layer = nn.Linear(4, 2)
    with pytest.raises(InputError, match=r"packed as torch.float4_e2m1fn_x2 \('weight'\), where"):
        load_weights(layer, {"weight": packed, "bias": torch.zeros(2)}, "where")


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3", "C64", "BOOL", "X9"])
def test_types_that_no_model_has_are_one_line(tmp_path: Path, dtype: str) -> None:
    """Four-bit numbers, which torch can name but not read, were a traceback."""
    header = json.dumps({"weight": {"dtype": dtype, "shape": [8], "data_offsets": [0, 8]}})
    bits = {"F4": 4, "F6_E2M3": 6, "C64": 64}.get(dtype, 8)
    header = header.replace("8]}", f"{bits}]}}")
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(bits))
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(torch.zeros(8))
    with pytest.raises(InputError, match=r"a\.safetensors") as refused:
        load_weights(module, read_tensors(path), path.name)
    assert "\n" not in str(refused.value)
