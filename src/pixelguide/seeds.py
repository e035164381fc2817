"""Random generators by name: every draw in the package comes from one of these."""

from __future__ import annotations

import hashlib

import torch


def generator(seed: int, *words: int | str) -> torch.Generator:
    """A CPU generator for one purpose, unrelated to that of any other (seed, words).

    words: what the draws are for, such as ("candidate", 3). Hashed, so that no two purposes can
    meet and neighbouring seeds have nothing in common.
    """
    digest = hashlib.sha256(repr((seed, *words)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
