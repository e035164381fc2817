"""A later run removes what a killed one left, and nothing of a living one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pixelguide.annotations.folders import new_folder
from pixelguide.files import check_writable, write_atomically
from pixelguide.leftovers import SUFFIX, remove_leftovers

WRITER = """
import sys, time
from pathlib import Path
from pixelguide.annotations.folders import new_folder
from pixelguide.files import write_atomically

def slow():
    yield b"half"
    print("writing", flush=True)
    time.sleep(300)

path = Path(sys.argv[1])
if sys.argv[2] == "file":
    write_atomically(path, slow())
with new_folder(path) as folder:
    (folder / "a").write_bytes(b"".join(slow()))
"""


def writer(path: Path, kind: str) -> subprocess.Popen[str]:
    """A process in the middle of writing `path`."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", WRITER, str(path), kind], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "writing\n"
    return process


def aged(folder: Path) -> list[Path]:
    """What lies hidden there, made an hour old."""
    found = [path for path in folder.iterdir() if path.name.startswith(".")]
    for path in found:
        os.utime(path, (0, 0))
    return found


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_nothing_for_ever(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "result"
    process = writer(path, kind)
    assert [p.name.endswith(SUFFIX) for p in aged(tmp_path)] == [True]
    check_writable(tmp_path)
    assert len(aged(tmp_path)) == 1, "its writer lives"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_young_and_nothing_of_others_is_removed(tmp_path: Path) -> None:
    for name in (".a.swp", ".a.png.x1y2z3w4", f"a{SUFFIX}", ".gitignore"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / f".young{SUFFIX}").touch()
    (tmp_path / f".link{SUFFIX}").symlink_to(tmp_path / ".gitignore")
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "none")
    assert len(list(tmp_path.iterdir())) == 6


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> object:
        yield b"half"
        raise KeyError

    with pytest.raises(KeyError):
        write_atomically(tmp_path / "a", fails())  # type: ignore[arg-type]
    with pytest.raises(KeyError), new_folder(tmp_path / "b") as folder:  # noqa: PT012
        (folder / "c").touch()
        raise KeyError
    assert list(tmp_path.iterdir()) == []
