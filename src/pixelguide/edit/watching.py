"""An edit that watches itself: what falls short of its map is made again, with more change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.plan import Plan
from pixelguide.edit.progress import UNSTEERED, Steering
from pixelguide.edit.result import Candidate
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.guidance.sampling import Steer, Step
from pixelguide.images import to_model

BUDGET = 4
"""Passes that an edit may take in all where nobody says, as a multiple of what it plans."""
STRONGER, HIGHER = 1.6, 1.4
"""What the scale, and in turn t0, is multiplied by before an edit is made again."""
SETTLED = 0.5
"""Levels of 255: a step that changes the region by less on average was one too many."""


@dataclass(frozen=True)
class Watch:
    """expected: the accuracy in the region that an edit should reach. max_passes: of the network,
    for one candidate, in all rounds."""

    expected: float
    max_passes: int


@dataclass
class Watched:
    """What became of it. rounds: settings, passes, candidates made and accuracy of each."""

    watch: Watch
    rounds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def passes(self) -> int:
        """Of the network, for the candidate that took most."""
        return sum(made["passes"] for made in self.rounds)

    def report(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """As `report.json` states it."""
        best = max(candidate.roi_accuracy for candidate in candidates)
        return {
            "expected": self.watch.expected,
            "reached": best >= self.watch.expected,
            "max_passes": self.watch.max_passes,
            "passes": self.passes,
            "rounds": self.rounds,
        }


Candidates = tuple[Candidate, ...]
OnStep = Callable[[Step], Steer | None]
Make = Callable[[Plan, Sequence[int], OnStep | None], Candidates]
"""Makes and scores the candidates of these numbers by a plan; told of every step."""


def watch_of(
    settings: EditSettings, defaults: EditDefaults, plan: Plan, steering: Steering
) -> Watch | None:
    """How an edit is watched; None where the category does not know what one should reach, where
    nothing is made, a program takes part in the steps, or start or scale were chosen and no budget.
    Raises InputError where passes were given
    for what cannot be watched."""
    size: Literal["small", "large"] = "large" if plan.large else "small"
    expected = defaults.expected.get(size)
    if expected is None:
        if settings.max_passes != "auto":
            raise InputError(
                "--max-passes for a model that does not know what an edit should reach",
                "settings",
                "Run `pixelguide tune` on it.",
            )
        return None
    if not plan.made.any() or plan.scale == 0 or steering != UNSTEERED:
        return None
    if settings.max_passes != "auto":
        return Watch(expected, settings.max_passes)
    if settings.start_timestep != "auto" or settings.guidance_scale != "auto":
        return None
    return Watch(expected, BUDGET * plan.passes)


def watched_candidates(
    make: Make,
    plan: Plan,
    count: int,
    timesteps: int,
    watch: Watch | None,
    on_step: OnStep | None = None,
) -> tuple[Candidates, dict[str, Any] | None]:
    """`count` candidates, each the best of its rounds by `Candidate.rank`.

    A candidate that is less accurate in the region than `watch` expects is made again, first with
    more strength, then from a higher t0, and so on, for as long as passes are left. A round ends
    early once nothing moves any more. Whether a candidate is made again depends on itself alone, so
    that it is the same whatever their number. on_step: told of the steps, with pictures of all
    candidates. Gives them, and what became of it as `report.json` states it. Without a `watch`
    there is one round, and nothing to state.
    """
    if watch is None:
        return make(plan, range(count), on_step), None
    best: dict[int, Candidate] = {}
    told = Watched(watch)
    waiting: Sequence[int] = range(count)
    while waiting:
        if told.rounds and told.passes + plan.passes > watch.max_passes:
            break
        watcher = Settling(watch.expected, torch.from_numpy(plan.made))
        if on_step:
            watcher.tell(on_step, best, waiting)
        for candidate in make(plan, waiting, watcher):
            known = best.get(candidate.index)
            if known is None or candidate.rank < known.rank:
                best[candidate.index] = candidate
        told.rounds.append(
            {
                "start_timestep": plan.start,
                "guidance_scale": plan.scale,
                "passes": plan.passes - plan.step_plan.steps + watcher.steps,
                "candidates": len(waiting),
                "roi_accuracy": round(max(own.roi_accuracy for own in best.values()), 6),
            }
        )
        waiting = [k for k in range(count) if best[k].roi_accuracy < watch.expected]
        plan = raised(plan, len(told.rounds), timesteps)
    found = tuple(best[k] for k in range(count))
    return found, told.report(found)


def raised(plan: Plan, rounds: int, timesteps: int) -> Plan:
    """The plan of the next round: stronger, or in every second one from a higher start."""
    if rounds % 2:
        return replace(plan, scale=STRONGER * plan.scale)
    return replace(plan, start=min(timesteps, round(HIGHER * plan.start)))


class Settling:
    """Ends a run once its steps change nothing and the map is followed; counts the steps."""

    def __init__(self, expected: float, region: Tensor) -> None:
        """region: bool S×S, what is made."""
        self._expected, self._region = expected, region
        self._before: Tensor | None = None
        self.steps = 0
        self._tell: OnStep | None = None
        self._finished: Tensor | None = None
        self._numbers: Sequence[int] = ()

    def tell(self, on_step: OnStep, best: Mapping[int, Candidate], numbers: Sequence[int]) -> None:
        """Have `on_step` told of the steps, with the finished pictures beside those of `numbers`
        that are being made."""
        self._tell, self._numbers = on_step, numbers
        if best:
            self._finished = to_model(np.stack([best[k].image for k in sorted(best)]))

    def __call__(self, step: Step) -> Steer | None:
        """Stop, or go on."""
        self.steps = step.number
        if self._tell:
            shown = step.x_0
            if self._finished is not None:
                shown = self._finished.to(shown.device, copy=True)
                shown[list(self._numbers)] = step.x_0
            self._tell(replace(step, x_0=shown))
        now = step.x_0[:, :, self._region.to(step.x_0.device)]
        before, self._before = self._before, now
        if before is None or not (step.accuracy >= self._expected).all():
            return None
        moved = 127.5 * (now - before).abs().mean((1, 2))
        return Steer(stop=True) if (moved < SETTLED).all() else None
