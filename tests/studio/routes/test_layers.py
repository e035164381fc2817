"""Layers in: what was saved as OpenRaster opens again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photographs import random_pixels
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.open_raster import Layer, open_raster
from pixelguide.portraits import LABELS
from pixelguide.studio.layers import part_drawn
from pixelguide.studio.stored_files import picture_png
from studio.conftest import SIZE, Studio

CHANGE = (slice(10, 14), slice(8, 20))
SQUARE = {"x": 40, "y": 20, "size": 64}
PHOTOGRAPH = random_pixels(1, 150, 100)


def _open(studio: Studio, content: bytes) -> Any:
    answer = studio.client.post("/api/layers", content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _edited(studio: Studio, picture: str) -> bytes:
    request = {**studio.edit_request(seed=1), "picture": picture}
    job = studio.submit({**request, "target": studio.add_map(CHANGE)})
    assert studio.wait(job)["state"] == "done"
    return studio.client.get(f"/api/results/{job}.ora").content


def _map(studio: Studio, identity: str) -> Any:
    return np.asarray(studio.image(f"/api/maps/{identity}.png"))


def test_a_picture_and_its_map_come_back(studio: Studio) -> None:
    picture = studio.add_picture()
    opened = _open(studio, _edited(studio, picture))
    assert opened["photograph"] is opened["part"] is None
    files = studio.services.files
    assert (files.picture(opened["picture"]) == files.picture(picture)).all()
    ids = _map(studio, opened["map"])
    assert (ids[CHANGE] == 11).all()
    assert (ids == 11).sum() == ids[CHANGE].size


def test_a_photograph_its_part_and_its_map_come_back(studio: Studio) -> None:
    sent = studio.client.post("/api/pictures", content=picture_png(PHOTOGRAPH)).json()
    part = studio.client.post(f"/api/photographs/{sent['photograph']}/parts", json=SQUARE).json()
    content = _edited(studio, part["picture"])
    opened = _open(studio, content)
    assert opened["part"] == SQUARE
    assert (opened["original_width"], opened["original_height"]) == (150, 100)
    files = studio.services.files
    assert (files.picture(opened["picture"]) == files.picture(part["picture"])).all()
    shown = studio.image(f"/api/photographs/{opened['photograph']}/shown")
    assert (np.asarray(shown.convert("RGB")) == PHOTOGRAPH).all()
    ids = _map(studio, opened["map"])
    assert (ids[CHANGE] == 11).all()
    assert (ids == 11).sum() == ids[CHANGE].size
    alone = studio.client.post("/api/maps", content=content)
    assert alone.status_code == 201
    assert (_map(studio, alone.json()["map"]) == ids).all(), "the map alone, too"


@pytest.mark.parametrize("corner", [(0, 0), (-8, -8), (100, 60)])
def test_a_square_that_reaches_beyond_the_picture_is_found(corner: tuple[int, int]) -> None:
    x, y = corner
    ids = np.full((100, 150), IGNORE, np.uint8)
    ids[max(0, y) : y + 64, max(0, x) : x + 64] = 1
    frame = part_drawn(LabelMap(ids, LABELS))
    side = 64 if corner == (0, 0) else 56 if corner == (-8, -8) else 50
    assert (frame.x, frame.y, frame.size) == (max(0, x), max(0, y), side)


def test_a_square_cut_at_one_side_keeps_its_size() -> None:
    ids = np.full((100, 150), IGNORE, np.uint8)
    ids[20:84, :54] = 1
    frame = part_drawn(LabelMap(ids, LABELS))
    assert (frame.x, frame.y, frame.size) == (-10, 20, 64)


def test_files_without_these_layers_are_refused(studio: Studio) -> None:
    layer = Layer("Label map", "map", np.full((SIZE, SIZE, 3), 255, np.uint8))
    content = open_raster([layer], np.zeros((SIZE, SIZE, 3), np.uint8))
    for wrong in (b"", b"PK\x03\x04", picture_png(np.asarray(PHOTOGRAPH)), content):
        answer = studio.client.post("/api/layers", content=wrong)
        assert answer.status_code == 400
        assert answer.json()["code"] == "bad_input"
