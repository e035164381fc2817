"""What a user reads and what the shell sees when something is wrong."""

from __future__ import annotations

import pytest

from pixelguide.errors import InputError, PixelguideError, ResourceError, SafetyError


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
