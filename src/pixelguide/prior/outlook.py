"""What to expect of a prior that has seen so many pictures, in words."""

from __future__ import annotations

LOOKS_RIGHT, SETTLED = 100_000, 400_000
"""Pictures after which a small category (64²) looks right, and what the bundled ones have seen."""
_SHAPES = 30_000
"""A rule of thumb between that and 3,616, after which samples are noise."""


def outlook(seen: int, pace: float) -> str:
    """What samples are like now, whether to go on, and how long that takes.

    seen: pictures so far. pace: pictures a second. Of trainings from fresh weights at 64²: those
    that go on from a model, and others of larger pictures, begin and end elsewhere.
    """
    if seen >= SETTLED:
        return "as many as the bundled priors have seen: look whether the held-out loss still falls"
    if seen >= LOOKS_RIGHT:
        return f"edits work; details still gain{_until(SETTLED, seen, pace)}"
    if seen >= _SHAPES:
        return f"shapes, but blurred or torn: go on{_until(LOOKS_RIGHT, seen, pace)}"
    return f"noise still: go on{_until(LOOKS_RIGHT, seen, pace)}"


def _until(wanted: int, seen: int, pace: float) -> str:
    if pace <= 0:
        return f"; {wanted - seen:,} pictures more"
    return f"; {_time((wanted - seen) / pace)} at {_pace(pace)} pictures a second to {wanted:,}"


def _pace(pace: float) -> str:
    return f"{pace:,.0f}" if pace >= 10 else f"{pace:.2g}"


def _time(seconds: float) -> str:
    if seconds < 5400:
        minutes = max(1, round(seconds / 60))
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    hours = seconds / 3600
    return f"about {hours:.0f} hours" if hours >= 1.75 else "about 1.5 hours"
