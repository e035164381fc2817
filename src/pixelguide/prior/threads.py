"""How many threads a training ran with: sums in another order end in other weights."""

from __future__ import annotations

import torch


def thread_count() -> int:
    """Of torch, for work inside one operation."""
    return torch.get_num_threads()


def threads_note(before: int | None) -> str | None:
    """What to say where a training goes on that ran with `before` threads (None: nobody knows);
    None where nothing is to be said."""
    now = thread_count()
    if before is None or before == now:
        return None
    return (
        f"the training ran with {before} threads before and goes on with {now}: its weights will "
        f"not be those of an uninterrupted one (OMP_NUM_THREADS={before} makes them so)"
    )
