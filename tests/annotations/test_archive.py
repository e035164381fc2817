"""Zip files that would escape, explode or lie."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.datasets import error_of
from pixelguide.annotations import archive
from pixelguide.annotations.archive import Archive
from pixelguide.errors import InputError, SafetyError


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_members_are_read_in_memory(tmp_path: Path) -> None:
    found = Archive(
        zipped(tmp_path / "a.zip", {"b/c.txt": b"\xef\xbb\xbfhi", "a": b"1", "d/": b""})
    )
    assert found.names == ("a", "b/c.txt")
    assert found.read("a") == b"1"
    assert found.text("b/c.txt") == "hi"
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:\\x", "..\\x", "\\\\host\\x"])
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(SafetyError, match=r"leads out of the data set, a\.zip"):
        Archive(zipped(tmp_path / "a.zip", {name: b""}))


def test_members_that_unpack_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    found = Archive(zipped(tmp_path / "a.zip", {"bomb": bytes(100_000)}))
    with pytest.raises(SafetyError, match=r"unpacks to more .*a\.zip/bomb"):
        found.read("bomb")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(SafetyError, match="3 members"):
        Archive(zipped(tmp_path / "a.zip", dict.fromkeys("abc", b"")))


def test_a_member_that_lies_about_its_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x": bytes(5000)})
    raw = path.read_bytes()
    assert raw.count((5000).to_bytes(4, "little")) == 2  # in the member's header and the directory
    path.write_bytes(raw.replace((5000).to_bytes(4, "little"), (5).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"damaged zip .*a\.zip"):
        Archive(path).read("x")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(tmp_path: Path, method: int) -> None:
    with pytest.raises(InputError, match="unusual compression"):
        Archive(zipped(tmp_path / "a.zip", {"x": b"1" * 100}, method)).read("x")


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two members called 'a/x'"):
        Archive(zipped(tmp_path / "a.zip", {"a/x": b"", "a//x": b""}))


def test_missing_and_not_a_zip(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    for name in ("a.zip", "pipe.zip"):
        with pytest.raises(InputError, match="no such file"):
            Archive(tmp_path / name)
    (tmp_path / "a.zip").write_text("hello")
    with pytest.raises(InputError, match="damaged zip"):
        Archive(tmp_path / "a.zip")


@settings(max_examples=40)
@given(st.data())
def test_damage_is_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = zipped(tmp_path_factory.mktemp("zip") / "a.zip", {"x": b"hello" * 20, "y": b"1"})
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw[: data.draw(st.integers(len(raw) // 2, len(raw)))])
    error = error_of(
        lambda: [found.read(name) for found in [Archive(path)] for name in found.names]
    )
    assert not error or error.where.startswith("a.zip")
