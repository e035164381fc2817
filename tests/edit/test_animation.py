"""Frames as files, read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit import animation
from pixelguide.edit.animation import check_rate, require_film, write_gif, write_grid, write_mp4
from pixelguide.errors import InputError
from pixelguide.images import load_rgb


@pytest.fixture
def frames() -> NDArray[np.uint8]:
    """Five frames of 9×8 pixels, one grey each, but for a row that keeps its colours."""
    frames = np.zeros((5, 9, 8, 3), np.uint8)
    frames[:] = np.arange(0, 250, 50, dtype=np.uint8)[:, None, None, None]
    frames[:, 0] = (200, 30, 90)
    return frames


def test_grid_holds_every_frame_in_order(frames: NDArray[np.uint8], tmp_path: Path) -> None:
    write_grid(tmp_path / "grid.png", frames, columns=2)
    sheet = load_rgb(tmp_path / "grid.png")
    assert sheet.shape == (3 * 9 + 2 * 2, 2 * 8 + 2, 3)
    for k, (top, left) in enumerate([(0, 0), (0, 10), (11, 0), (11, 10), (22, 0)]):
        assert np.array_equal(sheet[top : top + 9, left : left + 8], frames[k])
    assert (sheet[22:, 8:] == 255).all()


def test_gif_plays_every_frame_at_its_rate(frames: NDArray[np.uint8], tmp_path: Path) -> None:
    write_gif(tmp_path / "film.gif", frames, 12.5)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 5
        assert film.info["loop"] == 0
        for k, frame in enumerate(frames):
            film.seek(k)
            assert film.info["duration"] == 80  # ms
            # few colours: the palette holds all of them
            assert np.array_equal(np.array(film.convert("RGB")), frame)


def test_gif_keeps_rare_colours(tmp_path: Path) -> None:
    y, x = np.mgrid[:64, :64].astype(np.uint8)
    frames = np.stack([np.stack([x * 2 + k, y * 2, x + y], -1) for k in range(20)])
    frames[:, 30:32, 30:32] = (20, 250, 20)  # a green eye of four pixels
    write_gif(tmp_path / "film.gif", frames)
    with Image.open(tmp_path / "film.gif") as film:
        shown = np.array(film.convert("RGB")).astype(int)
    assert np.abs(shown[30, 30] - (20, 250, 20)).max() <= 8
    assert np.abs(shown - frames[0]).max() <= 32


def test_gif_is_the_same_bytes_each_time(frames: NDArray[np.uint8], tmp_path: Path) -> None:
    for name in "ab":
        write_gif(tmp_path / name, frames)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("rate", [0, -1, 51, float("nan")])
def test_rates_that_no_gif_has_are_errors(rate: float) -> None:
    with pytest.raises(InputError, match=r"Give 0\.1 … 50"):
        check_rate(rate)


def test_film_holds_every_frame(frames: NDArray[np.uint8], tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    write_mp4(tmp_path / "film.mp4", frames, 12.5)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].average_rate == 12.5
        found = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(found) == 5
    for frame, expected in zip(found, frames, strict=True):
        assert frame.shape == (8, 8, 3)
        assert abs(int(frame[6, 4, 0]) - int(expected[6, 4, 0])) <= 4


def test_without_pyav_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'pixelguide\[video\]'"):
        require_film()
