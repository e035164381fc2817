"""XML from outside: nothing is fetched, and no entities are expanded."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from pixelguide.annotations.source import Source
from pixelguide.errors import InputError, SafetyError

Element = ElementTree.Element


def read_xml(source: Source, name: str) -> Element:
    """The root of an XML file. Raises InputError for what is none, SafetyError for a document type:
    it could define entities that grow without bounds."""
    content, where = source.read(name), source.where(name)
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", content, re.IGNORECASE) or b"\x00" in content[:200]:
        raise SafetyError("XML with a document type, or not UTF-8", where, "Export it again.")
    try:
        return ElementTree.fromstring(content)  # noqa: S314  (what it warns of is refused above)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"damaged XML ({reason})", where, "Export it again.") from None


def text_of(element: Element, path: str, where: str) -> str:
    """The text of the element at `path`; InputError if there is none."""
    found = element.findtext(path)
    if found is None or not found.strip():
        raise InputError(f"<{element.tag}> without <{path}>", where, "Export it again.")
    return found.strip()


def number_of(text: str | None, what: str, where: str) -> float:
    """A finite number at most a million; InputError for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not -1e6 <= value <= 1e6:
        raise InputError(f"{what} is {str(text)[:40]!r}, not a number", where, "Export it again.")
    return value
