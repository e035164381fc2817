"""Another model is switched to, and what the first had is there when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pixelguide.errors import InputError
from pixelguide.studio import models as models_module
from pixelguide.studio.app import create_app
from pixelguide.studio.category import Category
from pixelguide.studio.models import Models, available_models, default_model
from pixelguide.studio.services import Services, open_services
from stub_runner import stub
from studio.conftest import CATEGORY, POLICY, Studio

OTHER = replace(CATEGORY, name="other", size=16)


@pytest.fixture
def switching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A Studio over the stub, which knows another of 16² pixels and one that cannot be opened."""

    def opened(name: str, category: Category) -> AbstractContextManager[Services]:
        return open_services(category, stub(tmp_path), tmp_path, None, "forkserver")

    def described(model: str) -> Category:
        if model == "broken":
            raise InputError("no labels", model)
        return {"stub": CATEGORY, "other": OTHER}[model]

    known = {name: name for name in ("broken", "other", "stub")}
    monkeypatch.setattr(models_module, "available_models", lambda: known)
    monkeypatch.setattr(models_module.Category, "open", staticmethod(described))
    (tmp_path / "index.html").write_text("")
    with Models("stub", CATEGORY, opened) as models:
        app = create_app(models.services, POLICY, tmp_path, models)
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            yield Studio(models.services, client)


def current(studio: Studio) -> list[str]:
    answer = studio.client.get("/api/models").json()["models"]
    assert [each["name"] for each in answer] == ["broken", "other", "stub"]
    assert all(each["opening"] is None for each in answer if not each["current"])
    return [each["name"] for each in answer if each["current"]]


def test_a_switch_brings_another_model_and_the_way_back(switching: Studio) -> None:
    studio = switching
    picture = studio.add_picture()
    assert current(studio) == ["stub"]
    answer = studio.client.post("/api/models", json={"name": "other"})
    assert (answer.status_code, answer.json()["size"]) == (200, 16)
    assert current(studio) == ["other"]
    assert studio.client.get("/api/category").json()["model"]["name"] == "other"
    assert studio.client.get(f"/api/pictures/{picture}.png").status_code == 404, "kept apart"
    assert studio.client.post("/api/models", json={"name": "stub"}).status_code == 200
    assert studio.client.get(f"/api/pictures/{picture}.png").status_code == 200
    job = studio.edit()
    assert studio.wait(job)["state"] == "done"


def test_what_cannot_be_opened_leaves_the_model_there_is(switching: Studio) -> None:
    for name, status in (("broken", 400), ("nowhere", 404), ("../other", 404)):
        assert switching.client.post("/api/models", json={"name": name}).status_code == status
        assert current(switching) == ["stub"]
    assert switching.client.get(f"/api/pictures/{switching.add_picture()}.png").status_code == 200


def test_faces_come_first_and_a_lone_studio_has_its_own(studio: Studio) -> None:
    assert next(iter(available_models())) == default_model() == "faces-128"
    assert "portraits-64" in available_models()
    studio.wait(studio.edit())
    answer = studio.client.get("/api/models").json()
    assert answer == {"models": [{"name": "stub", "current": True, "opening": None}]}
    assert studio.client.post("/api/models", json={"name": "faces-128"}).status_code == 404
