"""A folder of pictures: what is taken from it, in which order, and how it is cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.images import save_png, to_model
from pixelguide.prior.pictures import PictureFolder, usual_size


def _picture(seed: int, height: int = 8, width: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_pictures_of_all_subfolders_in_order_of_their_names(tmp_path: Path) -> None:
    names = ["b.png", "a/z.jpg", "c.JPEG", "a/y.webp", "d.tif", "d.tiff", "e.bmp"]
    for name in [*names, "b_label.png", "a/y_label.png"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(_picture(0)).save(tmp_path / name)
    for name in ("._b.png", ".hidden/x.png", "__MACOSX/b.png"):  # as macOS leaves them
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "labels.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("no picture")
    folder = PictureFolder(tmp_path, 8)
    assert [path.relative_to(tmp_path).as_posix() for path in folder.paths] == sorted(names)
    assert len(folder) == 7


def test_picture_of_the_right_size_is_taken_as_it_is(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", _picture(1))
    assert np.array_equal(PictureFolder(tmp_path, 8).picture(0), _picture(1))


def test_a_small_folder_is_decoded_once_a_large_one_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_png(tmp_path / "a.png", _picture(1))
    small = PictureFolder(tmp_path, 8)
    monkeypatch.setattr("pixelguide.prior.pictures.KEPT_BYTES", 8 * 8 * 3 - 1)
    large = PictureFolder(tmp_path, 8)
    before = small.picture(0), large.picture(0)
    save_png(tmp_path / "a.png", _picture(2))
    assert all(np.array_equal(picture, _picture(1)) for picture in before)
    assert np.array_equal(small.picture(0), _picture(1))
    assert np.array_equal(large.picture(0), _picture(2))


@pytest.mark.parametrize(("height", "width"), [(8, 14), (14, 8), (8, 13)])
def test_central_square_is_cut_out(tmp_path: Path, height: int, width: int) -> None:
    save_png(tmp_path / "a.png", _picture(2, height, width))
    top, left = (height - 8) // 2, (width - 8) // 2
    expected = _picture(2, height, width)[top : top + 8, left : left + 8]
    assert np.array_equal(PictureFolder(tmp_path, 8).picture(0), expected)


def test_large_picture_is_reduced_without_moving(tmp_path: Path) -> None:
    quarters = np.zeros((64, 96, 3), np.uint8)
    quarters[:32, 48:] = 255  # white top right quarter of the central square
    save_png(tmp_path / "a.png", quarters)
    reduced = PictureFolder(tmp_path, 8).picture(0)
    assert reduced.shape == (8, 8, 3)
    assert (reduced[:3, 5:] > 240).all()
    assert (reduced[5:] < 15).all()
    assert (reduced[:, :3] < 15).all()


@pytest.mark.parametrize("threads", [0, 2])
def test_batch_is_in_model_range_and_in_the_asked_order(tmp_path: Path, threads: int) -> None:
    for k in range(3):
        save_png(tmp_path / f"{k}.png", _picture(k))
    with ThreadPoolExecutor(2) as pool:
        batch = PictureFolder(tmp_path, 8).batch([2, 0, 2], pool if threads else None)
    assert torch.equal(batch, to_model(np.stack([_picture(2), _picture(0), _picture(2)])))


def test_bad_picture_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", _picture(1))
    (tmp_path / "b.png").write_bytes(b"nothing")
    folder = PictureFolder(tmp_path, 8)
    folder.picture(0)
    with pytest.raises(InputError, match=r"b\.png"):
        folder.batch([0, 1])


def test_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        PictureFolder(tmp_path / "none", 8)
    save_png(tmp_path / "a_label.png", _picture(1))
    with pytest.raises(InputError, match="no pictures"):
        PictureFolder(tmp_path, 8)


@pytest.mark.parametrize(
    ("height", "width", "side"),
    [(64, 64, 64), (200, 300, 64), (32, 32, 32), (50, 70, 48), (5, 9, 8)],
)
def test_a_new_network_is_no_larger_than_its_pictures(
    tmp_path: Path, height: int, width: int, side: int
) -> None:
    save_png(tmp_path / "a.png", _picture(1, height, width))
    assert usual_size(tmp_path, 8) == side
    with pytest.raises(InputError, match="no such folder"):
        usual_size(tmp_path / "none", 8)
