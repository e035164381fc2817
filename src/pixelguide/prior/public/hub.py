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
from pixelguide.prior.bundle import INDEX, ModelFolder
from pixelguide.prior.kinds import FITS, check_index, check_parts, folders
from pixelguide.prior.manifest import read_json, write_parts
from pixelguide.prior.model_parts import CODE, PIPELINE_CODE, prior_parts
from pixelguide.prior.public.download import KEPT
from pixelguide.prior.weight_files import (
    PICKLE,
    STEM,
    WEIGHTS,
    current_names,
    files_of,
    find_weights,
    read_weights,
    variant,
)

Progress = Callable[[dict[str, Any]], None]

# Today's layout first, then that of the first repositories, which had no folders.
PARTS = {
    "configuration": ("unet/config.json", "config.json"),
    "schedule": ("scheduler/scheduler_config.json", "scheduler_config.json"),
}
PICKLES = (f"unet/{PICKLE}", PICKLE)
"""Taken only where no safetensors are published, and read as tensors alone."""
CLASSIFIERS = ("segmenter", "guide")
CATEGORY = ("labels.json", "edit.json", "domain.json")
"""What a category of ours has beside its networks; taken if there is a segmenter."""


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
    """Which files of a repository to use: part of `PARTS`, "weights", or any other name → name.

    Safetensors come before pickles. Only names known beforehand are ever chosen. Raises InputError
    if a part is missing, or one is there that no prior has (see `check_parts`).
    """
    check_parts(folders(names), repository)
    chosen = {}
    for part, candidates in PARTS.items():
        found = next((name for name in candidates if name in names), None)
        if found is None:
            raise InputError(f"no {part} of an unconditional diffusers model", repository, FITS)
        chosen[part] = found
    pickled = next((name for name in PICKLES if name in names), None)
    weights = find_weights(names, "unet") or find_weights(names, "") or pickled
    if weights is None:
        raise InputError("no weights of an unconditional diffusers model", repository, FITS)
    others = [INDEX, *files_of(names, weights)[1:]]
    if "segmenter/config.json" in names:
        others += CATEGORY
        for part in CLASSIFIERS:
            head = find_weights(names, part)
            others += [f"{part}/config.json", *(files_of(names, head) if head else ())]
    return chosen | {"weights": weights} | {name: name for name in others if name in names}


def check_chosen(source: Path) -> None:
    """Raise InputError if the configurations in `source` are of a model that is no prior: known
    before its weights are fetched."""
    names = known_files(source)
    if INDEX in names:
        check_index(read_json(source, INDEX), f"{source.name}, {INDEX}")
    opened = ModelFolder(source, dict.fromkeys(names, ""))
    opened.shape()
    opened.schedule()


def convert_hub(source: Path, folder: Path) -> None:
    """Write the model whose files lie in `source` as our model folder (fp16, with a manifest).

    Raises InputError for what is not a UNet2DModel or does not fit together, SafetyError for a
    pickle that holds more than tensors or calls itself safetensors.
    """
    chosen = choose_files(known_files(source), source.name)
    check_chosen(source)
    state = _read_weights(source, chosen["weights"])
    for part in ("configuration", "schedule"):
        content = json.dumps(read_json(source, chosen[part])).encode()
        write_atomically(folder / PARTS[part][0], content)
    write_atomically(folder / "unet" / WEIGHTS, safetensors.torch.save(state))
    # Read back like any model, with the same checks, and written the way ours are.
    model = ModelFolder.open(folder)
    parts = prior_parts(model.unet(), model.scheduler())
    if "segmenter/config.json" in chosen:
        own = (*CATEGORY, INDEX, *(f"{part}/" for part in CLASSIFIERS))
        parts |= {name: (source / name).read_bytes() for name in chosen if name.startswith(own)}
        parts[CODE] = PIPELINE_CODE.encode()
    write_parts(folder, parts)


def known_files(folder: Path) -> list[str]:
    """Names of the files in `folder` that `choose_files` may choose."""
    every = [name for names in PARTS.values() for name in names] + [*CATEGORY, INDEX, *PICKLES]
    every += [f"{part}/config.json" for part in CLASSIFIERS]
    for part in ("unet", "", *CLASSIFIERS):
        files = sorted((folder / part).glob(f"{STEM}*"))
        every += [f.relative_to(folder).as_posix() for f in files if variant(f.name) is not None]
    return [name for name in dict.fromkeys(every) if (folder / name).is_file()]


def _read_weights(source: Path, name: str) -> dict[str, Tensor]:
    """The network's weights; a torch pickle's by the converter's reader, with weights_only=True."""
    if not name.endswith(".bin"):
        state = read_weights(source, name)
    else:
        from pixelguide.prior.adm.torch_files import read_state_dict

        state = current_names(read_state_dict(source / name))
    return {name: tensor.clone().contiguous() for name, tensor in state.items()}


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
