"""Names of strangers are shown, and do nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.errors import InputError
from pixelguide.printable import printable
from pixelguide.terminal import PrintableConsole, echo

ESCAPES = ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202egnp", "\r", "\x00", "\u2028", "\ud800"]


@given(st.text())
def test_only_printable_characters_and_lines_are_left(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    assert printable(shown) == shown
    if all(character.isprintable() or character in "\n\t" for character in text):
        assert shown == text


@given(st.text())
def test_json_stays_the_same_json(text: str) -> None:
    written = json.dumps({text: [text]}, ensure_ascii=False)
    assert json.loads(printable(written)) == {text: [text]}


@pytest.mark.parametrize("escape", ESCAPES)
def test_errors_are_one_line_whatever_a_file_is_called(escape: str) -> None:
    text = str(InputError(f"no class '{escape}'", f"{escape}\n.png", f"Not {escape}."))
    assert text.isprintable()


@pytest.mark.parametrize("escape", ESCAPES)
def test_what_a_command_says_is_only_shown(escape: str, capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"hair{escape}: 3")
    echo(f"warning: {escape}", err=True)
    PrintableConsole(highlight=False, markup=False).print(f"note: {escape}.png")
    out, err = capsys.readouterr()
    assert out.count("\n") == 2
    assert (out + err).replace("\n", "").isprintable()
