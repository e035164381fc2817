"""Running the command line as a user does."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]


def assert_one_error(result: tuple[int, str, str], code: int = 2) -> str:
    """The only line of standard error, which must be our kind of error."""
    found, out, err = result
    assert found == code, err
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in err
    return lines[0]
