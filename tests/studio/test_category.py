"""What the page is told about the model; starters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_folders import write_portrait_category
from pixelguide.annotations import built_in_label_sets
from pixelguide.errors import InputError
from pixelguide.portraits import LABELS
from pixelguide.studio.category import Category
from pixelguide.studio.starters import starters
from studio.conftest import Studio


def test_category_is_that_of_the_editor(tmp_path: Path) -> None:
    folder = write_portrait_category(tmp_path / "mine")
    category = Category.open(str(folder))
    assert (category.name, category.size) == ("mine", 32)
    assert category.labels == LABELS
    assert category.defaults.dilation == 1  # 3 pixels at 256²
    built_in = Category.open("portraits-64")
    assert built_in.defaults.dilation == 2  # from its edit.json
    assert built_in.size == 64
    assert len(built_in.hash) == 16
    assert built_in.fingerprint != category.fingerprint


def test_the_finish_of_photographs_is_that_of_the_model(tmp_path: Path) -> None:
    faces, portraits = (Category.open(name).finish for name in ("faces-128", "portraits-64"))
    assert faces.detail is not None
    assert portraits.detail is None
    assert not faces.lightness


def test_missing_model_is_named() -> None:
    with pytest.raises(InputError, match="no-such-model"):
        Category.open("no-such-model")


def test_answer_has_labels_groups_and_settings(studio: Studio) -> None:
    content = studio.client.get("/api/category").json()
    assert content["size"] == 32
    assert content["labels"][11] == {"id": 11, "name": "lips", "color": "#d7325a"}
    assert content["palette"][11] == "#d7325a"
    assert content["palette"][255] == "#ffffff"
    assert len(set(content["palette"])) == 256
    assert content["groups"]["mouth"] == [11, 12, 13]
    assert content["defaults"]["roi"] == "auto"
    assert content["defaults"]["dilation"] == 1
    assert content["defaults"]["num_images"] == 4
    assert json.dumps(content)


def test_portraits_have_all_starters_at_least_the_usual_ones() -> None:
    names = {starter["name"] for starter in starters(LABELS.names)}
    assert names >= {"close_mouth", "open_mouth", "close_eye", "bigger_eyes", "shorter_hair"}
    for starter in starters(LABELS.names):
        assert set(starter) == {"name", "title", "description"}


def test_starters_follow_the_labels() -> None:
    sets = built_in_label_sets()
    faces = {starter["name"] for starter in starters(sets["celebamask-hq_19"].names)}
    assert {"close_mouth", "open_mouth", "shorter_hair"} <= faces
    assert "close_eye" not in faces  # it has no class for a closed eye
    assert starters(sets["bedroom_28"].names) == []
