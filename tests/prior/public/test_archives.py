"""Archives give plain files of expected kinds inside one folder, or nothing at all."""

from __future__ import annotations

import contextlib
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelguide.errors import InputError, PixelguideError, SafetyError
from pixelguide.prior.public import archives
from pixelguide.prior.public.archives import unpack

SUFFIXES = (".png", ".npy")
Members = dict[str, bytes]


def _tar(path: Path, members: Members, *odd: tarfile.TarInfo) -> Path:
    path = path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in odd:
            archive.addfile(info)
    return path


def _zip(path: Path, members: Members) -> Path:
    path = path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


MAKERS = pytest.mark.parametrize("make", [_tar, _zip])


def _unpack(archive: Path, limit: int = 10**6) -> tuple[Members, list[str]]:
    folder = archive.parent / "out"
    folder.mkdir()
    left_out = unpack(archive, folder, SUFFIXES, limit)
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return found, left_out


@MAKERS
def test_expected_files_are_unpacked_and_others_left_out(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    good = {"a/b/1.png": b"one", "a/2.NPY": bytes(5000), "3.png": b""}
    odd = {"a/x.py": b"import os", "a/._1.png": b"", ".DS_Store": b"", "a/run": b"#!"}
    found, left_out = _unpack(make(tmp_path, {**good, **odd}))
    assert found == good
    assert sorted(left_out) == sorted(odd)


@MAKERS
def test_nothing_unpacked_can_be_run(make: Callable[..., Path], tmp_path: Path) -> None:
    _unpack(make(tmp_path, {"1.png": b"one"}))
    assert not (tmp_path / "out" / "1.png").stat().st_mode & 0o111


@MAKERS
@pytest.mark.parametrize(
    "name",
    ["../1.png", "a/../../1.png", "/1.png", "/etc/1.png", "..", "a\\..\\1.png", "C:/1.png",
     "a/\n1.png", "\x1b[2J.png"],
)  # fmt: skip
def test_names_that_leave_the_folder_are_refused(
    make: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SafetyError, match="leaves the folder") as caught:
        _unpack(make(tmp_path, {name: b"x"}))
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").iterdir())
    assert not (tmp_path / "1.png").exists()


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
@pytest.mark.parametrize("target", ["1.png", "/etc/passwd", "../out"])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    odd = tarfile.TarInfo("2.png")
    odd.type, odd.linkname = kind, target
    with pytest.raises(SafetyError, match="a link or special file"):
        _unpack(_tar(tmp_path, {"1.png": b"one"}, odd))
    assert not (tmp_path / "out" / "2.png").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("2.png")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(SafetyError, match="a link or special file"):
        _unpack(tmp_path / "a.zip")


@MAKERS
def test_too_much_is_refused(make: Callable[..., Path], tmp_path: Path) -> None:
    bomb = make(tmp_path, {f"{k}.png": bytes(60_000) for k in range(3)})
    assert bomb.stat().st_size < 2000
    with pytest.raises(SafetyError, match="more than 150,000 bytes"):
        _unpack(bomb, 150_000)


def test_a_bomb_before_the_first_member_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    info = tarfile.TarInfo("1.png")
    info.pax_headers = {"comment": "x" * 200_000}
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    with pytest.raises(SafetyError, match="far more than expected"):
        _unpack(tmp_path / "a.tar.gz", 1000)


@MAKERS
def test_too_many_are_refused(
    make: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    with pytest.raises(SafetyError, match="more than 3 members"):
        _unpack(make(tmp_path, {f"{k}.png": b"" for k in range(4)}))


@MAKERS
def test_the_same_file_twice_is_refused(make: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SafetyError, match="the same file twice"):
        _unpack(make(tmp_path, {"a/1.png": b"one", "A/1.PNG": b"two"}))


def test_an_encrypted_zip_is_no_traceback(tmp_path: Path) -> None:
    content = bytearray(_zip(tmp_path, {"1.png": b"one"}).read_bytes())
    content[6] |= 1  # bit 0 of the flags, in the member's header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"damaged archive.*a\.zip"):
        _unpack(tmp_path / "a.zip")


@MAKERS
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.booleans())
def test_damage_is_one_of_our_errors_and_stays_in_the_folder(
    make: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    place: int,
    value: int,
    cut: bool,
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    archive = make(folder, {"a/1.png": b"one" * 100, "2.npy": bytes(300)})
    content = bytearray(archive.read_bytes())
    place %= len(content)
    content[place] = value
    archive.write_bytes(content[:place] if cut else content)
    with contextlib.suppress(PixelguideError):
        _unpack(archive)
    assert {path.name for path in folder.iterdir()} == {archive.name, "out"}
