"""Docstrings of the public names have numpydoc's form, and tell arrays' shapes and types."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

import pixelguide

LEFT_OUT = {
    "GL01",  # text begins beside the opening quotes, as ruff formats it
    "GL02",  # and ends beside the closing ones where it is one line
    "ES01",  # an extended summary, examples and a "See Also" where they help
    "EX01",
    "SA01",
    "PR04",  # `what, where, hint : str` is one entry for three
    "RT02",  # a returned tuple's parts have names
}
"""Checks of numpydoc that are not ours."""


def public_objects() -> Iterator[str]:
    """Dotted names of the public classes and of what is defined in them."""
    for name in pixelguide.__all__:
        kind = getattr(pixelguide, name)
        if not inspect.isclass(kind):
            continue
        yield f"pixelguide.{name}"
        for base in kind.__mro__:
            if not base.__module__.startswith("pixelguide.") or base.__name__ == "Checked":
                continue
            for member, value in vars(base).items():
                described = isinstance(value, (property, classmethod)) or inspect.isfunction(value)
                if described and (member == "__call__" or not member.startswith("_")):
                    yield f"pixelguide.{name}.{member}"


@pytest.mark.parametrize("name", sorted(set(public_objects())))
def test_docstring_has_numpydocs_form(name: str) -> None:
    found = [error for error in validate(name)["errors"] if error[0] not in LEFT_OUT]
    assert not found


@pytest.mark.parametrize("name", sorted(set(public_objects())))
def test_arrays_are_described_by_type_and_shape(name: str) -> None:
    holder, _, member = name.rpartition(".")
    owner = pixelguide if holder == "pixelguide" else getattr(pixelguide, holder.split(".")[1])
    described = get_doc_object(inspect.getattr_static(owner, member) if owner is not pixelguide
                               else getattr(owner, member))  # fmt: skip
    sections = (described[part] for part in ("Parameters", "Returns"))
    for entry in [entry for section in sections for entry in section]:
        if "ndarray" in entry.type:
            text = " ".join(entry.desc)
            assert re.search(r"bool|u?int\d+|float\d+", text), (entry.name, text)
            assert "×" in text, (entry.name, text)


def test_every_public_class_is_looked_at() -> None:
    names = set(public_objects())
    assert {"pixelguide.Editor.edit", "pixelguide.LabelMap.save", "pixelguide.InputError"} <= names
    assert "pixelguide.PixelGuidedPipeline.__call__" in names
    assert len(names) > 40
