"""How large numbers in configurations of strangers may be: memory is taken by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST = 2**20
"""Of any number: widths, sizes, places of blocks. Known networks have some thousand at most."""
TIMESTEPS = 10_000
"""Of a noise schedule, also where it is given level by level; known ones have up to 4000."""


def check_numbers(config: Mapping[str, Any]) -> None:
    """Raise ValueError naming the first entry whose number, or one in whose lists, is too large."""
    timesteps = config.get("num_train_timesteps")
    if isinstance(timesteps, (int, float)) and timesteps > TIMESTEPS:
        raise ValueError(f"num_train_timesteps {timesteps:g}, at most {TIMESTEPS}")
    betas = config.get("trained_betas")
    if isinstance(betas, list) and len(betas) > TIMESTEPS:
        raise ValueError(f"{len(betas)} trained_betas, at most {TIMESTEPS}")
    for name, value in config.items():
        waiting = [value]
        while waiting:
            each = waiting.pop()
            if isinstance(each, (list, tuple)):
                waiting += each
            elif isinstance(each, Mapping):
                waiting += each.values()
            elif isinstance(each, (int, float)) and not -LARGEST <= each <= LARGEST:
                raise ValueError(f"{name} has {each:g}, at most {LARGEST}")
