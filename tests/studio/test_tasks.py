"""From jobs to tasks: what the server adds to what was asked."""

from __future__ import annotations

import pytest

from photographs import random_pixels
from pixelguide.studio.messages import EditTask
from pixelguide.studio.stored_files import picture_png
from pixelguide.studio.tasks import task_of
from studio.conftest import Start


@pytest.mark.parametrize(
    ("asked", "part", "whole"),
    [
        ({}, "parts", None),
        ({"roi": "auto"}, "parts", "auto"),
        ({"roi": "classes"},) + ("classes",) * 2,
    ],
)
def test_a_part_of_a_photograph_keeps_to_what_was_painted(
    start: Start, asked: dict[str, str], part: str, whole: str | None
) -> None:
    with start() as studio:
        upload = studio.client.post("/api/pictures", content=picture_png(random_pixels(1, 90, 70)))
        for picture, expected in ((upload.json()["picture"], part), (studio.add_picture(), whole)):
            request = studio.edit_request()
            settings = {**request["settings"], **asked}
            job = studio.submit({**request, "picture": picture, "settings": settings})
            task = task_of(studio.services.job(job), studio.services.files)
            assert isinstance(task, EditTask)
            assert task.settings.get("roi") == expected
