"""The start of what is not an edit by a map: a share of the model's timesteps, or the user's t0."""

from __future__ import annotations

from pixelguide.errors import InputError


def start_level(start: int | None, share: float, steps: int, timesteps: int) -> int:
    """t0: `start`, or `share` of the model's `timesteps` where the user did not say.

    The paper's starts are out of 1000 timesteps; a model with others has the same share of them.
    Raises InputError for a start beyond 2 … `timesteps`, or less than one timestep for each of
    `steps`.
    """
    t0 = round(share * timesteps) if start is None else start
    if not 2 <= t0 <= timesteps:
        raise InputError(f"start {t0}", "settings", f"It must lie in 2 … {timesteps}.")
    if steps > t0:
        raise InputError(
            f"{steps} steps from start {t0}", "settings", "Take at most one step per timestep."
        )
    return t0
