"""Photographs: kept whole beside the part that is edited, and given back with the edits in them."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photographs import ICC, exif, random_pixels, write_photograph
from pixelguide.photo.find_face import Face
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph
from pixelguide.portraits import LABELS
from pixelguide.studio import photographs
from pixelguide.studio.provenance import Change
from pixelguide.studio.stored_files import picture_png
from studio.conftest import MISSING, SIZE, Start, Studio

WIDTH, HEIGHT = 150, 100
SMOOTH = np.asarray(
    Image.fromarray(random_pixels(1, 6, 4)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
)
SQUARE = {"x": 40, "y": 20, "size": 64}
ROI = (slice(10, 14), slice(8, 20))
"""Of the edits in model pixels, as `Studio.edit_request` paints it; a model pixel is 2×2 here."""


def _whole(x: float = SQUARE["x"], y: float = SQUARE["y"], size: int = 64) -> NDArray[np.bool_]:
    roi = np.zeros((SIZE, SIZE), np.bool_)
    roi[ROI] = True
    return Placement(Photograph(SMOOTH), Frame(x, y, size), SIZE).region(roi)


def _upload(studio: Studio, content: bytes) -> Any:
    answer = studio.client.post("/api/pictures", content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _part(studio: Studio, photograph: str, **square: float) -> str:
    answer = studio.client.post(f"/api/photographs/{photograph}/parts", json=square or SQUARE)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["picture"])


def _edit(studio: Studio, picture: str, change: tuple[slice, slice] = ROI) -> str:
    request = studio.edit_request(seed=1)
    job = studio.submit({**request, "picture": picture, "target": studio.add_map(change)})
    assert studio.wait(job)["state"] == "done"
    return job


def _recolour(studio: Studio, picture: str) -> str:
    """An edit that asks for a colour of all that it does not paint."""
    request = studio.edit_request(seed=1)
    settings = {**request["settings"], "colours": {LABELS.names[4]: "#2040c0"}}
    target = studio.add_map((slice(6, 22), slice(6, 24)))
    job = studio.submit({**request, "picture": picture, "target": target, "settings": settings})
    assert studio.wait(job)["state"] == "done"
    return job


def _candidate(studio: Studio, job: str, k: int = 1) -> str:
    return str(studio.job(job)["result"]["candidates"][k]["picture"])


def _pixels(studio: Studio, url: str) -> NDArray[np.uint8]:
    return np.asarray(studio.image(url))


@pytest.fixture(scope="module")
def photograph(studio: Studio) -> str:
    """The id of `SMOOTH`, kept."""
    return str(_upload(studio, picture_png(SMOOTH))["photograph"])


@pytest.fixture(scope="module")
def part(studio: Studio, photograph: str) -> str:
    """The part `SQUARE` of it."""
    return _part(studio, photograph)


@pytest.fixture(scope="module")
def job(studio: Studio, part: str) -> str:
    """An edit of that part."""
    return _edit(studio, part)


def test_the_chosen_part_is_what_the_editor_takes(studio: Studio, part: str) -> None:
    wanted = Placement(Photograph(SMOOTH), Frame(40, 20, 64), SIZE).extract()
    assert np.array_equal(_pixels(studio, f"/api/pictures/{part}.png"), wanted)


def test_a_part_that_was_not_edited_gives_the_photograph_back(studio: Studio, part: str) -> None:
    assert np.array_equal(_pixels(studio, f"/api/pictures/{part}/photograph.png"), SMOOTH)


def test_an_edit_comes_back_at_full_size_and_nothing_else_differs(studio: Studio, job: str) -> None:
    image = studio.image(f"/api/results/{job}/1/photograph.png")
    differs = (np.asarray(image) != SMOOTH).any(-1)
    region = _whole()
    assert differs[region].mean() > 0.5
    assert not differs[~region].any()
    how = json.loads(image.text["pixelguide"])  # type: ignore[attr-defined]
    assert (how["candidate"], how["roi_loss"], how["crop"]) == (1, 0.99, "40,20,64")
    assert how["report"]["settings"]["seed"] == 1
    assert np.array_equal(
        np.asarray(image),
        _pixels(studio, f"/api/pictures/{_candidate(studio, job)}/photograph.png"),
    )


def test_without_a_choice_it_is_the_middle_square(studio: Studio) -> None:
    picture = _upload(studio, picture_png(SMOOTH))["picture"]
    edited = _pixels(studio, f"/api/results/{_edit(studio, picture)}/1/photograph.png")
    assert edited.shape == SMOOTH.shape
    differs = (edited != SMOOTH).any(-1)
    assert differs.any()
    assert not differs[~_whole(25, 0, 100)].any()


def test_changes_of_edits_one_after_the_other_add_up(studio: Studio, job: str) -> None:
    first = _candidate(studio, job)
    elsewhere = (slice(22, 26), slice(4, 12))
    second = _edit(studio, first, elsewhere)
    once = _pixels(studio, f"/api/pictures/{first}/photograph.png")
    twice = _pixels(studio, f"/api/results/{second}/0/photograph.png")
    roi = np.zeros((SIZE, SIZE), np.bool_)
    roi[elsewhere] = True
    region = Placement(Photograph(SMOOTH), Frame(40, 20, 64), SIZE).region(roi)
    assert not (region & _whole()).any(), "apart, so that each can be told"
    assert (twice != once).any(-1)[region].any()
    assert np.array_equal(twice[~region], once[~region])
    assert (twice != SMOOTH).any(-1)[_whole()].mean() > 0.5


def test_a_recoloured_class_keeps_the_texture_of_the_photograph(studio: Studio, part: str) -> None:
    job, files = _recolour(studio, part), studio.services.files
    candidate = _candidate(studio, job)
    change = files.provenance.of(candidate)
    assert isinstance(change, Change)
    assert change.dyed
    assert change.dyed.colours == {LABELS.names[4]: "#2040c0"}
    lineage = files.provenance.lineage(candidate)
    assert lineage
    assert {change.dyed.source, change.dyed.target} <= lineage.ids()  # not to be forgotten
    full, half = (photographs.full_size_of(files, candidate, share) for share in (1, 0.5))
    assert full
    assert full.dyes
    assert half
    assert half.dyes
    assert half.dyes.strength == 0.5
    answer = studio.client.post(f"/api/results/{job}/1/pictures", json={"strength": 0.25})
    fainter = files.provenance.of(answer.json()["picture"])
    assert isinstance(fainter, Change)
    assert fainter.dyed
    assert fainter.dyed.strength == 0.25


def test_a_project_brings_along_what_was_recoloured(
    studio: Studio, start: Start, part: str
) -> None:
    job = _recolour(studio, part)
    project = _project(studio, part, job)
    with zipfile.ZipFile(io.BytesIO(project)) as archive:
        assert json.loads(archive.read("project.json"))["version"] == 3
    with start() as elsewhere:
        answer = elsewhere.client.post("/api/projects/unpack", content=project)
        assert answer.status_code == 200, answer.text
        moved = answer.json()["versions"][1]["job"]
        path = "/1/photograph.png"
        found = elsewhere.client.get(f"/api/results/{moved}{path}").content
        assert found == studio.client.get(f"/api/results/{job}{path}").content


def test_strength_fades_the_change_in_the_photograph(studio: Studio, job: str, part: str) -> None:
    def change(strength: str) -> NDArray[np.int16]:
        url = f"/api/results/{job}/1/photograph.png?strength={strength}"
        return np.abs(_pixels(studio, url).astype(np.int16) - SMOOTH)

    assert not change("0").any()
    assert 0 < change("0.5").sum() < change("1").sum()
    answer = studio.client.post(f"/api/results/{job}/1/pictures", json={"strength": 0.5})
    assert answer.status_code == 201
    kept = answer.json()["picture"]
    before, after = (
        _pixels(studio, f"/api/pictures/{picture}.png").astype(float)
        for picture in (part, _candidate(studio, job))
    )
    assert np.array_equal(
        _pixels(studio, f"/api/pictures/{kept}.png"), np.rint(before + 0.5 * (after - before))
    )
    full = _pixels(studio, f"/api/pictures/{kept}/photograph.png").astype(np.int16)
    assert np.array_equal(np.abs(full - SMOOTH), change("0.5"))


@pytest.mark.parametrize("strength", ["-0.1", "1.1", "nan", "inf", "x", ""])
def test_bad_strength_is_refused(studio: Studio, job: str, strength: str) -> None:
    url = f"/api/results/{job}/1/photograph.png?strength={strength}"
    assert studio.client.get(url).status_code == 400


@pytest.mark.parametrize("body", ["{}", '{"strength": 2}', '{"strength": NaN}', "[]", "x"])
def test_bad_strength_to_keep_is_refused(studio: Studio, job: str, body: str) -> None:
    answer = studio.client.post(f"/api/results/{job}/1/pictures", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_layers_are_as_large_as_the_photograph(studio: Studio, job: str) -> None:
    content = studio.client.get(f"/api/results/{job}.ora?candidate=1").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        merged, original = (
            np.asarray(Image.open(archive.open(name)).convert("RGB"))
            for name in ("mergedimage.png", "data/original.png")
        )
    assert np.array_equal(original, SMOOTH)
    assert np.array_equal(merged, _pixels(studio, f"/api/results/{job}/1/photograph.png"))


def test_layers_show_the_edit_at_the_strength_asked_for(studio: Studio, job: str) -> None:
    answer = studio.client.get(f"/api/results/{job}.ora?candidate=1&strength=0.3")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        merged = np.asarray(Image.open(archive.open("mergedimage.png")).convert("RGB"))
    wanted = _pixels(studio, f"/api/results/{job}/1/photograph.png?strength=0.3")
    assert np.array_equal(merged, wanted)
    assert studio.client.get(f"/api/results/{job}.ora?strength=2").status_code == 400


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_turned_file_comes_back_upright_with_its_profile(
    studio: Studio, tmp_path: Path, kind: str
) -> None:
    path = write_photograph(tmp_path / "photo", SMOOTH, kind, orientation=6)
    upright = Photograph.open(path).pixels
    upload = _upload(studio, path.read_bytes())
    assert (upload["original_width"], upload["original_height"]) == (HEIGHT, WIDTH)
    job = _edit(studio, upload["picture"])
    image = studio.image(f"/api/results/{job}/1/photograph.png")
    differs = (np.asarray(image) != upright).any(-1)
    assert 0 < differs.sum() < 0.2 * differs.size
    assert image.info["icc_profile"] == ICC
    assert image.getexif()[0x010F] == exif(1)[0x010F]
    assert image.getexif().get(0x0112, 1) == 1


def test_alpha_comes_back(studio: Studio) -> None:
    pixels = np.dstack([SMOOTH, np.full(SMOOTH.shape[:2], 200, np.uint8)])
    picture = _upload(studio, picture_png(pixels))["picture"]
    edited = _pixels(studio, f"/api/results/{_edit(studio, picture)}/1/photograph.png")
    assert edited.shape == pixels.shape
    assert (edited[..., 3] == 200).all()
    assert (edited != pixels).any()


def test_a_picture_of_the_models_size_is_no_part_of_anything(studio: Studio) -> None:
    upload = _upload(studio, picture_png(random_pixels(3, SIZE, SIZE)))
    assert upload["photograph"] is None
    assert studio.client.get(f"/api/pictures/{upload['picture']}/photograph.png").status_code == 404
    job = _edit(studio, upload["picture"])
    found = [studio.client.get(f"/api/results/{job}/1{end}.png") for end in ("", "/photograph")]
    assert found[0].content == found[1].content


def test_a_tiny_picture_is_enlarged_as_it_is(studio: Studio) -> None:
    upload = _upload(studio, picture_png(random_pixels(3, 9, 5)))
    assert (upload["photograph"], upload["cropped"]) == (None, True)
    assert studio.image(f"/api/pictures/{upload['picture']}.png").size == (SIZE, SIZE)


def test_the_page_is_shown_a_small_picture_to_choose_in(studio: Studio, photograph: str) -> None:
    answer = studio.client.get(f"/api/photographs/{photograph}.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (WIDTH, HEIGHT)
    large = _upload(studio, picture_png(np.zeros((200, 2600, 3), np.uint8)))["photograph"]
    assert studio.image(f"/api/photographs/{large}.jpg").width == 1280


@pytest.mark.parametrize(
    "body",
    [
        '{"x": 0, "y": 0, "size": 4}',
        '{"x": 0, "y": 0, "size": 0}',
        '{"x": 0, "y": 0, "size": -64}',
        '{"x": 140, "y": 0, "size": 64}',
        '{"x": 0, "y": 0, "size": 1e300}',
        '{"x": -1e300, "y": 0, "size": 64}',
        '{"x": NaN, "y": 0, "size": 64}',
        '{"x": 1e999, "y": 0, "size": 64}',
        '{"x": "0", "y": 0, "size": 64}',
        '{"x": 0, "y": 0}',
        '{"x": 0, "y": 0, "size": 64, "path": "/etc/passwd"}',
        "[]",
        "",
    ],
)
def test_a_bad_part_is_refused(studio: Studio, photograph: str, body: str) -> None:
    folder = studio.services.files._folder
    before = set(folder.iterdir())
    answer = studio.client.post(f"/api/photographs/{photograph}/parts", content=body)
    assert answer.status_code == 400, answer.text
    content = answer.json()
    assert content["code"] == "bad_input"
    assert content.keys() == {"code", "message", "hint"}
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("identity", [MISSING, "x", "..%2f..%2fetc%2fpasswd"])
def test_unknown_photographs_are_404(studio: Studio, identity: str, part: str) -> None:
    for wrong in (identity, part):  # a picture is no photograph
        assert studio.client.get(f"/api/photographs/{wrong}.jpg").status_code == 404
        answer = studio.client.post(f"/api/photographs/{wrong}/parts", json=SQUARE)
        assert answer.status_code == 404
    assert studio.client.get(f"/api/pictures/{identity}/photograph.png").status_code == 404


def test_a_photograph_is_never_shown_as_it_came(studio: Studio, photograph: str) -> None:
    assert studio.client.get(f"/api/pictures/{photograph}.png").status_code == 404
    assert studio.client.get(f"/api/maps/{photograph}.png").status_code == 404


def _project(studio: Studio, part: str, job: str) -> bytes:
    made = studio.job(job)["result"]["candidates"][0]["picture"]
    versions = [{"picture": part}, {"picture": made, "job": job}]
    answer = studio.client.post("/api/projects/pack", json={"versions": versions})
    assert answer.status_code == 200, answer.text
    return answer.content


def _changed(project: bytes, change: Any) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(project)) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "project.json":
                described = json.loads(content)
                change(described)
                content = json.dumps(described).encode()
            new.writestr(name, content)
    return buffer.getvalue()


def test_a_project_brings_the_photograph_along(
    studio: Studio, start: Start, part: str, job: str
) -> None:
    project = _project(studio, part, job)
    assert studio.client.post("/api/projects/unpack", content=project).status_code == 200
    with start() as elsewhere:
        answer = elsewhere.client.post("/api/projects/unpack", content=project)
        assert answer.status_code == 200, answer.text
        first, second = answer.json()["versions"]
        assert {first["picture"], second["picture"]} <= set(answer.json()["parts"])
        url = f"/api/pictures/{first['picture']}/photograph.png"
        assert np.array_equal(_pixels(elsewhere, url), SMOOTH)
        for path in ("/0/photograph.png", "/1/photograph.png?strength=0.3", ".ora"):
            found = elsewhere.client.get(f"/api/results/{second['job']}{path}").content
            assert found == studio.client.get(f"/api/results/{job}{path}").content
        again = _edit(elsewhere, second["picture"], (slice(22, 26), slice(4, 12)))
        assert _pixels(elsewhere, f"/api/results/{again}/0/photograph.png").shape == SMOOTH.shape


def test_a_project_of_an_earlier_build_opens_at_the_models_size(
    studio: Studio, part: str, job: str
) -> None:
    def forget(content: dict[str, Any]) -> None:
        assert content["version"] == 2
        content["version"] = 1
        del content["origins"]

    old = _changed(_project(studio, part, job), forget)
    answer = studio.client.post("/api/projects/unpack", content=old)
    assert answer.status_code == 200, answer.text
    assert answer.json()["parts"] == []
    version = answer.json()["versions"][1]
    shown = studio.image(f"/api/results/{version['job']}/0/photograph.png")
    assert shown.size == (SIZE, SIZE)


def test_a_project_without_photographs_can_be_read_by_earlier_builds(studio: Studio) -> None:
    body = {"versions": [{"picture": studio.add_picture()}]}
    content = studio.client.post("/api/projects/pack", json=body).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        described = json.loads(archive.read("project.json"))
    assert described["version"] == 1
    assert "origins" not in described


def _origin(content: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(origin for origin in content["origins"].values() if kind in origin)


@pytest.mark.parametrize("wrong", ["cycle", "orphan", "photograph", "frame", "small", "feather"])
def test_bad_origins_in_a_project_are_refused(
    studio: Studio, part: str, job: str, wrong: str
) -> None:
    def change(content: dict[str, Any]) -> None:
        edited = next(p for p, origin in content["origins"].items() if "parent" in origin)
        {
            "cycle": lambda: _origin(content, "parent").update(parent=edited),
            "orphan": lambda: content["origins"].pop(part),
            "photograph": lambda: _origin(content, "size").update(photograph=MISSING),
            "frame": lambda: _origin(content, "size").update(x=1e6),
            "small": lambda: _origin(content, "size").update(size=1),
            "feather": lambda: _origin(content, "parent").update(feather=-1),
        }[wrong]()

    folder = studio.services.files._folder
    before = set(folder.iterdir())
    body = _changed(_project(studio, part, job), change)
    answer = studio.client.post("/api/projects/unpack", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
    assert set(folder.iterdir()) == before


def test_old_photographs_are_forgotten_and_used_ones_not(start: Start) -> None:
    with start() as studio:
        idle = _upload(studio, picture_png(SMOOTH))
        used = _upload(studio, picture_png(SMOOTH))
        edited = _candidate(studio, _edit(studio, used["picture"]))
        with studio.services.files._database.write() as connection:
            connection.execute("UPDATE items SET used = 0 WHERE kind != 'map'")
        _edit(studio, edited)
    with start() as studio:
        url = f"/api/pictures/{edited}/photograph.png"
        assert _pixels(studio, url).shape == SMOOTH.shape
        for path in (f"pictures/{idle['picture']}.png", f"photographs/{idle['photograph']}.jpg"):
            assert studio.client.get(f"/api/{path}").status_code == 404
        assert studio.services.files.provenance.of(idle["picture"]) is None


def test_a_data_folder_of_an_earlier_build_goes_on(start: Start) -> None:
    with start() as studio:
        picture = studio.add_picture()
        (path,) = studio.services.files._folder.parent.glob("studio.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE origins")
        connection.execute("PRAGMA user_version=1")
    connection.close()
    with start() as studio:
        assert studio.client.get(f"/api/pictures/{picture}.png").status_code == 200
        assert _upload(studio, picture_png(SMOOTH))["photograph"]


# faces


def _found(monkeypatch: pytest.MonkeyPatch, *faces: Face) -> None:
    """Have the finder, which need not be installed, find these."""
    monkeypatch.setattr(photographs, "open_finder", lambda: lambda pixels: list(faces))


def _faces(studio: Studio, photograph: str) -> Any:
    return studio.client.get(f"/api/photographs/{photograph}/faces")


def test_faces_are_offered_as_upright_parts(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = _upload(studio, picture_png(SMOOTH))["photograph"]
    level = Face(((44, 50), (76, 50)), (60, 80))
    down = Face(((120, 30), (120, 46)), (105, 38), sideways=0.5)
    _found(monkeypatch, level, down)
    first, second = _faces(studio, photograph).json()["faces"]
    assert first == {
        "eyes": [[44, 50], [76, 50]],
        "part": {"x": 20, "y": 10, "size": 80},
        "warnings": [],
    }
    assert second["part"] == {"x": 100, "y": 18, "size": 40}, "turned by 90 degrees there"
    assert "turned away" in second["warnings"][0]
    assert _part(studio, photograph, **first["part"])


def test_where_no_faces_can_be_looked_for_the_answer_says_so(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = _upload(studio, picture_png(SMOOTH))["photograph"]
    _found(monkeypatch)
    assert _faces(studio, photograph).json() == {"faces": []}
    files = studio.services.files
    assert photographs.faces_in(files, photograph, None, SIZE) is None, "a category without eyes"
    monkeypatch.setattr(photographs, "open_finder", lambda: None)
    assert _faces(studio, photograph).json() == {"faces": None}
    assert _faces(studio, MISSING).status_code == 404


def test_faces_that_cannot_be_edited_are_an_error(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = _upload(studio, picture_png(SMOOTH))["photograph"]
    _found(monkeypatch, Face(((1, 1), (41, 1)), (21, 37)))
    answer = _faces(studio, photograph)
    assert answer.status_code == 400
    assert "a face, but only" in answer.json()["message"]
