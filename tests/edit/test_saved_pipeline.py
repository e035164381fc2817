"""Folders of pipelines: saved, saved over, pushed, pulled, and opened with options."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, UNet2DModel

from conftest import seeded
from fake_hub import FakeHub
from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.errors import InputError, SafetyError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.manifest import MANIFEST, write_parts
from pixelguide.prior.public import pull as pulling
from pixelguide.prior.public.pull import pull
from pixelguide.segment.picture_statistics import DOMAIN, PictureStatistics
from pulls import FolderHub

STATISTICS = PictureStatistics(eyes=((0.3, 0.4), (0.7, 0.4)), pictures=3)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELGUIDE_HOME", str(tmp_path / "home"))
    for name in ("PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    return FakeHub(tmp_path / "hub", monkeypatch)


@pytest.fixture
def described(category: Path) -> Path:
    """A category with everything that one can have."""
    write_parts(category, {DOMAIN: STATISTICS.to_json(), "edit.json": b'{"small_scale": 7}'})
    return category


@pytest.fixture
def pipe(described: Path) -> PixelGuidedPipeline:
    pipe = PixelGuidedPipeline.from_pretrained(described)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def given(picture: Any, source: LabelMap, target: LabelMap) -> dict[str, Any]:
    return {
        "image": picture, "target_map": target.ids, "source_map": source.ids, "num_images": 1,
        "num_inference_steps": 3, "start_timestep": 300, "output_type": "np",
    }  # fmt: skip


def _weight(folder: Path) -> torch.Tensor:
    return ModelFolder.open(folder).unet().state_dict()["conv_out.bias"]


def _files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


# Over what was there


def test_shards_over_an_older_model_are_what_everyone_reads(
    pipe: PixelGuidedPipeline, described: Path
) -> None:
    old = _weight(described)
    with torch.no_grad():
        pipe.unet.conv_out.bias.add_(1)
    pipe.save_pretrained(described, max_shard_size="20KB")
    assert len(list((described / "unet").glob("*-of-*.safetensors"))) > 1
    assert not (described / "unet/diffusion_pytorch_model.safetensors").exists()
    theirs = PixelGuidedPipeline.from_pretrained(described).unet.conv_out.bias.detach()
    for read in (_weight(described), theirs, Editor.from_pretrained(described, "cpu")
                 .denoiser.unet.conv_out.bias):  # fmt: skip
        assert torch.allclose(read, old + 1)
    listed = json.loads((described / MANIFEST).read_text())["sha256"]
    assert set(listed) == _files(described) - {MANIFEST}


def test_a_single_file_over_shards_is_what_everyone_reads(
    pipe: PixelGuidedPipeline, tmp_path: Path
) -> None:
    pipe.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    with torch.no_grad():
        pipe.unet.conv_out.bias.fill_(3)
    pipe.save_pretrained(tmp_path / "m")
    names = _files(tmp_path / "m" / "unet")
    assert names == {"config.json", "diffusion_pytorch_model.safetensors"}
    assert (_weight(tmp_path / "m") == 3).all()


def test_old_pickles_go_and_other_variants_stay(pipe: PixelGuidedPipeline, tmp_path: Path) -> None:
    pipe.save_pretrained(tmp_path, variant="fp16")
    (tmp_path / "unet/diffusion_pytorch_model.bin").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("mine")
    pipe.save_pretrained(tmp_path)
    assert _files(tmp_path / "unet") == {
        "config.json", "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.fp16.safetensors",
    }  # fmt: skip
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not list(tmp_path.glob(".saving-*"))


def test_both_sets_of_weights_are_read_as_diffusers_reads_them(
    pipe: PixelGuidedPipeline, tmp_path: Path
) -> None:
    """As earlier versions left it: shards, and an older single file beside them."""
    pipe.save_pretrained(tmp_path / "old")
    with torch.no_grad():
        pipe.unet.conv_out.bias.fill_(3)
    pipe.save_pretrained(tmp_path / "new", max_shard_size="20KB")
    weights = "unet/diffusion_pytorch_model.safetensors"
    shutil.copy(tmp_path / "old" / weights, tmp_path / "new" / weights)
    theirs = UNet2DModel.from_pretrained(tmp_path / "new", subfolder="unet").conv_out.bias
    assert (theirs == 3).all()
    assert (_weight(tmp_path / "new") == 3).all()


def test_a_save_that_fails_leaves_the_model(
    pipe: PixelGuidedPipeline, described: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: (described / name).read_bytes() for name in _files(described)}

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipe.scheduler, "save_pretrained", full)
    with pytest.raises(OSError, match="No space left"):
        pipe.save_pretrained(described)
    assert {name: (described / name).read_bytes() for name in _files(described)} == before


# What is given counts


def test_what_is_given_beside_a_folder_counts(described: Path, labels: LabelSet) -> None:
    renamed = LabelSet(("a", "b", "c"), labels.palette)
    pipe = PixelGuidedPipeline.from_pretrained(
        described, labels=json.loads(renamed.to_json()), defaults={"small_scale": 9.0}
    )
    assert pipe.label_set == renamed
    assert pipe._editor().defaults.small_scale == 9
    assert pipe.config.domain == json.loads(STATISTICS.to_json())
    plain = PixelGuidedPipeline.from_pretrained(described)
    assert plain.label_set == labels
    assert plain._editor().defaults.small_scale == 7


def test_labels_of_another_number_are_told(described: Path, labels: LabelSet) -> None:
    two = LabelSet(labels.names[:2], labels.palette[:2])
    pipe = PixelGuidedPipeline.from_pretrained(described, labels=json.loads(two.to_json()))
    with pytest.raises(InputError, match="2 labels for 3 classes"):
        pipe._editor()


def test_a_module_that_is_given_counts(described: Path, pipe: PixelGuidedPipeline) -> None:
    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    again = PixelGuidedPipeline.from_pretrained(described, scheduler=scheduler)
    assert again.scheduler is scheduler


@pytest.mark.parametrize(
    "option",
    ["cache_dir", "force_download", "token", "proxies", "custom_pipeline", "use_flashpack"],
)
def test_options_that_would_change_nothing_are_refused(described: Path, option: str) -> None:
    with pytest.raises(InputError, match=f"option '{option}', from_pretrained"):
        PixelGuidedPipeline.from_pretrained(described, **{option: "x"})
    with pytest.raises(InputError, match="option 'token', save_pretrained"):
        PixelGuidedPipeline.from_pretrained(described).save_pretrained(described, token="x")  # noqa: S106


def test_a_revision_is_that_of_the_hub(
    home: Path, described: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FolderHub(described)
    monkeypatch.setattr(pulling, "HuggingFaceHub", lambda: other)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        PixelGuidedPipeline.from_pretrained("someone/faces", revision="v1")
    assert other.asked == ["v1"]
    PixelGuidedPipeline.from_pretrained("someone/faces")
    assert other.asked == ["v1", ""]
    with pytest.raises(InputError, match="revision 'v1' of a folder"):
        PixelGuidedPipeline.from_pretrained(described, revision="v1")
    for bad in ("../v1", "-x", "a b", "v1/"):
        with pytest.raises(InputError, match="revision"):
            PixelGuidedPipeline.from_pretrained("someone/faces", revision=bad)


def test_local_files_only_asks_no_network(
    home: Path, described: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FolderHub(described)
    monkeypatch.setattr(pulling, "HuggingFaceHub", lambda: other)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="'someone/faces' is not here, and offline"):
        PixelGuidedPipeline.from_pretrained("someone/faces", local_files_only=True)
    assert other.asked == []
    pull("someone/faces", hub=other)
    assert PixelGuidedPipeline.from_pretrained("someone/faces", local_files_only=True).unet


# Pickles and code


def test_pickles_do_not_come_in_by_the_back_door(described: Path, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (described / MANIFEST).unlink()
    for part in ("unet", "guide"):
        folder = tmp_path / part
        shutil.copytree(described, folder)
        (folder / part / "diffusion_pytorch_model.safetensors").unlink()
        torch.save({"a": Payload()}, folder / part / "diffusion_pytorch_model.bin")
        with pytest.raises(SafetyError, match=r"pickle.*convert diffusers FOLDER -o MODEL"):
            PixelGuidedPipeline.from_pretrained(folder)
    with pytest.raises(SafetyError, match="use_safetensors=False"):
        PixelGuidedPipeline.from_pretrained(described, use_safetensors=False)
    assert not (tmp_path / "ran").exists()


def test_code_beside_a_pipeline_never_runs_here(described: Path, tmp_path: Path) -> None:
    (described / MANIFEST).unlink()
    code = f"import os; os.mkdir({str(tmp_path / 'ran')!r})\n"
    (described / "pipeline.py").write_text(code)
    for trusted in (True, False):
        PixelGuidedPipeline.from_pretrained(described, trust_remote_code=trusted)
    assert not (tmp_path / "ran").exists()


def test_diffusion_pipeline_opens_what_is_saved(
    pipe: PixelGuidedPipeline, given: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    cache = str(tmp_path / "modules")
    monkeypatch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", cache)
    monkeypatch.syspath_prepend(cache)
    pipe.save_pretrained(tmp_path / "m")
    with pytest.raises(ValueError, match="trust_remote_code=True"):
        DiffusionPipeline.from_pretrained(tmp_path / "m")
    opened = DiffusionPipeline.from_pretrained(tmp_path / "m", trust_remote_code=True)
    assert type(opened) is PixelGuidedPipeline
    assert opened.config.domain == json.loads(STATISTICS.to_json())
    opened.set_progress_bar_config(disable=True)
    first, second = (p(**given, generator=seeded(1)).images for p in (pipe, opened))
    assert np.array_equal(first, second)


# To the hub and back


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("ending", ["", os.sep])
def test_a_push_uploads_what_was_saved(
    pipe: PixelGuidedPipeline, hub: FakeHub, home: Path, tmp_path: Path, kind: type, ending: str
) -> None:
    place = str(tmp_path / "work" / "faces") + ending
    pipe.save_pretrained(kind(place), push_to_hub=True, private=True, commit_message="First")
    assert hub.made == [
        {"name": "faces", "exist_ok": True, "private": True, "token": None}
    ]  # fmt: skip
    assert hub.told == [{"token": None, "commit_message": "First", "create_pr": False}]
    there = hub.folder("someone/faces")
    assert _files(there) == _files(tmp_path / "work" / "faces")
    assert {"labels.json", "edit.json", DOMAIN, "pipeline.py", "README.md"} <= _files(there)
    listed = json.loads((there / MANIFEST).read_text())["sha256"]
    assert set(listed) == _files(there) - {MANIFEST}
    assert ModelFolder.open(there).hashes == listed
    pulled = pull("someone/faces", hub=FolderHub(there))
    assert json.loads((pulled.path / DOMAIN).read_text()) == json.loads(STATISTICS.to_json())
    editor = Editor.from_pretrained("someone/faces", "cpu")
    assert editor.statistics == STATISTICS
    assert editor.defaults.small_scale == 7


def test_a_push_replaces_the_weights_that_are_there(
    pipe: PixelGuidedPipeline, hub: FakeHub, home: Path, tmp_path: Path
) -> None:
    pipe.save_pretrained(tmp_path / "faces", push_to_hub=True, repo_id="club/faces")
    with torch.no_grad():
        pipe.unet.conv_out.bias.fill_(3)
    pipe.save_pretrained(
        tmp_path / "again", push_to_hub=True, repo_id="club/faces", max_shard_size="20KB"
    )
    there = hub.folder("club/faces")
    assert not (there / "unet/diffusion_pytorch_model.safetensors").exists()
    pulled = pull("club/faces", hub=FolderHub(there))
    assert (_weight(pulled.path) == 3).all()


def test_push_to_hub_is_a_push(
    pipe: PixelGuidedPipeline, hub: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe.push_to_hub("club/faces")
    there = hub.folder("club/faces")
    assert {"labels.json", "edit.json", DOMAIN, "README.md", MANIFEST} <= _files(there)
    ModelFolder.open(there)
    assert pull("club/faces", hub=FolderHub(there)).path.is_dir()
