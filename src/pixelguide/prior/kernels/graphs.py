"""Passes through a network recorded as CUDA graphs: a thousand kernels started by one call."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

Pass = Callable[[Tensor, Tensor], list[Tensor]]
"""(x_t, t) to results, without any transfer between host and device."""
Recorder = Callable[[Pass, Tensor, Tensor], Pass]

KEPT = 4
"""Recordings at once: each holds every activation of its pass. An edit needs three: the inversion,
the first guided step, which candidates share, and the others."""


class GraphedPasses:
    """A pass that is recorded at its first use with a shape, with or without gradients, and then
    replayed.

    A replay writes where the one before wrote, so what is handed out is a copy. Gradients are those
    of one pass: ask for them before the next one. If recording fails, passes run as they are from
    then on, and a warning says so.
    """

    def __init__(self, run: Pass, record: Recorder | None = None) -> None:
        """record: stands in for `record_graph`."""
        self._run = run
        self._record = record or record_graph
        self._recorded: dict[tuple[torch.Size, torch.dtype, bool], Pass] = {}
        self._fails = False

    def __call__(self, x_t: Tensor, t: Tensor) -> list[Tensor]:
        """The results for x_t (N×C×H×W) at t (int64 N or 1)."""
        wants = torch.is_grad_enabled() and x_t.requires_grad
        key = (x_t.shape, x_t.dtype, wants)
        if key not in self._recorded and not self._fails:
            if len(self._recorded) == KEPT:
                del self._recorded[next(iter(self._recorded))]
            try:
                self._recorded[key] = self._record(self._run, x_t, t)
            except RuntimeError as error:
                self._fails = True
                warnings.warn(
                    f"no CUDA graph could be recorded ({str(error).splitlines()[0]}); passes run "
                    "without",
                    stacklevel=2,
                )
        known = self._recorded.get(key)
        if known is None:
            return self._run(x_t, t)
        return [result.clone() for result in known(x_t, t)]


def record_graph(run: Pass, x_t: Tensor, t: Tensor) -> Pass:
    """`run` on tensors like these as a graph, and its gradient with respect to x_t if x_t wants it.

    Raises RuntimeError if that cannot be recorded.
    """
    wants = torch.is_grad_enabled() and x_t.requires_grad
    places = x_t.detach().clone().requires_grad_(wants), t.clone()
    with warnings.catch_warnings():
        # of the stream that passes warmed up on, which is meant to be another
        warnings.filterwarnings("ignore", "The AccumulateGrad node's stream", UserWarning)
        return cast(Pass, torch.cuda.make_graphed_callables(run, places))
