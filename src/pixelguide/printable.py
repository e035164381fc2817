"""Text of strangers made fit for a terminal, which obeys some characters rather than show them."""

from __future__ import annotations


def printable(text: str, keep: str = "\n\t") -> str:
    r"""The text with what is not printable written out, as JSON would: ESC is \u001b.

    These are control characters, among them those that begin a terminal's escapes, marks that turn
    the direction of writing, separators of lines other than the usual one, and surrogates. keep:
    characters that stay.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else _written_out(character)
        for character in text
    )


def _written_out(character: str) -> str:
    encoded = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{encoded[k : k + 4]}" for k in range(0, len(encoded), 4))
