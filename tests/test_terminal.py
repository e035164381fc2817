from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pixelguide import terminal
from pixelguide.terminal import ProgressLines, duration, progress_bar


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)


class Clock:
    """A clock that stands still unless it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def strftime(self, form: str) -> str:
        return "2026-11-28 10:00:00"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    return clock


def _run(report: Any, clock: Clock, seconds: int, stage: str = "train prior", **more: Any) -> None:
    """An hour's work or less, told of every second."""
    for second in range(1, seconds + 1):
        clock.now += 1
        report({"stage": stage, "done": 18 * second, "total": 18 * seconds, **more})


def test_off_a_terminal_short_work_says_nothing(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with progress_bar() as report:
        _run(report, clock, 4)
    assert capsys.readouterr() == ("", "")


def test_off_a_terminal_longer_work_says_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with progress_bar() as report:
        _run(report, clock, 20, loss=0.0123456)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "progress: train prior 90 of 360, loss 0.01235, 15 s left",
        "progress: train prior 180 of 360, loss 0.01235, 10 s left",
        "progress: train prior 270 of 360, loss 0.01235, 5 s left",
        "progress: train prior 360 of 360, loss 0.01235",
    ]


def test_logs_of_long_work_stay_readable(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with progress_bar() as report:
        _run(report, clock, 6 * 3600)
    lines = capsys.readouterr().err.splitlines()
    assert 40 < len(lines) < 100
    assert "\x1b" not in "".join(lines)
    assert "\r" not in "".join(lines)


def test_quiet_is_quiet_at_a_terminal_too(
    capsys: pytest.CaptureFixture[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_terminal in (False, True):
        monkeypatch.setattr(Console, "is_terminal", is_terminal)
        with progress_bar(quiet=True) as report:
            _run(report, clock, 100)
        assert capsys.readouterr() == ("", "")


def test_a_log_gets_every_checkpoint_and_outlasts_the_terminal_s_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    log = tmp_path / "model" / "training.log"  # of which there is no folder yet
    with progress_bar(quiet=True, log=log) as report:
        _run(report, clock, 100)
        report({"stage": "checkpoint", "done": 1800, "total": 1800, "held_out_loss": 0.0321})
    lines = log.read_text().splitlines()
    assert len(lines) == 11  # every ten seconds, and the checkpoint
    assert lines[0] == "2026-11-28 10:00:00 train prior 180 of 1800, 90 s left"
    assert lines[-1].endswith("checkpoint 1800 of 1800, held out loss 0.0321")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_terminal")
def test_at_a_terminal_there_is_no_log(tmp_path: Path, clock: Clock) -> None:
    with progress_bar(log=tmp_path / "training.log") as report:
        _run(report, clock, 100)
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("mine")
    with progress_bar(log=tmp_path / "file" / "training.log") as report:
        _run(report, clock, 100)
    assert (tmp_path / "file").read_text() == "mine"


def test_work_that_is_uneven_tells_its_share(clock: Clock) -> None:
    said: list[str] = []
    lines = ProgressLines(said.append)
    clock.now += 1
    lines({"stage": "train classifiers", "done": 0, "total": 86, "share": 0.0})
    clock.now += 100
    lines({"stage": "train classifiers", "done": 1, "total": 86, "share": 0.5})
    assert said == ["progress: train classifiers 1 of 86, 2 min left"]


def test_what_was_done_before_counts_not_for_the_pace(clock: Clock) -> None:
    said: list[str] = []
    lines = ProgressLines(said.append)
    lines({"stage": "train prior", "done": 900, "total": 1000})  # resumed there
    clock.now += 10
    lines({"stage": "train prior", "done": 950, "total": 1000})
    assert said == ["progress: train prior 950 of 1000, 10 s left"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (40, "40 s"), (91, "2 min"), (720, "12 min"), (7800, "2 h 10 min"),
     (7200, "2 h"), (86_400, "24 h")],
)  # fmt: skip
def test_durations_are_told_as_people_do(seconds: float, told: str) -> None:
    assert duration(seconds) == told


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
