"""CelebAMask-HQ's masks of parts, put together as its own `g_mask.py` does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotations.scene import write
from pixelguide.annotations import built_in_label_sets, detect_format, read_annotations
from pixelguide.errors import InputError

SKIN, HAIR = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
SKIN[1:] = True
HAIR[:2] = True
EXPECTED = np.array([[13] * 4, [13] * 4, [1] * 4, [1] * 4], np.uint8)  # hair lies above skin


def part(mask: np.ndarray) -> np.ndarray:
    return np.where(mask[..., None], 255, 0).repeat(3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("picture", ["0.jpg", "00000.jpg", "CelebA-HQ-img/0.jpg"])
@pytest.mark.parametrize("side", [2, 4, 6, 8])
def test_parts_take_the_size_of_their_picture(tmp_path: Path, picture: str, side: int) -> None:
    folder = write(
        tmp_path,
        {
            "mask-anno/0/00000_skin.png": part(SKIN),
            "mask-anno/0/00000_hair.png": part(HAIR),
            "mask-anno/0/README.txt": "",
        },
    )
    (folder / picture).parent.mkdir(exist_ok=True)
    Image.new("RGB", (side, side)).save(folder / picture)
    assert detect_format(folder) == "celebamask-hq"
    (found,) = read_annotations(folder)
    loaded = found.load()
    nearest = Image.fromarray(EXPECTED).resize((side, side), Image.Resampling.NEAREST)
    assert loaded.label_map.ids.tolist() == np.array(nearest).tolist()
    assert found.name == "00000"
    (mapped,) = read_annotations(folder, renames={"skin": "hair"})
    assert set(mapped.label_map().present()) == {"hair"}


def test_pictures_without_parts_and_parts_without_pictures(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "7.jpg")
    found = read_annotations(write(tmp_path, {"00003_nose.png": part(SKIN)}))
    assert ([p.name for p in found], found.without_map) == (["00003"], ("00007",))
    assert found.pictures[0].image is None
    assert found.pictures[0].label_map().present() == ("background", "nose")


def test_parts_that_do_not_fit(tmp_path: Path) -> None:
    files = {"00000_skin.png": part(SKIN), "00000_hair.png": part(HAIR[:2])}
    with pytest.raises(InputError, match=r"differ in size, 00000_hair\.png"):
        read_annotations(write(tmp_path, files)).pictures[0].label_map()
    with pytest.raises(InputError, match="two masks of this part"):
        read_annotations(write(tmp_path, {"more/00000_skin.png": part(SKIN)}))


def test_parts_that_are_not_known_are_not_dropped(tmp_path: Path) -> None:
    folder = write(tmp_path, {"00000_skin.png": part(SKIN), "00000_beard.png": part(HAIR)})
    with pytest.raises(InputError, match=r"a part 'beard' that is none, 00000_beard\.png"):
        read_annotations(folder)


def test_maps_of_half_the_size_are_enlarged(tmp_path: Path) -> None:
    """512² maps, as made by g_mask.py, for 1024² pictures: in any layout of pairs."""
    files = {"images/a.png": np.zeros((8, 8, 3), np.uint8), "masks/a.png": EXPECTED}
    folder = write(tmp_path, files)
    (found,) = read_annotations(folder, labels=built_in_label_sets()["celebamask-hq_19"])
    assert found.load().label_map.ids.tolist() == np.kron(EXPECTED, np.ones((2, 2), int)).tolist()
