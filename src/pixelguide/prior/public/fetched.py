"""A model that may have to be fetched first."""

from __future__ import annotations

from pathlib import Path

from pixelguide.prior.public.registry import is_hub_id


def fetched(model: str | Path) -> str | Path:
    """`model`, after pulling it if it is OWNER/NAME of the hub and not here yet.

    A folder of that name comes first, and where there is a folder OWNER a missing NAME in it is
    not looked for elsewhere. Raises as `pull`.
    """
    if isinstance(model, str) and is_hub_id(model) and not Path(model).parent.exists():
        from pixelguide.prior.public.pull import pull  # which brings an HTTP library

        pull(model)
    return model
