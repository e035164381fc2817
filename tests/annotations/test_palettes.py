"""Maps of one set whose palettes are in different orders are told apart."""

from __future__ import annotations

from pixelguide.annotations.palettes import Palettes
from pixelguide.label_colours import Colour
from pixelguide.label_palettes import Told
from pixelguide.label_reading import MapOrigin

A, B, C = (9, 8, 7), (90, 80, 70), (200, 0, 9)


def errors(*origins: MapOrigin) -> list[list[str]]:
    palettes = Palettes()
    return [palettes.errors(f"p{number}", origin) for number, origin in enumerate(origins)]


def warnings(*origins: MapOrigin) -> list[list[str]]:
    palettes = Palettes()
    return [palettes.warnings(f"p{number}", origin) for number, origin in enumerate(origins)]


def origin(told: Told, *colours: Colour, first: int = 0) -> MapOrigin:
    return MapOrigin(told, (), dict(enumerate(colours, first)))


def test_palettes_that_agree_where_both_are_used_are_fine() -> None:
    told: Told
    for told in ("indices", "colours"):
        maps = (origin(told, A, B), origin(told, B, C, first=1), MapOrigin("values"))
        assert errors(*maps) == warnings(*maps) == [[], [], []]


def test_colours_of_no_class_in_another_order_are_an_error_that_names_both() -> None:
    first, second = errors(origin("indices", A, B, C), origin("indices", A, C, B))
    assert first == []
    assert len(second) == 1
    assert "palette entry 1 is (200, 0, 9), but (90, 80, 70) in p0" in second[0]
    assert "wrong" in second[0]


def test_class_colours_in_another_order_were_read_right_and_are_a_warning() -> None:
    maps = (origin("colours", A, B, C), origin("colours", A, C, B))
    assert errors(*maps) == [[], []]
    first, second = warnings(*maps)
    assert first == []
    assert "palette entry 1 is (200, 0, 9), but (90, 80, 70) in p0" in second[0]


def test_colours_of_classes_beside_a_palette_of_others_are_an_error() -> None:
    for maps in (
        (MapOrigin("colours"), origin("indices", A)),
        (origin("indices", A), MapOrigin("colours")),
    ):
        first, second = errors(*maps)
        assert first == []
        assert "save both alike" in second[0]


def test_grey_values_fit_beside_all() -> None:
    assert errors(MapOrigin("values"), origin("indices", A)) == [[], []]
    assert errors(MapOrigin("colours"), MapOrigin("values")) == [[], []]
