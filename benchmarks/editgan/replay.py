"""A training step recorded as CUDA graphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WARM = 3  # ordinary steps of each kind first: they choose algorithms and make the optimizers' state
Step = Callable[[Sequence[Tensor], bool], Tensor]


class Replay:
    """`step` with its kernels launched all at once.

    Small networks in small batches are thousands of kernels that each take less time than to
    launch them. step: from inputs, always of the same shapes, and one of two kinds of step to
    losses; it may change weights, but must not wait for the GPU. What is returned is overwritten
    by the next call of its kind.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._inputs: list[Tensor] | None = None
        self._seen: Counter[bool] = Counter()
        self._recorded: dict[bool, tuple[torch.cuda.CUDAGraph, Tensor]] = {}
        self._side = torch.cuda.Stream()

    def __call__(self, inputs: Sequence[Tensor], kind: bool) -> Tensor:
        """As `step`."""
        if self._inputs is None:
            self._inputs = [each.clone() for each in inputs]
        for own, new in zip(self._inputs, inputs, strict=True):
            own.copy_(new)
        if kind not in self._recorded:
            if self._seen[kind] < WARM:
                self._seen[kind] += 1
                return self._ordinary(self._inputs, kind)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):  # records, and runs nothing
                losses = self._step(self._inputs, kind)
            self._recorded[kind] = graph, losses
        graph, losses = self._recorded[kind]
        graph.replay()
        return losses

    def _ordinary(self, inputs: Sequence[Tensor], kind: bool) -> Tensor:
        # away from the default stream, as CUDA graphs want it before they record
        here = torch.cuda.current_stream()
        self._side.wait_stream(here)
        with torch.cuda.stream(self._side):
            losses = self._step(inputs, kind)
        here.wait_stream(self._side)
        return losses
