"""The check counts everything and stops at nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotations.datasets import WITH_BACKGROUND, image_for, picture, sample
from pixelguide.annotations import AnnotatedPicture, Annotations, check_annotations
from pixelguide.annotations.naming import Reading
from pixelguide.errors import InputError, SafetyError
from pixelguide.label_reading import MapOrigin
from pixelguide.labels import IGNORE, LabelMap, LabelSet


def test_counts() -> None:
    report = check_annotations(sample())
    assert [(c.name, c.pixels, c.pictures) for c in report.classes] == [
        ("background", 10, 2),
        ("sky", 6, 2),
        ("house", 6, 2),
    ]
    assert (report.pictures, report.unlabelled_pixels) == (2, 2)
    assert report.never_occur == report.errors == []


def test_classes_that_never_occur() -> None:
    report = check_annotations(sample(ids=np.array([[1, IGNORE]], np.uint8)))
    assert report.never_occur == ["background", "house"]


def test_tiny_regions_scale_with_the_picture() -> None:
    for side, limit in ((256, 20), (512, 80), (128, 5)):
        ids = np.zeros((side, side), np.uint8)
        ids[5, 3 : 3 + limit] = 1
        ids[9, 3 : 3 + limit - 1] = 2
        ids[20:80, 20:80] = 1
        ids[50, 40] = IGNORE
        report = check_annotations(
            Annotations(WITH_BACKGROUND, (picture("x", ids, WITH_BACKGROUND, image_for(ids)),))
        )
        (tiny,) = report.tiny_regions
        assert (tiny.picture, tiny.name, tiny.pixels) == ("x", "house", limit - 1)
        assert (tiny.x, tiny.y, tiny.whole_class) == (3, 9, True)


def test_maps_read_with_a_warning_or_against_each_other_are_told() -> None:
    """By their origin: what they were read from is not there to be looked at again."""

    def read(name: str, origin: MapOrigin) -> AnnotatedPicture:
        ids = np.zeros((3, 4), np.uint8)
        return AnnotatedPicture(
            name, lambda: LabelMap(ids, WITH_BACKGROUND, origin=origin), lambda: image_for(ids)
        )

    moved = [MapOrigin("indices", (), {0: (9, 8, value)}) for value in (7, 6)]
    maps = (read("one", MapOrigin("values", ("5 pixels are odd",))), *map(read, "ab", moved))
    report = check_annotations(Annotations(WITH_BACKGROUND, maps).wanted_as(Reading()))
    assert report.to_dict()["warnings"] == [{"picture": "one", "problem": "5 pixels are odd"}]
    ((name, problem),) = report.errors
    assert name == "b"
    assert "palette entry 0 is (9, 8, 6), but (9, 8, 7) in a" in problem


def test_all_errors_are_listed() -> None:
    def damaged() -> LabelMap:
        raise InputError("damaged", "map.png")

    def unsafe() -> np.ndarray:
        raise SafetyError("unsafe", "picture.png")

    good = sample().pictures[0]
    odd = picture("odd", np.zeros((2, 3), np.uint8), WITH_BACKGROUND, np.zeros((3, 3, 3), np.uint8))
    pictures = (
        AnnotatedPicture("both", damaged, unsafe),
        good,
        AnnotatedPicture("lonely", good.label_map, None),
        odd,
        good,
    )
    data = Annotations(WITH_BACKGROUND, pictures, ("new",))
    report = check_annotations(data)
    assert report.errors == [
        ("both", "damaged, map.png."),
        ("both", "unsafe, picture.png."),
        ("lonely", "label map without its picture"),
        ("odd", "the map has 3×2 pixels, the picture 3×3"),
        ("one", "several pictures have this name"),
    ]
    assert report.pictures_without_maps == ["new"]
    assert report.maps_without_pictures == ["lonely"]
    assert len(check_annotations(data, with_images=False).errors) == 4
    assert json.loads(json.dumps(report.to_dict()))["errors"][0] == {
        "picture": "both",
        "problem": "damaged, map.png.",
    }


def test_no_maps_at_all() -> None:
    report = check_annotations(Annotations(WITH_BACKGROUND, (), ("a", "b")))
    assert report.errors == [("", "no label maps")]
    assert report.pictures_without_maps == ["a", "b"]


def test_masks_of_0_and_255_only_are_told() -> None:
    labels = LabelSet(("background", "face"), ((0, 0, 0), (9, 9, 9)))
    ids = np.where(np.eye(8, dtype=bool), np.uint8(255), np.uint8(0))
    data = Annotations(labels, (picture("x", ids, labels, image_for(ids)),))
    report = check_annotations(data)
    assert report.errors == []
    (note,) = report.notes
    assert "0 and 255 only" in note
    assert "--map __ignore__=face" in note
    meant = data.wanted_as(Reading(renames={"__ignore__": "face"}))
    assert (meant.pictures[0].label_map().ids == np.eye(8)).all()
    ids[0, 1] = 1
    assert check_annotations(data).notes == []


@pytest.mark.parametrize("other", ["Left  eye", "left eye ", "LEFT EYE"])
def test_classes_that_differ_in_case_or_spaces_are_told(other: str) -> None:
    labels = LabelSet(("left eye", "x", other), ((0, 0, 0), (9, 9, 9), (1, 1, 1)))
    ids = np.array([[0, 1, 2]], np.uint8)
    data = Annotations(labels, (picture("x", ids, labels, image_for(ids)),))
    (note,) = check_annotations(data).notes
    assert note.startswith(f"the classes 'left eye' and {other!r} differ in case or spaces only")


def test_one_class_and_masks_of_0_and_255() -> None:
    labels = LabelSet(("face",), ((9, 9, 9),))
    ids = np.array([[0, 255]], np.uint8)
    data = Annotations(labels, (picture("x", ids, labels, image_for(ids)),))
    assert check_annotations(data).notes == [
        "the maps hold 0 and 255 only: 0 is 'face', and 255 means no label"
    ]
