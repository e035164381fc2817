"""`pixelguide studio`: what is refused before anything is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixelguide.cli.studio import studio
from pixelguide.errors import InputError, SafetyError
from pixelguide.studio.serve import bound


def _run(tmp_path: Path, **options: Any) -> None:
    defaults: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "data": tmp_path,
        "token": None,
        "name": None,
        "time_limit": 1,
        "open_browser": False,
        "model": "portraits-64",
        "device": "cpu",
    }
    studio(**{**defaults, **options})


def test_bind_for_others_without_token_ends_with_3(tmp_path: Path) -> None:
    with pytest.raises(SafetyError) as refused:
        _run(tmp_path, host="0.0.0.0")  # noqa: S104
    assert refused.value.exit_code == 3
    assert "--token" in refused.value.hint


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-such-model"):
        _run(tmp_path, model="no-such-model")


def test_port_in_use_is_named(tmp_path: Path) -> None:
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(InputError, match=str(port)):
            _run(tmp_path, port=port)


def test_data_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        _run(tmp_path, data=tmp_path / "file")
