"""`pixelguide batch` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Run, assert_one_error
from ctrl_c import heed_ctrl_c
from model_folders import write_portrait_category
from pixelguide.cli.ray_options import with_ray_address
from pixelguide.images import save_png
from pixelguide.portraits import write_portraits

QUICK = ("--steps", 3, "--start", 300, "-n", 2, "--device", "cpu")


@pytest.fixture
def pairs(desk: Path, picture: NDArray[np.uint8]) -> Path:
    """Three pictures, each with its map."""
    folder = desk / "pairs"
    folder.mkdir()
    for k in range(3):
        save_png(folder / f"{k}.png", np.roll(picture, k, 0))
        shutil.copy(desk / "target.png", folder / f"{k}_edited.png")
    return folder


def batch(run: Run, desk: Path, *arguments: Any) -> tuple[int, str, str]:
    given = ("--model", desk / "model", "-o", desk / "out", *QUICK)
    return run("batch", *arguments, *given)


def test_a_folder_of_pairs_gives_what_edit_gives(run: Run, desk: Path, pairs: Path) -> None:
    code, out, err = batch(run, desk, pairs)
    assert code == 0, err
    assert out.endswith("summary.csv: 3 edits made\n")
    table = (desk / "out/summary.csv").read_text().splitlines()
    assert len(table) == 4
    folder = desk / "out" / table[1].split(",")[4]
    code, _, err = run(
        "edit", pairs / "0.png", "--map", pairs / "0_edited.png", "-o", desk / "one",
        "--model", desk / "model", *QUICK,
    )  # fmt: skip
    assert code == 0, err
    for name in ("00.png", "01.png", "roi.png", "target.png"):
        assert (folder / name).read_bytes() == (desk / "one" / name).read_bytes()
    reports = [json.loads((at / "report.json").read_text()) for at in (folder, desk / "one")]
    reports[1].pop("seconds")
    assert reports[0] == reports[1]
    code, out, _ = batch(run, desk, pairs)
    assert (code, out.endswith("summary.csv: 0 edits made, 3 known\n")) == (0, True)


def test_a_failure_is_told_by_the_exit_code(run: Run, desk: Path, pairs: Path) -> None:
    (pairs / "1.png").write_bytes(b"none")
    code, out, _ = batch(run, desk, pairs)
    assert code == 1
    assert "2 edits made, 1 failed" in out
    (row,) = [json.loads(line) for line in (desk / "out/failures.jsonl").read_text().splitlines()]
    assert row["number"] == 2
    assert "1.png" in row["error"]
    shutil.copy(pairs / "0.png", pairs / "1.png")
    assert batch(run, desk, pairs)[0] == 0


def test_scripted_edits_of_a_list(run: Run, tmp_path: Path) -> None:
    write_portrait_category(tmp_path / "model")
    write_portraits(tmp_path / "faces", 2, 1000)
    (tmp_path / "list.csv").write_text(
        'image,edit,crop,seed\nfaces/000000.png,mouth_open,"0,0,64",1\n'
        'faces/000001.png,nothing_known,"0,0,64",2\n'
    )
    error = assert_one_error(batch(run, tmp_path, tmp_path / "list.csv"))
    assert "unknown edit 'nothing_known'" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no such file"),
        (["{pairs}", "--edit", "smile"], "unknown edit 'smile'"),
        (["{pairs}", "--workers", "2"], "--workers without --ray"),
        (["{pairs}", "--ray", "--threads", "0"], "threads"),
        (["{pairs}", "--format", "gif"], "--format gif"),
        (["{pairs}", "--ray=://"], "--ray ://"),
        (["{pairs}/0.png"], "no list of edits"),
    ],
)
def test_what_is_wrong_is_told_before_work(
    run: Run, desk: Path, pairs: Path, arguments: list[str], words: str
) -> None:
    given = [argument.format(pairs=pairs) for argument in arguments]
    assert words in assert_one_error(batch(run, desk, *given))
    assert not (desk / "out").exists()


def test_without_ray_it_says_what_to_install(
    run: Run, desk: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    error = assert_one_error(batch(run, desk, pairs, "--ray"))
    assert "pip install 'pixelguide[ray]'" in error


def test_ray_alone_is_this_machine() -> None:
    assert with_ray_address(["batch", "--ray", "faces"]) == ["batch", "--ray=local", "faces"]
    assert with_ray_address(["batch", "--ray"]) == ["batch", "--ray=local"]
    for address in ("auto", "local", "head:6379", "ray://10.0.0.1:10001", "10.0.0.1:6379"):
        assert with_ray_address(["--ray", address]) == ["--ray", address]


def test_stopped_by_hand_it_says_what_is_kept_and_goes_on(
    run: Run, desk: Path, pairs: Path
) -> None:
    assert batch(run, desk, pairs)[0] == 0
    whole = {p.name for p in (desk / "out/edits").iterdir()}
    shutil.rmtree(desk / "out")
    given = ["batch", pairs, "--model", desk / "model", "-o", desk / "out", *QUICK]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pixelguide", *map(str, given), "--steps", "300"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_ctrl_c,
    )  # fmt: skip
    until = time.monotonic() + 120
    while not (desk / "out/run.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert err.splitlines()[-1].startswith(f"stopped: {desk / 'out'} keeps what is finished (")
    assert "Traceback" not in err
    code, _, err = batch(run, desk, pairs)
    assert code == 0, err
    assert whole <= {p.name for p in (desk / "out/edits").iterdir()}


def test_ray_is_imported_only_when_it_is_asked_for(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "import pixelguide.cli, pixelguide.batch.run, pixelguide.batch.worker\n"
        "import pixelguide.workers.ray_pool, pixelguide.segment.spread_training\n"
        "import pixelguide.evaluate.spread, pixelguide.studio.app\n"
        "print('ray' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
