"""Pixel classifiers as other projects define and save them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from conftest import seeded


class Original(nn.Module):
    """The network as DatasetDDPM (Baranchuk et al. 2021, sec. 4) describes it."""

    def __init__(self, inputs: int, classes: int = 3, hidden: tuple[int, int] = (8, 7)) -> None:
        super().__init__()
        first, second = hidden
        self.layers = nn.Sequential(
            nn.Linear(inputs, first), nn.ReLU(), nn.BatchNorm1d(first),
            nn.Linear(first, second), nn.ReLU(), nn.BatchNorm1d(second),
            nn.Linear(second, classes),
        )  # fmt: skip


def original(inputs: int, seed: int, **shape: Any) -> Original:
    network = Original(inputs, **shape).eval()
    generator = seeded(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.uniform_(0.2, 1.2, generator=generator)
                value.sub_(0.7 if "running_var" not in name else 0)
    return network


def save(network: nn.Module, path: Path, prefix: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {prefix + name: value for name, value in network.state_dict().items()}
    torch.save({"model_state_dict": state}, path)
