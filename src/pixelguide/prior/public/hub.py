"""Unconditional models on the Hugging Face hub: fetched as data, written as our model folders."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

import safetensors.torch
from torch import Tensor

from pixelguide.errors import InputError, PixelguideError, ResourceError
from pixelguide.files import from_os_error, write_atomically
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.manifest import read_json, write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.public.download import KEPT
from pixelguide.prior.safe import read_tensors

Progress = Callable[[dict[str, Any]], None]

# Today's layout first, then that of the first repositories, which had no folders. A pickle comes
# last: it is taken only where nothing else is published, and read as tensors alone.
PICKLE = "diffusion_pytorch_model.bin"
PARTS = {
    "configuration": ("unet/config.json", "config.json"),
    "schedule": ("scheduler/scheduler_config.json", "scheduler_config.json"),
    "weights": (f"unet/{WEIGHTS}", WEIGHTS, f"unet/{PICKLE}", PICKLE),
}
CATEGORY = (
    *(f"{part}/{file}" for part in ("segmenter", "guide") for file in ("config.json", WEIGHTS)),
    *("labels.json", "edit.json", "model_index.json"),
)
"""What a category of ours has beside its prior; taken if the first of them is there."""
ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of attention's layers in diffusers before 0.15, and since."""


class Hub(Protocol):
    """What a pull needs of the hub."""

    def look_up(self, repository: str, revision: str) -> tuple[str, Collection[str]]:
        """The commit that `revision` ("": the newest) stands for, and the names of its files."""

    def fetch(
        self, repository: str, commit: str, names: Collection[str], folder: Path,
        on_progress: Progress | None,
    ) -> None:  # fmt: skip
        """Put these files of a commit into `folder`, under the same names."""


class HuggingFaceHub:
    """The hub, by its own client (which resumes, and knows mirrors and tokens)."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    def look_up(self, repository: str, revision: str) -> tuple[str, Collection[str]]:
        """See `Hub`. Raises InputError if there is no such thing, ResourceError if no answer."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

        try:
            found = HfApi(self._endpoint).model_info(
                repository, revision=revision or None, timeout=30
            )
        except (RepositoryNotFoundError, RevisionNotFoundError):
            what = f"revision {revision[:12]} is" if revision else "the repository is"
            raise InputError(
                f"{what} not there any more", repository, "Take the newest with --accept-new."
            ) from None
        except Exception as error:  # the client's own, its HTTP library's, the system's
            raise _unreachable(error, repository) from None
        if not re.fullmatch(r"[0-9a-f]{40}", found.sha or ""):
            raise InputError("the hub names no commit", repository, "Try again later.")
        return str(found.sha), [file.rfilename for file in found.siblings or ()]

    def fetch(
        self, repository: str, commit: str, names: Collection[str], folder: Path,
        on_progress: Progress | None,
    ) -> None:  # fmt: skip
        """See `Hub`. Raises ResourceError if the line or the disk does not allow it."""
        from huggingface_hub import snapshot_download

        try:
            snapshot_download(
                repository,
                revision=commit,
                allow_patterns=list(names),
                local_dir=folder,
                endpoint=self._endpoint,
                tqdm_class=_reporting_bar(on_progress),
            )
        except PixelguideError:  # from on_progress
            raise
        except Exception as error:  # as above
            if isinstance(error, OSError) and error.errno:
                ours = from_os_error(error, folder)
                if isinstance(ours, ResourceError):
                    raise ours from None
            raise _unreachable(error, repository) from None


def choose_files(names: Collection[str], repository: str) -> dict[str, str]:
    """Which files of a repository to use: part of `PARTS` (or name of `CATEGORY`) → name.

    Safetensors come before pickles. Only names known beforehand are ever chosen. Raises InputError
    if a part is missing.
    """
    chosen = {}
    for part, candidates in PARTS.items():
        found = next((name for name in candidates if name in names), None)
        if found is None:
            raise InputError(
                f"no {part} of an unconditional diffusers model", repository, "Take another model."
            )
        chosen[part] = found
    if CATEGORY[0] in names:
        chosen |= {name: name for name in CATEGORY if name in names}
    return chosen


def convert_hub(source: Path, folder: Path) -> None:
    """Write the model whose files lie in `source` as our model folder (fp16, with a manifest).

    Raises InputError for what is not a UNet2DModel or does not fit together, SafetyError for a
    pickle that holds more than tensors or calls itself safetensors.
    """
    chosen = choose_files(known_files(source), source.name)
    weights = source / chosen["weights"]
    state = _read_pickle(weights) if weights.suffix == ".bin" else read_tensors(weights)
    current = {_current_name(name): tensor.clone().contiguous() for name, tensor in state.items()}
    for part in ("configuration", "schedule"):
        content = json.dumps(read_json(source, chosen[part])).encode()
        write_atomically(folder / PARTS[part][0], content)
    write_atomically(folder / "unet" / WEIGHTS, safetensors.torch.save(current))
    # Read back like any model, with the same checks, and written the way ours are.
    model = ModelFolder.open(folder)
    parts = prior_parts(model.unet(), model.scheduler())
    write_parts(folder, parts | {n: (source / n).read_bytes() for n in CATEGORY if n in chosen})


def known_files(folder: Path) -> list[str]:
    """Names of the files in `folder` that `choose_files` may choose."""
    every = [name for names in PARTS.values() for name in names] + list(CATEGORY)
    return [name for name in every if (folder / name).is_file()]


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """A torch pickle of tensors, read with weights_only=True by the converter's reader."""
    from pixelguide.prior.adm.torch_files import read_state_dict

    return read_state_dict(path)


def _current_name(name: str) -> str:
    old = re.fullmatch(r"(.*\battentions\.\d+\.)(\w+)(\.\w+)", name)
    return f"{old[1]}{ATTENTION.get(old[2], old[2])}{old[3]}" if old else name


def _unreachable(error: Exception, repository: str) -> ResourceError:
    return ResourceError(
        f"the hub cannot be reached ({type(error).__name__})",
        repository,
        KEPT,
    )


def _reporting_bar(on_progress: Progress | None) -> Any:
    """A class for the hub client to show progress with, that shows none and reports to ours."""
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.reports = "Reconstruct" in str(options.get("desc"))
            options["disable"] = True
            super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if on_progress and self.reports:
                on_progress({"stage": "download", "done": self.n, "total": self.total or None})

    return Bar
