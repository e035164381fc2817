"""The data folder: one Studio at a time, nothing lost, nothing kept for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pixelguide.errors import InputError
from pixelguide.studio.limits import Limits
from pixelguide.studio.services import open_services
from stub_runner import stub
from studio.conftest import CATEGORY, Start


def test_second_studio_over_one_folder_is_refused(start: Start, tmp_path: Path) -> None:
    with (
        start(),
        pytest.raises(InputError, match="another Studio"),
        open_services(CATEGORY, stub(tmp_path), tmp_path),
    ):
        pass
    with start() as studio:  # the first has given it back
        assert studio.client.get("/api/health").status_code == 200


@pytest.mark.parametrize("content", [b"text" * 1000, b"SQLite format 3\0" + b"x" * 4000])
def test_damaged_database_is_named(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / CATEGORY.fingerprint
    folder.mkdir()
    (folder / "studio.sqlite").write_bytes(content)
    with (
        pytest.raises(InputError, match=r"studio\.sqlite"),
        open_services(CATEGORY, stub(tmp_path), tmp_path),
    ):
        pass


def test_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / CATEGORY.fingerprint
    folder.mkdir()
    connection = sqlite3.connect(folder / "studio.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with (
        pytest.raises(InputError, match="another version"),
        open_services(CATEGORY, stub(tmp_path), tmp_path),
    ):
        pass


def test_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot write"),
        open_services(CATEGORY, stub(tmp_path), tmp_path / "file"),
    ):
        pass


def test_old_things_and_strays_are_forgotten_at_a_start(start: Start) -> None:
    with start() as studio:
        picture = studio.add_picture()
        job = studio.submit({"kind": "segment", "picture": picture})
        label_map = studio.wait(job)["result"]["map"]
        stray = studio.services.files._folder / f"{'5' * 32}.png"
        stray.write_bytes(b"of a server that was killed")
    with start() as studio:
        assert studio.client.get(f"/api/pictures/{picture}.png").status_code == 200
        assert studio.job(job)["state"] == "done"
        assert not stray.exists()
    with start(limits=Limits(keep_days=0)) as studio:
        assert studio.client.get(f"/api/pictures/{picture}.png").status_code == 404
        assert studio.client.get(f"/api/maps/{label_map}.png").status_code == 404
        assert studio.client.get(f"/api/jobs/{job}").status_code == 404
        assert list(studio.services.files._folder.iterdir()) == []


def test_models_with_other_labels_keep_apart(start: Start, tmp_path: Path) -> None:
    with start():
        pass
    assert (tmp_path / CATEGORY.fingerprint / "studio.sqlite").is_file()
    assert len(CATEGORY.fingerprint) == 16


def _statement(text: str) -> Callable[[Path], object]:
    def run(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(text)

    return run


def _byte(position: int) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[position] ^= 0xFF
        path.write_bytes(content)

    return change


DATABASES: dict[str, Callable[[Path], object]] = {
    "no table": _statement("DROP TABLE jobs"),
    "no column": _statement("ALTER TABLE jobs DROP COLUMN result"),
    "no origins": _statement("DROP TABLE origins"),
    "other table": _statement("DROP TABLE items; CREATE TABLE items (x)"),
    "request": _statement("UPDATE jobs SET state = 'queued', request = '{'"),
    "request of another kind": _statement("UPDATE jobs SET state = 'running', request = '[1]'"),
    "request without picture": _statement("UPDATE jobs SET state = 'queued', request = '{}'"),
    "result": _statement("UPDATE jobs SET result = 'x'"),
    "error": _statement("UPDATE jobs SET error = x'00ff'"),
    "state": _statement("UPDATE jobs SET state = 'lost'"),
    "kind": _statement("UPDATE jobs SET state = 'queued', kind = 'x'"),
    "page header": _byte(4096),
    "second page": _byte(8192 + 8),
    "free list": _byte(35),
    "encoding": _byte(59),
    "half": lambda path: path.write_bytes(path.read_bytes()[:6000]),
}


@pytest.mark.parametrize("damage", DATABASES)
def test_a_damaged_database_is_named_or_lived_with(
    start: Start, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with start() as studio:
        job = studio.edit()
        studio.wait(job)
    path = tmp_path / CATEGORY.fingerprint / "studio.sqlite"
    DATABASES[damage](path)
    try:
        with start() as studio:
            answer = studio.client.get(f"/api/jobs/{job}")
            assert answer.status_code in (200, 404)
            assert studio.wait(studio.edit())["state"] == "done"
    except InputError as error:
        assert "studio.sqlite" in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    assert "Traceback" not in caplog.text
