"""What the README shows does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pixelguide.images import load_rgb
from pixelguide.portraits import write_portraits

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_its_python_edits_one_of_its_portraits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert "pixelguide portraits faces --count 8 --seed 1000" in README
    write_portraits(tmp_path / "faces", 4, 1000)  # the last of which is 000003.png
    monkeypatch.chdir(tmp_path)
    exec(program, {})  # noqa: S102
    before, after = (load_rgb(path) for path in ("faces/000003.png", "result/00.png"))
    roi = load_rgb("result/roi.png")[..., 0] > 0
    assert np.array_equal(before[~roi], after[~roi])
    assert not np.array_equal(before[roi], after[roi])
