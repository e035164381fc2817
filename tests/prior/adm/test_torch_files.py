"""PyTorch's files from outside: no code is run, no damage is used, and every error is one line."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import seeded
from pixelguide.errors import InputError, PixelguideError, SafetyError
from pixelguide.prior.adm.torch_files import read_state_dict, read_torch_file

TENSORS = {
    "a.weight": torch.randn(20, 30, generator=seeded(0)),
    "b": torch.arange(6.0).half(),
}


class _Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "weights.pt"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=request.param)
    return path


def _saved(tmp_path: Path, content: Any) -> Path:
    torch.save(content, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


def _assert_tensors(read: dict[str, torch.Tensor]) -> None:
    assert read.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert read[name].dtype == value.dtype
        assert torch.equal(read[name], value)


def test_tensors_come_back(file: Path) -> None:
    _assert_tensors(read_torch_file(file))
    _assert_tensors(read_state_dict(file))


def test_values_stay_on_disk(tmp_path: Path) -> None:
    path = _saved(tmp_path, {"a": torch.ones(5000)})
    value = read_torch_file(path)["a"]
    with path.open("r+b") as opened:  # were they in memory, this would not reach them
        start = path.read_bytes().find(np.ones(5000, np.float32).tobytes())
        opened.seek(start)
        opened.write(np.full(5000, 7, np.float32).tobytes())
    assert (value == 7).all()


# Pickles with more than tensors


@pytest.mark.parametrize("form", ["zip", "legacy", *range(6)])
def test_code_is_refused_and_not_run(tmp_path: Path, form: str | int) -> None:
    path, marker = tmp_path / "weights.pt", tmp_path / "ran"
    payload = {"a": torch.zeros(3), "b": _Payload(marker)}
    if isinstance(form, str):
        torch.save(payload, path, _use_new_zipfile_serialization=form == "zip")
    else:
        path.write_bytes(pickle.dumps(_Payload(marker), form))
    with pytest.raises(SafetyError, match=r"a pickle that wants .*weights\.pt") as caught:
        read_torch_file(path)
    assert "\n" not in str(caught.value)
    assert not marker.exists()
    torch.load(path, weights_only=False) if isinstance(form, str) else pickle.loads(  # noqa: S301
        path.read_bytes()
    )
    assert marker.exists()  # the trap works, else this test could not fail


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (np.float64(3), "numpy"),
        (torch.nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear"),
        (Path("a"), "pathlib"),
    ],
)
def test_other_objects_are_refused_by_name(tmp_path: Path, content: Any, name: str) -> None:
    with pytest.raises(SafetyError, match=f"a pickle that wants {name}"):
        read_torch_file(_saved(tmp_path, {"a": content}))


# Damage


def test_every_truncation_is_refused(file: Path) -> None:
    content = file.read_bytes()
    for length in [*range(0, len(content) - 1, 97), len(content) - 1]:
        file.write_bytes(content[:length])
        with pytest.raises(PixelguideError, match=r"weights\.pt"):
            read_torch_file(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.integers(0, 2**16), st.integers(1, 255))
def test_no_flipped_byte_raises_anything_else(file: Path, place: int, change: int) -> None:
    content = file.read_bytes()
    broken = bytearray(content)
    broken[place % len(content)] ^= change
    file.write_bytes(broken)
    said = "weights.pt"
    try:
        read_state_dict(file)
    except PixelguideError as error:
        said = str(error)
    assert "weights.pt" in said
    assert "\n" not in said
    file.write_bytes(content)


def test_one_flipped_bit_of_a_weight_is_noticed(tmp_path: Path) -> None:
    path = _saved(tmp_path, TENSORS)
    content = bytearray(path.read_bytes())
    content[content.find(TENSORS["a.weight"].numpy().tobytes()) + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_torch_file(path)


def test_files_without_checksums_are_read(tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        path = _saved(tmp_path, TENSORS)
    finally:
        torch.serialization.set_crc32_options(before)
    _assert_tensors(read_torch_file(path))


def test_compressed_weights_are_refused(tmp_path: Path) -> None:
    # torch would map the compressed bytes as if they were the values
    path = _saved(tmp_path, TENSORS)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="compressed"):
        read_torch_file(path)


@pytest.mark.parametrize("content", [b"", b"\x01garbage", b"hello world\n", b"PK\x05\x06" * 9])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.pt"):
        read_torch_file(tmp_path / "weights.pt")


def test_other_formats_are_refused(tmp_path: Path) -> None:
    safetensors.torch.save_file(TENSORS, tmp_path / "weights.pt")
    with pytest.raises(InputError, match=r"not a PyTorch file, weights\.pt"):
        read_torch_file(tmp_path / "weights.pt")


def test_missing_files_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing.pt", ".", "pipe"):
        with pytest.raises(InputError, match="no such file"):
            read_torch_file(tmp_path / name)


# Finding the weights


@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: {f"module.{name}": value for name, value in t.items()},
        lambda t: {"state_dict": t, "step": 3},
        lambda t: {"model": t, "optimizer": {"state": {}}},
        lambda t: {"model_state_dict": {f"module.{name}": value for name, value in t.items()}},
        lambda t: {"model": {n: v + 1 for n, v in t.items()}, "ema": t},
        lambda t: {"ema": {"state_dict": t}},
    ],
)
def test_weights_are_found_where_checkpoints_keep_them(tmp_path: Path, wrap: Any) -> None:
    _assert_tensors(read_state_dict(_saved(tmp_path, wrap(TENSORS))))


def test_a_prefix_of_some_names_is_part_of_them(tmp_path: Path) -> None:
    content = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    assert read_state_dict(_saved(tmp_path, content)).keys() == content.keys()


def _endless() -> dict[str, Any]:
    content: dict[str, Any] = {}
    content["model"] = content
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([torch.zeros(1)], "no weights by name"),
        (torch.zeros(1), "no weights by name"),
        ({0: torch.zeros(1)}, "no weights by name"),
        ({"a": torch.zeros(1), "b\n\x1b": 3}, r"'b\\n\\x1b' is not a dense tensor"),
        ({"a": torch.eye(3).to_sparse()}, "'a' is not a dense tensor"),
        ({"a": torch.zeros(1).expand(10**12)}, "tensors larger than the file"),
        (_endless(), "'model' is not a dense tensor"),
    ],
)
def test_content_without_weights_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"{message}.*, weights.pt"):
        read_state_dict(_saved(tmp_path, content))
