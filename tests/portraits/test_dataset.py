"""Folders of portraits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import LABELS, portrait_at, render, write_portraits


def test_portrait_depends_only_on_seed_and_index() -> None:
    assert portrait_at(7, 3) == portrait_at(7, 3)
    assert len({portrait_at(seed, index).skin for seed in range(4) for index in range(4)}) == 16


def test_files_hold_the_rendered_pixels_and_labels(tmp_path: Path) -> None:
    write_portraits(tmp_path / "set", 3, 7, with_labels=True)
    names = sorted(path.name for path in (tmp_path / "set").iterdir())
    pairs = [f"{k:06d}{end}" for k in range(3) for end in (".png", "_label.png")]
    assert names == [*pairs, "labels.json"]
    assert LabelSet.from_json((tmp_path / "set" / "labels.json").read_text("utf-8")) == LABELS
    for k in range(3):
        expected = render(portrait_at(7, k))
        picture = Image.open(tmp_path / "set" / f"{k:06d}.png")
        assert picture.mode == "RGB"
        assert np.array_equal(np.asarray(picture), expected.image)
        labels = LabelMap.load(tmp_path / "set" / f"{k:06d}_label.png", LABELS)
        assert np.array_equal(labels.ids, expected.label_ids)


def test_portraits_of_another_size_are_the_same_portraits(tmp_path: Path) -> None:
    write_portraits(tmp_path, 1, 7, size=128, with_labels=True)
    expected = render(portrait_at(7, 0), 128)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "000000.png")), expected.image)
    labels = LabelMap.load(tmp_path / "000000_label.png", LABELS)
    assert np.array_equal(labels.ids, expected.label_ids)


@pytest.mark.parametrize("size", [0, 7, 1025])
def test_sizes_that_no_portrait_has_are_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(InputError, match=f"size {size}"):
        write_portraits(tmp_path / "set", 1, 0, size=size)
    assert not (tmp_path / "set").exists()


def test_a_longer_set_begins_like_a_shorter_one(tmp_path: Path) -> None:
    write_portraits(tmp_path / "short", 2, 1)
    write_portraits(tmp_path / "long", 4, 1)
    for name in ("000000.png", "000001.png"):
        short, long = tmp_path / "short" / name, tmp_path / "long" / name
        assert short.read_bytes() == long.read_bytes()


def test_workers_write_the_same_files(tmp_path: Path) -> None:
    write_portraits(tmp_path / "one", 4, 2)
    write_portraits(tmp_path / "two", 4, 2, workers=2)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_progress_ends_at_the_count(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    write_portraits(tmp_path, 5, 0, on_progress=seen.append)
    assert seen[-1] == {"stage": "render", "done": 5, "total": 5}


@pytest.mark.parametrize(("count", "seed", "workers"), [(-1, 0, 1), (1, -1, 1), (1, 0, 0)])
def test_impossible_requests_are_refused(
    tmp_path: Path, count: int, seed: int, workers: int
) -> None:
    with pytest.raises(InputError):
        write_portraits(tmp_path, count, seed, workers=workers)
