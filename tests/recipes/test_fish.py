"""Drawn fish: pictures and maps fit each other, and edits change what they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pixelguide.evaluate.task_folder import write_tasks
from pixelguide.segment.dataset import LabelledPictures
from recipes.fish import EDITS, LABELS, SEEDS, draw, edit_tasks, fish_at, write_pictures


def test_every_class_is_drawn_and_no_fish_twice() -> None:
    drawn = [draw(fish_at("labelled", k), 32) for k in range(20)]
    assert {*np.unique([ids for _, ids in drawn])} == {*range(len(LABELS))}
    assert len({image.tobytes() for image, _ in drawn}) == 20
    assert draw(fish_at("labelled", 0), 32)[0].tobytes() == drawn[0][0].tobytes()


def test_series_have_nothing_in_common() -> None:
    first = {draw(fish_at(kind, 0), 32)[0].tobytes() for kind in SEEDS}
    assert len(first) == len(SEEDS)


def test_a_stripe_has_its_colour() -> None:
    fish = next(f for f in (fish_at("edits", k) for k in range(50)) if len(f.stripes) == 3)
    image, ids = draw(fish, 64)
    seen = image[ids == LABELS.id("stripe")].mean(0) / 255
    wanted, body = np.array(fish.stripe), np.array(fish.body)
    assert np.abs(seen - 0.9 * wanted).mean() < np.abs(seen - 0.9 * body).mean()


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_changes_its_classes_and_nothing_far_away(kind: str) -> None:
    own = [task for task in edit_tasks(20, 32) if task.kind == kind]
    assert own
    for task in own:
        assert task.truth is not None
        assert (task.painted & (task.source.ids != task.target.ids)).any()
        changed = (task.image != task.truth).any(-1)
        assert (changed & task.roi).sum() >= 0.9 * changed.sum()


def test_pictures_and_maps_are_read_as_labelled_ones(tmp_path: Path) -> None:
    write_pictures(tmp_path, "labelled", 20, 32, maps=True)
    pictures = LabelledPictures.load(tmp_path, 32)
    pictures.check_classes()
    assert len(pictures) == 20
    assert (pictures.label_ids[3] == draw(fish_at("labelled", 3), 32)[1]).all()


def test_the_recipe_s_commands_name_files_that_it_makes(tmp_path: Path) -> None:
    write_tasks(tmp_path / "data" / "edits", edit_tasks(1, 32))
    recipe = Path(__file__).parents[2] / "recipes" / "fish.md"
    named = re.findall(r"data/edits/\S+\.png", recipe.read_text("utf-8"))
    assert len(named) == 2
    for name in named:
        assert (tmp_path / name).is_file(), name
