"""DatasetDDPM's arrays, and those that would run code."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

from annotations.datasets import IDS, WITH_BACKGROUND, error_of, image_for, picture, write_sample
from pixelguide.annotations import Annotations, built_in_label_sets, read_annotations
from pixelguide.annotations.datasetddpm import read_ids
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import save_png
from pixelguide.labels import IGNORE

BEDROOM = built_in_label_sets()["bedroom_28"]


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i4", "i8", "u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_integers(tmp_path: Path, dtype: str, order: Any) -> None:
    np.save(tmp_path / "a.npy", np.asarray(IDS.astype(dtype), order=order))
    ids = read_ids(tmp_path / "a.npy")
    assert ids.dtype == np.uint8
    assert np.array_equal(ids, IDS)


def test_the_folder_names_the_classes(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "horse_21" / "real" / "train"
    folder.mkdir(parents=True)
    np.save(folder / "0.npy", IDS.astype(np.int64))
    save_png(folder / "0.png", image_for(IDS))
    found = read_annotations(folder)
    assert found.labels == built_in_label_sets()["horse_21"]
    assert np.array_equal(found.pictures[0].label_map().ids, IDS)


def test_a_folder_of_no_known_name(tmp_path: Path) -> None:
    np.save(tmp_path / "0.npy", IDS)
    with pytest.raises(InputError, match="names of the classes are missing"):
        read_annotations(tmp_path)


def test_zero_means_no_label_in_bedrooms_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "0.npy", IDS)
    (bedroom,) = read_annotations(tmp_path, labels=BEDROOM)
    expected = np.where(IDS == 0, IGNORE, IDS)
    assert np.array_equal(bedroom.label_map().ids, expected)
    data = Annotations(BEDROOM, (picture("0", expected, BEDROOM, image_for(IDS)),))
    path = write_sample(tmp_path, "datasetddpm", data)
    stored = np.load(path / "0.npy")
    assert stored.dtype == np.uint8
    assert np.array_equal(stored, np.where(expected == IGNORE, 0, expected))
    (again,) = read_annotations(path)
    assert np.array_equal(again.label_map().ids, expected)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[0, 256]]), r"unknown class id 256 on 1 pixels, first at \(1, 0\), a\.npy"),
        (np.array([[0], [-1]]), r"unknown class id -1 on 1 pixels, first at \(0, 1\), a\.npy"),
        (np.array([[3]]), r"unknown class id 3 on 1 pixels.*a\.npy"),
        (np.zeros((2, 2)), "type float64"),
        (np.zeros((2, 2), bool), "type bool"),
        (np.zeros((2, 2, 1), int), r"shape \(2, 2, 1\)"),
        (np.zeros((0, 2), int), r"shape \(0, 2\)"),
        (np.array([["a"]]), "type <U1"),
    ],
)
def test_arrays_that_are_no_maps(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "a.npy", array)
    (broken,) = read_annotations(tmp_path, labels=WITH_BACKGROUND)
    with pytest.raises(InputError, match=message):
        broken.label_map()


class Trap:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was run",))


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(SafetyError, match=r"a pickle under the name of an array, a\.npy"):
        read_ids(path)
    np.save(path, np.array([[Trap()]], object), allow_pickle=True)
    with pytest.raises(SafetyError, match=r"an array of Python objects, a\.npy"):
        read_ids(path)
    with path.open("wb") as file:
        np.savez(file, a=IDS)
    with pytest.raises(InputError, match="damaged array"):
        read_ids(path)


def test_a_header_that_asks_for_too_much(tmp_path: Path) -> None:
    for shape in ((99_999, 9_999), (10**10, 10**10), (-3, 4), (-1, 4), (0, 4), (4, 4)):
        with (tmp_path / "a.npy").open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            npy.write_array_header_1_0(file, header)
            file.write(bytes(12))
        with pytest.raises(InputError, match=r"a\.npy"):
            read_ids(tmp_path / "a.npy")


@settings(max_examples=60)
@given(st.data())
def test_damage_is_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    np.save(path, IDS)
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    error = error_of(lambda: read_ids(path))
    assert not error or error.where == "a.npy"


@pytest.mark.parametrize(
    "literal",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }" + "(" * 500,
        "{'descr': [[['|u1']]], 'fortran_order': False, 'shape': (2, 2)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 'x')}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, -2)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 1)}",
        "{'descr': ('|u1', 'x'), 'fortran_order': 3, 'shape': (2, 2)}",
        "{'descr': {'names': ['a']}, 'fortran_order': False, 'shape': (2, 2)}",
        "{1: 2}", "[", "\x00", "{'descr': b'|u1', 'fortran_order': False, 'shape': (2, 2)}",
    ],
)  # fmt: skip
def test_a_damaged_header_of_an_array_is_one_line(tmp_path: Path, literal: str) -> None:
    text = literal.encode("latin-1") + b"\n"
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(4))
    with pytest.raises(InputError, match=r"a\.npy") as refused:
        read_ids(path)
    assert "\n" not in str(refused.value)
