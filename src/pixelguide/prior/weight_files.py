"""The weights of a part of a model, in whichever of diffusers' files: one, shards, or a variant."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pixelguide.errors import InputError
from pixelguide.prior.safe import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

STEM = "diffusion_pytorch_model"
WEIGHTS = f"{STEM}.safetensors"
INDEX_OF_SHARDS = f"{WEIGHTS}.index.json"
PICKLE = f"{STEM}.bin"
ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of attention's layers in diffusers before 0.15, and since."""

_COUNT = r"-\d{5}-of-\d{5}"
_FILE = re.compile(
    rf"{STEM}(?:\.(?P<variant>[a-z]\w*?))?(?P<shard>{_COUNT})?(?:\.(?P<late>[a-z]\w*?))?"
    r"\.(?P<end>safetensors|bin)(?P<index>\.index(?:\.(?P<of>[a-z]\w*?))?\.json)?"
)


def variant(name: str) -> str | None:
    """The variant ("fp16", "" for none) of the file `name` of weights; None for other files."""
    found = _FILE.fullmatch(PurePosixPath(name).name)
    return found and (found["variant"] or found["late"] or found["of"] or "")


def is_shard(name: str) -> bool:
    """Whether `name` is a safetensors file that holds a share of the weights."""
    found = _FILE.fullmatch(PurePosixPath(name).name)
    return bool(found and found["shard"] and found["end"] == "safetensors")


def find_weights(names: Collection[str], folder: str) -> str | None:
    """The file to read the weights of the part `folder` ("" for the top) from: the index of
    shards before a single file, as diffusers has it, and the plain ones before a variant.

    names: relative names of a model's files. None if there are no safetensors.
    """
    place = f"{folder}/" if folder else ""
    own = sorted(
        name for name in names
        if name.startswith(place) and "/" not in name[len(place) :] and variant(name) is not None
        and not is_shard(name) and ".bin" not in name
    )  # fmt: skip
    return min(own, key=lambda name: (variant(name), not name.endswith(".json")), default=None)


def find_pickles(names: Collection[str], folders: Collection[str]) -> list[str]:
    """The files of weights in `folders` that are pickles."""
    places = [f"{folder}/" if folder else "" for folder in folders]
    return sorted(
        name for name in names
        if name.endswith(".bin") and variant(name) is not None
        and name[: name.rfind("/") + 1] in places
    )  # fmt: skip


def files_of(names: Collection[str], head: str) -> list[str]:
    """`head` (see `find_weights`) and, if it is an index, the shards beside it."""
    if not head.endswith(".json"):
        return [head]
    own = (variant(head), PurePosixPath(head).parent)
    found = (n for n in names if is_shard(n) and (variant(n), PurePosixPath(n).parent) == own)
    return [head, *sorted(found)]


def read_weights(folder: Path, head: str) -> dict[str, Tensor]:
    """All tensors behind `head` (see `find_weights`), under today's names.

    Raises InputError for a shard that is missing or damaged, and as `read_tensors`.
    """
    if not head.endswith(".json"):
        return current_names(read_tensors(folder / head))
    tensors: dict[str, Tensor] = {}
    place = (folder / head).parent
    where = _weight_map(folder / head)
    for shard in sorted(set(where.values())):
        held = read_tensors(place / shard)
        tensors |= {name: value for name, value in held.items() if where.get(name) == shard}
    for name, shard in where.items():
        if name not in tensors:
            raise InputError(f"'{name}' is missing", shard, "Save or fetch the model again.")
    return current_names(tensors)


def _weight_map(index: Path) -> dict[str, str]:
    try:
        found = json.loads(index.read_text("utf-8"))["weight_map"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        reason = str(error) or type(error).__name__
        raise InputError(f"no index of shards ({reason:.80})", index.name) from None
    if not isinstance(found, dict) or not all(
        isinstance(shard, str) and "/" not in shard and "\\" not in shard and is_shard(shard)
        for shard in found.values()
    ):
        raise InputError("an index of files that are no shards", index.name)
    return found


def current_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` with the layers of attention as they are called since diffusers 0.15."""
    return {_current_name(name): value for name, value in state.items()}


def _current_name(name: str) -> str:
    old = re.fullmatch(r"(.*\battentions\.\d+\.)(\w+)(\.\w+)", name)
    return f"{old[1]}{ATTENTION.get(old[2], old[2])}{old[3]}" if old else name
