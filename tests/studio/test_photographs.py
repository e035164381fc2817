"""How a category's pictures go back into photographs: as `edit` has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from photographs import random_pixels
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.full_size import Finish, FullSize
from pixelguide.photo.photograph import Photograph
from pixelguide.studio.provenance import Change
from pixelguide.studio.stored_files import picture_png
from stub_detail import Brighter
from studio.conftest import CATEGORY, SIZE, Start, Studio

PIXELS = random_pixels(1, 96, 96) // 4 + 90


def _edited(
    studio: Studio, **settings: Any
) -> tuple[NDArray[np.uint8], FullSize, NDArray[np.uint8], str]:
    """An edit of `PIXELS` as the Studio saves it, its way back without a finish, the candidate at
    the model's size, and the job."""
    upload = studio.client.post("/api/pictures", content=picture_png(PIXELS)).json()
    request = {**studio.edit_request(seed=1, **settings), "picture": upload["picture"]}
    job = studio.submit(request)
    assert studio.wait(job)["state"] == "done"
    saved = np.asarray(studio.image(f"/api/results/{job}/1/photograph.png"))
    files = studio.services.files
    candidate = studio.job(job)["result"]["candidates"][1]["picture"]
    change = files.provenance.of(candidate)
    assert isinstance(change, Change)
    full = FullSize(
        Placement(Photograph(PIXELS), Frame(0, 0, 96), SIZE),
        files.picture(request["picture"]),
        files.roi(change.roi),
        change.feather,
        source=files.label_map(request["source"]).ids,
        target=files.label_map(request["target"]).ids,
    )
    return saved, full, files.picture(candidate), job


@pytest.mark.parametrize("lightness", [False, True])
def test_an_edit_is_saved_with_the_finish_of_its_category(start: Start, lightness: bool) -> None:
    detail = Brighter()
    category = replace(CATEGORY, finish=Finish(detail, lightness))
    with start(category=category) as studio:
        saved, full, after, _ = _edited(studio)
        assert np.array_equal(
            saved, replace(full, detail=detail, lightness=lightness).picture(after)
        )
        assert not np.array_equal(saved, full.picture(after))
        saved, full, after, _ = _edited(studio, detail=False)
        assert np.array_equal(saved, replace(full, lightness=lightness).picture(after))


def test_what_was_edited_before_looks_as_it_did(start: Start) -> None:
    """Edits of builds that knew no finish say nothing of one."""
    with start() as studio:
        plain, *_, job = _edited(studio)
        candidate = studio.job(job)["result"]["candidates"][1]["picture"]
        change = studio.services.files.provenance.of(candidate)
        assert isinstance(change, Change)
        assert not {"detail", "lightness"} & change.model_dump().keys()
    with start(category=replace(CATEGORY, finish=Finish(Brighter(), True))) as studio:
        again = np.asarray(studio.image(f"/api/results/{job}/1/photograph.png"))
        assert np.array_equal(again, plain)
