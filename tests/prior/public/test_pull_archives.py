"""Pulling archives, and pulling offline."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from flaky_server import FlakyServer, Reply
from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.public.pull import known_hashes, pull
from pixelguide.prior.public.registry import find
from pulls import CHECKPOINT, left_behind, offer, tar_of

pytestmark = pytest.mark.usefixtures("stand_ins")
CAT = "google/ddpm-cat-256"

# Archives


def test_data_is_unpacked(server: FlakyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"datasets/ffhq_34/real/train/1.png": b"png", "datasets/ffhq_34/run.sh": b"rm"}
    offer(server, monkeypatch, "datasetddpm", Reply(tar_of(members)))
    pulled = pull("datasetddpm")
    assert pulled.left_out == ("datasets/ffhq_34/run.sh",)
    assert (pulled.path / "datasets/ffhq_34/real/train/1.png").read_bytes() == b"png"


def test_classifiers_are_unpacked_and_not_read(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("50_150_250_5_6_7_8_12/model_0.pth", b"\x80\x04any pickle")
    offer(server, monkeypatch, "ffhq-gmulti", Reply(content.getvalue()))
    found = pull("ffhq-gmulti").path / "50_150_250_5_6_7_8_12" / "model_0.pth"
    assert found.read_bytes() == b"\x80\x04any pickle"


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"../../evil.png": b"x"}, SafetyError, "leaves the folder"),
        ({"a.sh": b"x"}, InputError, "nothing of use"),
        ({}, InputError, "nothing of use"),
    ],
)
def test_a_bad_archive_leaves_nothing(
    home: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch,
    members: dict[str, bytes], error: type[Exception], message: str,
) -> None:  # fmt: skip
    offer(server, monkeypatch, "datasetddpm", Reply(tar_of(members)))
    with pytest.raises(error, match=message):
        pull("datasetddpm")
    assert not find("datasetddpm").folder.exists()
    assert not list(home.rglob("*.png"))
    assert known_hashes().get("datasetddpm") is None
    assert left_behind(home) == []


# Offline


@pytest.mark.parametrize("name", ["ffhq", CAT, "datasetddpm"])
@pytest.mark.parametrize("by", ["option", "PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_says_what_to_fetch_where_to_put_it_and_what_then(
    server: FlakyServer, monkeypatch: pytest.MonkeyPatch, name: str, by: str
) -> None:
    if by != "option":
        monkeypatch.setenv(by, "1")
    with pytest.raises(InputError) as caught:
        pull(name, offline=by == "option")
    text = str(caught.value)
    assert find(name).source in text
    assert str(find(name).download) in text
    assert f"pixelguide models pull {name} --offline" in text
    if name == "ffhq":
        assert f"pixelguide convert adm {find(name).download} -o" in text
    assert "\n" not in text
    assert server.seen == []


def test_offline_uses_what_was_put_in_place(server: FlakyServer, model_folder: Path) -> None:
    for name in ("ffhq", CAT):
        find(name).download.parent.mkdir(parents=True, exist_ok=True)
    find("ffhq").download.write_bytes(CHECKPOINT)
    model_folder.rename(find(CAT).download)
    for name in ("ffhq", CAT):
        assert pull(name, offline=True).first
        assert ModelFolder.open(name).unet().config.sample_size == 16
        assert not pull(name, offline=True).fresh
    assert server.seen == []


def test_offline_a_wrong_file_is_refused_but_not_deleted(tmp_path: Path) -> None:
    pull("ffhq", tmp_path / "a")
    place = find("ffhq").download
    place.write_bytes(b"checkpoint of someone else")
    with pytest.raises(SafetyError, match="SHA-256"):
        pull("ffhq", offline=True)
    assert place.read_bytes() == b"checkpoint of someone else"
