"""A model that may have to be fetched first."""

from __future__ import annotations

from pathlib import Path

from pixelguide.errors import InputError
from pixelguide.prior.public.registry import is_hub_id


def fetched(model: str | Path, revision: str = "", offline: bool = False) -> str | Path:
    """`model`, after pulling it if it is OWNER/NAME of the hub and not here yet.

    A folder of that name comes first, and where there is a folder OWNER a missing NAME in it is
    not looked for elsewhere. revision: see `pull`; the folder of that one is returned then.
    offline: nothing is fetched. Raises as `pull`, and InputError for a revision of a folder.
    """
    if isinstance(model, str) and is_hub_id(model) and not Path(model).parent.exists():
        from pixelguide.prior.public.pull import pull  # which brings an HTTP library

        if revision:
            return pull(model, revision=revision, offline=offline).path
        pull(model, offline=offline)
    elif revision:
        raise InputError(
            f"revision '{revision:.80}' of a folder", str(model), "Only the hub has revisions."
        )
    return model
