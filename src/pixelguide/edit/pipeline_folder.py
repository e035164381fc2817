"""The folder of a pipeline: what is opened, with which options, and how one is written anew."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixelguide.errors import InputError, SafetyError
from pixelguide.files import check_writable, from_os_error, sync_folder, write_atomically
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.manifest import write_manifest
from pixelguide.prior.model_parts import CODE, PIPELINE_CODE
from pixelguide.prior.public.fetched import fetched
from pixelguide.prior.safe import refuse_pickle
from pixelguide.prior.weight_files import find_pickles, find_weights, variant
from pixelguide.segment.picture_statistics import DOMAIN

FILES = {"labels": "labels.json", "defaults": "edit.json", "domain": DOMAIN}
"""Where an `Editor` finds what a pipeline has in its index."""
_NETWORKS = ("unet", "segmenter", "guide")
_NOT_HERE = {
    "cache_dir": "Models of the hub go to PIXELGUIDE_HOME: set that.",
    "force_download": "Fetch it anew: `pixelguide models pull NAME --accept-new`.",
    "token": "Log in: `hf auth login`, or set HF_TOKEN.",
    "proxies": "Set HTTPS_PROXY.",
    "custom_pipeline": "This class is the pipeline.",
    "custom_revision": "This class is the pipeline; nothing of a repository is run.",
    "mirror": "Set HF_ENDPOINT.",
    "quantization_config": "Weights are used as float16, bfloat16 or float32: give `dtype`.",
    "use_onnx": "Only safetensors are read.",
    "use_flashpack": "Only safetensors are read.",
    "from_flax": "Only safetensors are read.",
}
"""Options of diffusers that are refused rather than passed over, and what to do instead."""


def open_folder(model: str | Path, options: dict[str, Any]) -> Path:
    """The checked folder of `model`, fetched if it is one of the hub.

    options: of `from_pretrained`; those that are answered here are taken out, and the rest made
    safe. Raises InputError for options that would change nothing, SafetyError for those that would
    read a pickle, and as `ModelFolder.open`.
    """
    for name, hint in _NOT_HERE.items():
        if options.pop(name, None):
            raise InputError(f"option '{name}'", "from_pretrained", hint)
    if options.get("use_safetensors") is False:
        raise SafetyError(
            "a pickle can run code when it is read", "use_safetensors=False",
            "Convert it: `pixelguide convert diffusers FOLDER -o MODEL`.",
        )  # fmt: skip
    options.pop("trust_remote_code", None)  # nothing of the folder is run, trusted or not
    revision = options.pop("revision", None) or ""
    offline = bool(options.pop("local_files_only", False))
    opened = ModelFolder.open(fetched(model, revision, offline))
    _refuse_pickles(opened)
    return opened.path


def _refuse_pickles(opened: ModelFolder) -> None:
    """Weights that are there as pickles alone get our message, not that of diffusers."""
    for part in _NETWORKS:
        if find_weights(opened.hashes, part) is None:
            for name in find_pickles(opened.hashes, [part]):
                refuse_pickle(opened.path / name)


def save_folder(
    folder: Path, save: Callable[[Path], Any], contents: Mapping[str, Any], kept_variant: str | None
) -> None:
    """Write a pipeline to `folder`: what `save` writes, an Editor's files, and the manifest last.

    All of it is written beside `folder` first and moved in, so that weights which are mapped from
    the old files stay whole. Old weights of the same variant go: of two sets, diffusers would read
    one and we the other. contents: of `FILES`, empty ones are removed. Raises ResourceError for a
    full disk, InputError for a place that cannot be written.
    """
    check_writable(folder)
    with _beside(folder) as new:
        save(new)
        try:
            for name, file in FILES.items():
                if contents[name]:
                    text = json.dumps(contents[name], indent=2) + "\n"
                    write_atomically(new / file, text.encode())
            write_atomically(new / CODE, PIPELINE_CODE.encode())
            _replace(new, folder, kept_variant or "")
            for name, file in FILES.items():
                if not contents[name]:  # a file of the model that was in the folder before
                    (folder / file).unlink(missing_ok=True)
            write_manifest(folder)
            sync_folder(folder)
        except OSError as error:
            raise from_os_error(error, folder) from None


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A temporary folder on the same disk, which is no part of any model."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as temporary:
        yield Path(temporary)


def _replace(new: Path, folder: Path, kind: str) -> None:
    """Move the files of `new` into `folder`, and remove weights of variant `kind` that are old."""
    names = {p.relative_to(new).as_posix() for p in new.rglob("*") if p.is_file()}
    for name in sorted(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new / name, folder / name)
    for part in _NETWORKS:
        for old in sorted((folder / part).glob("*")):
            stale = variant(old.name) == kind or (not kind and old.suffix == ".bin")
            if stale and old.relative_to(folder).as_posix() not in names:
                old.unlink()


def upload_folder(folder: Path, repository: str, options: Mapping[str, Any]) -> None:
    """Upload a saved folder to the hub, in place of the weights that are there.

    options: token, commit_message, create_pr. Raises what the hub's client raises.
    """
    from huggingface_hub import upload_folder as upload

    upload(
        repo_id=repository,
        folder_path=str(folder),
        delete_patterns=[f"{part}/*" for part in _NETWORKS],
        ignore_patterns=[".*", "*/.*"],
        token=options.get("token"),
        commit_message=options.get("commit_message") or "Upload PixelGuidedPipeline",
        create_pr=bool(options.get("create_pr")),
    )
