"""What a user reads and what the shell sees when something is wrong."""

from __future__ import annotations

import pytest
import torch

from pixelguide.errors import (
    InputError,
    PixelguideError,
    ResourceError,
    SafetyError,
    is_out_of_memory,
)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("no such file",), "no such file."),
        (("no such file", "a.png"), "no such file, a.png."),
        (("no such file", "a.png", "Check the path."), "no such file, a.png. Check the path."),
        (("no such file", "", "Check the path."), "no such file. Check the path."),
    ],
)
def test_text_is_what_where_and_hint(arguments: tuple[str, ...], text: str) -> None:
    error = PixelguideError(*arguments)
    assert str(error) == text
    assert (error.what, error.where, error.hint) == (*arguments, "", "")[:3]


def test_exit_codes_are_those_of_the_command_line() -> None:
    # The published meaning: 2 bad input, 3 refused for safety, 4 out of a resource.
    codes = {kind: kind("").exit_code for kind in (InputError, SafetyError, ResourceError)}
    assert codes == {InputError: 2, SafetyError: 3, ResourceError: 4}


@pytest.mark.parametrize("kind", [InputError, SafetyError, ResourceError])
def test_one_except_clause_catches_every_error(kind: type[PixelguideError]) -> None:
    with pytest.raises(PixelguideError):
        raise kind("what")


def test_torch_s_own_error_is_known_as_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)  # more than any address space has
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("CUDA error: out of memory"), True),  # outside of torch's own allocator
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected
