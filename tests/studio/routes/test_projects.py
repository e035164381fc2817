"""Projects packed and unpacked; hostile zips."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pixelguide.studio.stored_files import picture_png
from studio.conftest import MISSING, SIZE, Studio

Content = dict[str, Any]


@pytest.fixture(scope="module")
def project(studio: Studio) -> bytes:
    """Two versions: the picture, and the best candidate of an edit of it."""
    request = studio.edit_request(seed=5)
    job = studio.submit(request)
    result = studio.wait(job)["result"]
    versions = [
        {"picture": request["picture"], "source": request["source"], "target": None, "job": None},
        {
            "picture": result["candidates"][1]["picture"],
            "source": request["source"],
            "target": request["target"],
            "job": job,
            "note": "lips – 唇",
        },
    ]
    body = {"name": "My portrait", "versions": versions, "state": {"zoom": 3, "job": job}}
    answer = studio.client.post("/api/projects/pack", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def _unpack(studio: Studio, body: bytes) -> Any:
    headers = {"Content-Type": "application/zip"}
    return studio.client.post("/api/projects/unpack", content=body, headers=headers)


def _members(body: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(body))
    return {name: archive.read(name) for name in archive.namelist()}


def _zip(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _changed(project: bytes, change: Callable[[Content], None]) -> bytes:
    members = _members(project)
    content = json.loads(members["project.json"])
    change(content)
    return _zip({**members, "project.json": json.dumps(content).encode()})


def test_project_comes_back_under_new_ids(studio: Studio, project: bytes) -> None:
    answer = _unpack(studio, project)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    old = json.loads(_members(project)["project.json"])
    assert content["name"] == "My portrait"
    assert content["state"] == old["state"]
    assert [version["note"] for version in content["versions"]] == ["", "lips – 唇"]
    for before, after in zip(old["versions"], content["versions"], strict=True):
        for name in ("picture", "source", "target", "job"):
            assert after[name] == (content["ids"][before[name]] if before[name] else None)
            assert after[name] is None or after[name] != before[name]
        for kind in ("picture", "map"):
            field = {"picture": "picture", "map": "source"}[kind]
            shown = studio.image(f"/api/{kind}s/{after[field]}.png")
            assert shown.tobytes() == studio.image(f"/api/{kind}s/{before[field]}.png").tobytes()


def test_unpacked_edit_can_tell_how_it_was_made(studio: Studio, project: bytes) -> None:
    before = json.loads(_members(project)["project.json"])["versions"][1]["job"]
    after = _unpack(studio, project).json()["versions"][1]["job"]
    old, new = studio.job(before), studio.job(after)
    assert new["state"] == "done"
    assert new["result"]["report"] == old["result"]["report"]
    assert new["result"]["best"] == old["result"]["best"]
    for path in ("0.png", "1.png", "roi.png"):
        found = [studio.client.get(f"/api/results/{job}/{path}").content for job in (before, after)]
        assert found[0] == found[1]
    assert studio.client.get(f"/api/results/{after}.ora").status_code == 200
    assert [name for name, _ in studio.events(after)] == ["done"]


def test_packing_again_gives_the_same_project(studio: Studio, project: bytes) -> None:
    content = _unpack(studio, project).json()
    again = studio.client.post(
        "/api/projects/pack", json={key: content[key] for key in ("name", "versions", "state")}
    ).content
    first, second = _members(project), _members(again)
    renamed = {
        name.replace(old, content["ids"][old]): value
        for name, value in first.items()
        for old in content["ids"]
        if old in name
    }
    assert renamed == {name: second[name] for name in second if name != "project.json"}


def test_version_made_by_no_edit_has_no_job(studio: Studio) -> None:
    picture = studio.add_picture()
    segment = studio.submit({"kind": "segment", "picture": picture})
    studio.wait(segment)
    body = {"name": "", "versions": [{"picture": picture, "job": segment}], "state": {}}
    content = _unpack(studio, studio.client.post("/api/projects/pack", json=body).content).json()
    assert content["versions"][0]["job"] is None


@pytest.mark.parametrize("field", ["picture", "source", "target", "job"])
def test_unknown_ids_cannot_be_packed(studio: Studio, field: str) -> None:
    version = {"picture": studio.add_picture(), field: MISSING}
    body = {"name": "", "versions": [version], "state": {}}
    assert studio.client.post("/api/projects/pack", json=body).status_code == 404


def test_large_state_is_refused(studio: Studio) -> None:
    body = {"name": "", "versions": [], "state": {"x": "y" * 2**20}}
    assert studio.client.post("/api/projects/pack", json=body).status_code == 400


BAD_NAMES = [
    *("../evil.png", "/etc/cron.d/evil", "C:\\evil.png", "pictures/../../evil.png", "evil.py"),
    *(f"pictures/{MISSING}.png/", f"pictures/{'0' * 31}.png", f"pictures\\{MISSING}.png"),
    *(f"pictures/{MISSING}.PNG", f"PICTURES/{MISSING}.png", f"pictures/{MISSING}.png\n"),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_unexpected_member_is_refused(studio: Studio, project: bytes, name: str) -> None:
    answer = _unpack(studio, _zip({**_members(project), name: b"x"}))
    assert answer.status_code == 400
    assert answer.json()["code"] == "refused"


def test_link_among_the_members_is_not_followed(studio: Studio, project: bytes) -> None:
    members = _members(project)
    name = next(name for name in members if name.startswith("pictures/"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for other, content in members.items():
            info = zipfile.ZipInfo(other)
            if other == name:
                info.external_attr = 0o120777 << 16
                content = b"/etc/passwd"
            archive.writestr(info, content)
    answer = _unpack(studio, buffer.getvalue())
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("not a readable picture")


def test_bombs_are_refused(studio: Studio, project: bytes) -> None:
    members = _members(project)
    name = next(name for name in members if name.startswith("pictures/"))
    for bomb in (
        {**members, name: bytes(2**21)},
        {**members, "project.json": bytes(2**25)},
        {**members, **dict.fromkeys((f"maps/{k:032x}.png" for k in range(257)), bytes(2**20))},
    ):
        body = _zip(bomb, zipfile.ZIP_DEFLATED)
        assert len(body) < 2**20
        answer = _unpack(studio, body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "refused"


def test_member_that_lies_about_its_size_is_refused(studio: Studio, project: bytes) -> None:
    members = _members(project)
    body = bytearray(_zip({**members, "project.json": bytes(2**25)}, zipfile.ZIP_DEFLATED))
    # the uncompressed size in the central directory and in the local header
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := body.find(signature, at + 1)) >= 0:
            if struct.unpack_from("<I", body, at + offset)[0] == 2**25:
                struct.pack_into("<I", body, at + offset, 1000)
    answer = _unpack(studio, bytes(body))
    assert answer.status_code == 400
    assert "damaged" in answer.json()["message"]


def test_damaged_zips_are_refused(studio: Studio, project: bytes) -> None:
    flipped = bytearray(project)
    flipped[len(project) // 2] ^= 255
    half = project[: len(project) // 2]
    for body in (b"", b"PK", project[:-30], half, bytes(flipped), b"x" * 99):
        assert _unpack(studio, body).status_code == 400


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(studio: Studio, project: bytes) -> None:
    buffer = io.BytesIO(project)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("project.json", b"{}")
    assert _unpack(studio, buffer.getvalue()).status_code == 400


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(studio: Studio, project: bytes, compression: int) -> None:
    assert _unpack(studio, _zip(_members(project), compression)).status_code == 400


def _set(*path: Any, to: Any) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        for key in path[:-1]:
            content = content[key] if key != "any" else next(iter(content.values()))
        content[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("format", to="other"),
        _set("version", to=4),
        _set("size", to=64),
        _set("labels", "id2label", "0", to="sky"),
        _set("more", to=1),
        _set("versions", to=5),
        _set("versions", 0, "picture", to=None),
        _set("versions", 0, "picture", to=MISSING),
        _set("versions", 0, "picture", to="../../../etc/passwd"),
        _set("versions", 1, "job", to=MISSING),
        _set("versions", 0, "note", to="x" * 3000),
        _set("edits", "any", "best", to=2),
        _set("edits", "any", "best", to=-1),
        _set("edits", "any", "pictures", to=[]),
        _set("edits", "any", "scores", to=[]),
        _set("edits", "any", "roi", to=MISSING),
        _set("edits", "any", "report", to="x"),
        _set("edits", "any", "request", "source", to=None),
    ],
)
def test_bad_description_is_refused(
    studio: Studio, project: bytes, change: Callable[[Content], None]
) -> None:
    folder = studio.services.files._folder
    before = set(folder.iterdir())
    answer = _unpack(studio, _changed(project, change))
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_input"
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("folder", ["pictures", "maps", "rois"])
@pytest.mark.parametrize(
    "content",
    [
        b"text",
        picture_png(np.zeros((SIZE, SIZE + 1), np.uint8)),
        picture_png(np.random.default_rng(0).integers(0, 9, (SIZE, SIZE), np.uint8))[:200],
    ],
)
def test_bad_pictures_are_refused(
    studio: Studio, project: bytes, folder: str, content: bytes
) -> None:
    members = _members(project)
    name = next(name for name in members if name.startswith(folder))
    assert _unpack(studio, _zip({**members, name: content})).status_code == 400


def test_map_with_unknown_ids_is_refused(studio: Studio, project: bytes) -> None:
    members = _members(project)
    name = next(name for name in members if name.startswith("maps"))
    bad = picture_png(np.full((SIZE, SIZE), 99, np.uint8))
    assert "99" in _unpack(studio, _zip({**members, name: bad})).json()["message"]
