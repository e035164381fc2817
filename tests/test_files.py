"""Files are written whole or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelguide.errors import InputError, PixelguideError, ResourceError
from pixelguide.files import (
    MAX_NESTED,
    check_file_writable,
    check_writable,
    entries_below,
    from_os_error,
    is_hidden,
    sync_folder,
    write_atomically,
)

STAGES = ["fdopen", "fsync", "chmod", "replace"]
"""What is called between making the temporary file and the new content being there."""


def _failing(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    return fail


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_content_is_written_and_replaced(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "file.bin"
    for content in (old, new):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"


def test_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


@pytest.mark.parametrize("stage", STAGES)
def test_full_disk_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, stage, _failing(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(ResourceError, match="no space left on device") as caught:
            write_atomically(path, b"new")
    assert caught.value.where == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("crash", [KeyboardInterrupt(), MemoryError()])
def test_crash_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, crash: BaseException
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, stage, _failing(crash))
        with pytest.raises(type(crash)):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("stage", STAGES)
def test_process_killed_on_the_way_leaves_the_old_content(tmp_path: Path, stage: str) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    child = os.fork()
    if child == 0:  # without a single line of clean-up, as after kill -9
        setattr(os, stage, lambda *_, **__: os._exit(9))
        write_atomically(path, b"new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert path.read_bytes() == b"old"
    write_atomically(path, b"new")  # what the dead left behind is not in the way
    assert path.read_bytes() == b"new"


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_sync(handle: int) -> None:
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        calls.append("sync folder" if folder else f"sync {os.fstat(handle).st_size} bytes")
        fsync(handle)

    def note_replace(source: str, target: Path) -> None:
        assert Path(source).parent == target.parent  # a rename elsewhere would be a copy
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_atomically(tmp_path / "file", b"12345")
    assert calls == ["sync 5 bytes", "replace", "sync folder"]


def test_a_folder_in_the_way_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="taken"):
        write_atomically(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_file_where_a_folder_is_needed_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(InputError, match="cannot write"):
        write_atomically(tmp_path / "file" / "below", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE])
def test_what_ran_out_is_a_resource(code: int) -> None:
    error = from_os_error(OSError(code, os.strerror(code)), Path("somewhere/file"))
    assert isinstance(error, ResourceError)
    assert os.strerror(code).lower() in str(error)
    assert "somewhere/file" in str(error)


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG])
def test_everything_else_is_input(code: int) -> None:
    error = from_os_error(OSError(code, os.strerror(code)), Path("somewhere/file"))
    assert isinstance(error, InputError)
    assert os.strerror(code).lower() in str(error)


def test_an_error_without_number_keeps_its_text() -> None:
    error: PixelguideError = from_os_error(OSError("odd thing"), Path("file"))
    assert "odd thing" in str(error)


def test_folders_that_cannot_be_opened_are_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_DIRECTORY")  # as on Windows
    monkeypatch.setattr(os, "open", _failing(PermissionError(errno.EACCES, "denied")))
    sync_folder(tmp_path)


def test_a_folder_that_can_be_made_is_writable(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "newer")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        check_writable(tmp_path / "file" / "below")


def test_a_folder_without_permission_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = _failing(PermissionError(errno.EACCES, "Permission denied"))  # tests may run as root
    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with pytest.raises(InputError, match="permission denied"):
        check_writable(tmp_path / "new")


def test_a_folder_in_place_of_a_file_is_told_before_the_work(tmp_path: Path) -> None:
    check_file_writable(tmp_path / "new" / "map.png")
    with pytest.raises(InputError, match="a folder, not a file"):
        check_file_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


# Content in pieces


def test_pieces_are_joined(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", iter([b"ab", b"", memoryview(b"cd")]))
    assert (tmp_path / "file").read_bytes() == b"abcd"


def test_an_error_between_pieces_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise InputError("the rest is damaged")

    write_atomically(tmp_path / "file", b"old")
    with pytest.raises(InputError, match="the rest is damaged"):
        write_atomically(tmp_path / "file", pieces())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_hidden_names() -> None:
    hidden = ("._a.png", "x/.b", "__MACOSX/x/a.png", ".x/a")
    assert all(is_hidden(name) for name in hidden)
    assert not any(is_hidden(name) for name in ("a.png", "a/b.c", "a/__x/b"))


def test_folders_may_be_nested_as_deep_as_anyone_nests_them(tmp_path: Path) -> None:
    """Python's own walk ends in a RecursionError, a traceback for the user."""
    deep = tmp_path.joinpath(*["d"] * MAX_NESTED)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in entries_below(tmp_path)}
    assert found == {"/".join(["d"] * k) for k in range(1, MAX_NESTED + 1)} | {
        str((deep / "file").relative_to(tmp_path)), "link",
    }  # fmt: skip
    (deep / "d").mkdir()
    with pytest.raises(InputError, match="nested deeper than 32"):
        list(entries_below(tmp_path))
    assert list(entries_below(tmp_path / "none")) == []
