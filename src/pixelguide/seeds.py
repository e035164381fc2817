"""Random generators by name: every draw in the package comes from one of these."""

from __future__ import annotations

import numpy as np
import torch


def generator(seed: int, *words: int | str) -> torch.Generator:
    """A CPU generator for one purpose, unrelated to that of any other (seed, words).

    words: what the draws are for, such as ("candidate", 3); strings count by their bytes.
    """
    flat: list[int] = [seed]
    for word in words:
        flat += word.encode() if isinstance(word, str) else [word]
    state = np.random.SeedSequence(flat).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
