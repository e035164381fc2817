from __future__ import annotations

from typing import Any

import pytest

from pixelguide.errors import InputError, ResourceError
from pixelguide.workers.task import Failure, attempt


class Raising:
    """A worker whose tasks are exceptions."""

    def perform(self, payload: Any, check: Any) -> Any:
        if isinstance(payload, BaseException):
            raise payload
        return payload


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (InputError("no map", "a.png", "Paint one."), "InputError", "no map, a.png. Paint one."),
        (ResourceError("disk full"), "ResourceError", "disk full."),
        (MemoryError(), "ResourceError", "out of memory"),
        (RuntimeError("two\nlines"), "RuntimeError", "internal error (RuntimeError: two lines)."),
    ],
)
def test_what_a_task_raises_is_its_failure(error: Exception, kind: str, words: str) -> None:
    failure = attempt(Raising(), error, lambda: None)
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert words in failure.error


def test_a_result_is_given_back_and_an_interrupt_goes_through() -> None:
    assert attempt(Raising(), 7, lambda: None) == 7
    with pytest.raises(KeyboardInterrupt):
        attempt(Raising(), KeyboardInterrupt(), lambda: None)
