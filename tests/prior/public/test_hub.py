"""Models of the hub: fetched by its client from a server here, and written as our folders."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from diffusers import DDPMScheduler, UNet2DModel
from torch import Tensor

from flaky_server import FlakyServer, Reply
from pixelguide.errors import InputError, ResourceError, SafetyError
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.manifest import MANIFEST
from pixelguide.prior.public.hub import HuggingFaceHub, choose_files, convert_hub
from pixelguide.prior.weight_files import ATTENTION, PICKLE, WEIGHTS

REPOSITORY = "google/ddpm-cat-256"
COMMIT = "0123456789" * 4
OLD = {new: old for old, new in ATTENTION.items()}


def _old_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights as diffusers of 2022 named them."""
    renamed = {}
    for name, value in state.items():
        for new, old in OLD.items():
            name = name.replace(f".{new}.", f".{old}.")
        renamed[name] = value
    return renamed


def _write_flat(folder: Path, unet: UNet2DModel, weights: str) -> Path:
    """A repository as the first ones were: no folders, old names."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(unet.to_json_string())
    (folder / "scheduler_config.json").write_text(DDPMScheduler(clip_sample=False).to_json_string())
    state = _old_names(unet.state_dict())
    assert set(state) != set(unet.state_dict())
    if weights == PICKLE:
        torch.save(state, folder / weights)
    else:
        safetensors.torch.save_file(state, folder / weights)
    return folder


def _same_weights(folder: Path, unet: UNet2DModel) -> bool:
    found = ModelFolder.open(folder).unet().state_dict()
    return all(torch.equal(found[key], value.half().float()) for key, value in
               unet.state_dict().items())  # fmt: skip


# Conversion


@pytest.mark.parametrize("weights", [WEIGHTS, PICKLE])
def test_an_old_repository_becomes_a_model_folder(
    tmp_path: Path, tiny_unet: UNet2DModel, weights: str
) -> None:
    convert_hub(_write_flat(tmp_path / "source", tiny_unet, weights), tmp_path / "model")
    assert _same_weights(tmp_path / "model", tiny_unet)
    assert ModelFolder.open(tmp_path / "model").scheduler().config.clip_sample is False
    assert (tmp_path / "model" / MANIFEST).exists()
    theirs = UNet2DModel.from_pretrained(tmp_path / "model", subfolder="unet")
    assert theirs.config.sample_size == 16


def test_a_repository_of_today_becomes_a_model_folder(
    model_folder: Path, tmp_path: Path, tiny_unet: UNet2DModel
) -> None:
    convert_hub(model_folder, tmp_path / "converted")
    assert _same_weights(tmp_path / "converted", tiny_unet)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, tiny_unet: UNet2DModel) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    source = _write_flat(tmp_path / "source", tiny_unet, PICKLE)
    torch.save({"conv_in.weight": Payload()}, source / PICKLE)
    with pytest.raises(SafetyError):
        convert_hub(source, tmp_path / "model")
    os.replace(source / PICKLE, source / WEIGHTS)
    with pytest.raises(SafetyError, match="pickle"):
        convert_hub(source, tmp_path / "model")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv_in.weight": None}, "'conv_in.weight' is missing"),
        ({"": torch.zeros(1)}, "'' is not of this model"),
        ({"attentions.query": torch.zeros(1)}, "'attentions.query' is not of this model"),
        ({"conv_in.bias": torch.full((16,), torch.nan)}, "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    tmp_path: Path, tiny_unet: UNet2DModel, change: dict[str, Tensor | None], message: str
) -> None:
    source = _write_flat(tmp_path / "source", tiny_unet, WEIGHTS)
    state = {**safetensors.torch.load_file(source / WEIGHTS), **change}
    kept = {name: value for name, value in state.items() if value is not None}
    safetensors.torch.save_file(kept, source / WEIGHTS)
    with pytest.raises(InputError, match=message):
        convert_hub(source, tmp_path / "model")


# Choice


def test_safetensors_are_preferred_and_only_known_names_are_chosen() -> None:
    flat = {"config.json", "scheduler_config.json", PICKLE, "inference.py", "../config.json"}
    assert choose_files(flat, "r") == {
        "configuration": "config.json", "schedule": "scheduler_config.json", "weights": PICKLE,
    }  # fmt: skip
    assert choose_files(flat | {WEIGHTS}, "r")["weights"] == WEIGHTS
    assert choose_files(flat | {f"unet/{WEIGHTS}"}, "r")["weights"] == f"unet/{WEIGHTS}"


@pytest.mark.parametrize(
    ("missing", "part"),
    [("config.json", "configuration"), ("scheduler_config.json", "schedule"), (WEIGHTS, "weights")],
)
def test_a_repository_without_a_part_is_told(missing: str, part: str) -> None:
    names = {"config.json", "scheduler_config.json", WEIGHTS} - {missing}
    with pytest.raises(InputError, match=f"no {part} of.*google"):
        choose_files(names, REPOSITORY)


# The client, against a hub here


@pytest.fixture
def hub(server: FlakyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> HuggingFaceHub:
    """A hub with two files in one repository."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    files = {"config.json": b"{}", WEIGHTS: bytes(300_000)}
    info = {
        "id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files],
    }  # fmt: skip
    tree = [
        {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
        for name, content in files.items()
    ]
    api = f"/api/models/{REPOSITORY}"
    for path, content in ((api, info), (f"{api}/revision/{COMMIT}", info),
                          (f"{api}/tree/{COMMIT}", tree)):  # fmt: skip
        server.replies[path] = [Reply(json.dumps(content).encode())]
    for name, content in files.items():
        server.replies[f"/{REPOSITORY}/resolve/{COMMIT}/{name}"] = [
            Reply(content, headers={"X-Repo-Commit": COMMIT})
        ]
    return HuggingFaceHub(server.url("").rstrip("/"))


@pytest.mark.parametrize("revision", ["", COMMIT])
def test_a_commit_is_looked_up_and_its_files_fetched(
    hub: HuggingFaceHub, tmp_path: Path, capfd: pytest.CaptureFixture[str], revision: str
) -> None:
    commit, names = hub.look_up(REPOSITORY, revision)
    assert commit == COMMIT
    assert set(names) == {"config.json", WEIGHTS}
    told: list[dict[str, Any]] = []
    hub.fetch(REPOSITORY, commit, [WEIGHTS], tmp_path / "files", told.append)
    assert (tmp_path / "files" / WEIGHTS).read_bytes() == bytes(300_000)
    assert not (tmp_path / "files" / "config.json").exists()
    assert told[-1] == {"stage": "download", "done": 300_000, "total": 300_000}
    assert capfd.readouterr() == ("", "")


def test_what_the_hub_does_not_have_is_told(hub: HuggingFaceHub, server: FlakyServer) -> None:
    gone = Reply(b"{}", 404, {"X-Error-Code": "RepoNotFound"})
    server.replies[f"/api/models/{REPOSITORY}"] = [gone]
    with pytest.raises(InputError, match="repository is not there"):
        hub.look_up(REPOSITORY, "")
    server.replies[f"/api/models/{REPOSITORY}/revision/{COMMIT}"] = [
        Reply(b"{}", 404, {"X-Error-Code": "RevisionNotFound"})
    ]
    with pytest.raises(InputError, match=r"revision 012345678901 is not.*--accept-new"):
        hub.look_up(REPOSITORY, COMMIT)


@pytest.mark.parametrize("sha", ["main", "../../x", "", None])
def test_a_commit_is_a_hash(hub: HuggingFaceHub, server: FlakyServer, sha: str | None) -> None:
    answer = json.dumps({"id": REPOSITORY, "sha": sha, "siblings": []}).encode()
    server.replies[f"/api/models/{REPOSITORY}"] = [Reply(answer)]
    with pytest.raises(InputError, match="names no commit"):
        hub.look_up(REPOSITORY, "")


def test_a_hub_that_does_not_answer_is_told(hub: HuggingFaceHub, server: FlakyServer) -> None:
    server.replies[f"/api/models/{REPOSITORY}"] = [Reply(b"", 403)]
    with pytest.raises(ResourceError, match="hub cannot be reached"):
        hub.look_up(REPOSITORY, "")


def test_a_file_that_does_not_come_is_told(
    hub: HuggingFaceHub, server: FlakyServer, tmp_path: Path
) -> None:
    server.replies[f"/{REPOSITORY}/resolve/{COMMIT}/{WEIGHTS}"] = [Reply(b"", 403)]
    with pytest.raises(ResourceError, match=r"hub cannot be reached.*google"):
        hub.fetch(REPOSITORY, COMMIT, [WEIGHTS], tmp_path / "files", None)
    assert not (tmp_path / "files" / WEIGHTS).exists()
