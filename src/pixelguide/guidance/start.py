"""t0: what the user or the model says, checked; or a share of the model's timesteps."""

from __future__ import annotations

from pixelguide.errors import InputError


def check_start(start: int, timesteps: int) -> None:
    """Raise InputError for a t0 that a model of so many timesteps has not."""
    if not 2 <= start <= timesteps:
        raise InputError(f"start {start}", "settings", f"It must lie in 2 … {timesteps}.")


def check_steps(steps: int, start: int, name: str = "steps") -> None:
    """Raise InputError for less than one timestep for each of `steps` from t0 = `start`."""
    if steps > start:
        raise InputError(
            f"{steps} {name} from start {start}", "settings", "Take at most one step per timestep."
        )


def start_level(start: int | None, share: float, steps: int, timesteps: int) -> int:
    """t0 of what is no edit by a map: `start`, or `share` of the `timesteps` where that is None.

    The paper's starts are out of 1000 timesteps; a model with others has the same share of them.
    Raises InputError for a start beyond 2 … `timesteps`, or less than one timestep for each of
    `steps`.
    """
    t0 = round(share * timesteps) if start is None else start
    check_start(t0, timesteps)
    check_steps(steps, t0)
    return t0
