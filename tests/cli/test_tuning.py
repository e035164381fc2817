"""`tune`, and what a category without settings of its own is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from command_line import Run, assert_one_error
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import LABELS
from pixelguide.prior.manifest import write_parts


def _bare(folder: Path, labels: LabelSet) -> Path:
    """Two pictures of nothing but the first class."""
    ids = np.zeros((16, 16), np.uint8)
    for k in range(2):
        save_png(folder / f"{k}.png", labels.colours()[ids])
        LabelMap(ids, labels).save(folder / f"{k}_label.png")
    write_atomically(folder / "labels.json", labels.to_json().encode())
    return folder


def test_what_cannot_be_tuned_is_one_line(run: Run, desk: Path, labels: LabelSet) -> None:
    few, others = _bare(desk / "few", labels), _bare(desk / "others", LABELS)
    for arguments, said in (
        ((desk / "model", few), "too few parts to hide"),
        ((desk / "model", others), "classes of another category"),
        ((desk / "model", desk / "nowhere"), "no such file or folder"),
        ((desk / "nowhere", few), "no model"),
        ((desk / "model", few, "--limit", "0"), "--limit"),
    ):
        assert said in assert_one_error(run("tune", *arguments)), arguments


def test_a_category_without_settings_says_so_once(run: Run, desk: Path, edit: Run) -> None:
    code, _, err = edit(start=None)
    assert code == 0
    assert err.count("no settings of its own") == 1
    assert "pixelguide tune" in err
    write_parts(desk / "model", {"edit.json": b'{"small_start": 300}'})
    code, _, err = edit(start=None, out=desk / "second")
    assert code == 0
    assert "no settings of its own" not in err
