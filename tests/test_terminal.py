from __future__ import annotations

import pytest
from rich.console import Console

from pixelguide.terminal import progress_bar


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)


def test_off_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as report:
        report({"stage": "edit", "done": 1, "total": 4})
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_terminal")
def test_stages_show_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as report:
        report({"stage": "edit", "done": 1, "total": 4, "t": 299, "preview": None})
        report({"stage": "train prior", "done": 10, "total": 20, "loss": 0.0123456})
        report({"stage": "edit", "done": 4, "total": 4, "note": "Open the mouth"})
    out, err = capsys.readouterr()
    assert out == ""
    assert "edit" in err
    assert "4/4" in err
    assert "Open the mouth" in err
    assert "10/20" in err
    assert "loss 0.01235" in err


@pytest.mark.usefixtures("_terminal")
def test_bytes_of_a_download_are_shown_as_megabytes(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as report:
        report({"stage": "download", "done": 1_500_000_000, "total": 2_200_000_000})
        report({"stage": "download", "done": 2_000_000_000, "total": None})
    err = capsys.readouterr().err
    assert "2000/" in err
    assert "MB" in err
    assert "000000" not in err


def test_without_a_stage_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar():
        pass
    out, err = capsys.readouterr()
    assert out == ""
    assert err == ""


def test_an_error_passes_through(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), progress_bar():
        raise KeyError
    assert capsys.readouterr().out == ""
