"""Weights come from https, or from this machine, and redirects do not change that."""

from __future__ import annotations

import pytest

from pixelguide.errors import SafetyError
from pixelguide.prior.public.addresses import check_address

WEB, HERE = "https://example.org/a", "http://127.0.0.1:8000/a"


@pytest.mark.parametrize(
    "url",
    [
        WEB,
        "https://example.org:444/",
        HERE,
        "http://localhost/x",
        "http://[::1]:1/",
        "https://[::1]/",
    ],
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://10.0.0.1/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "data:,x",
        "//example.org/a",
        "https:///a",
        "example.org",
        "",
        "https://user:secret@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://127.0.0.1@example.org/",
        "https://example.org/\nX: y",
        "http://[::1",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(SafetyError) as caught:
        check_address(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        (WEB, "https://example.com/b", True),
        (HERE, "http://127.0.0.1:9000/b", True),
        (HERE, WEB, True),
        (WEB, "http://example.org/a", False),
        (WEB, HERE, False),
        (WEB, "https://127.0.0.1/", False),
        ("https://127.0.0.1/", HERE, False),
        (HERE, "http://example.org/", False),
        (WEB, "ftp://example.org/", False),
    ],
)
def test_redirects_stay_as_safe_as_they_began(before: str, after: str, allowed: bool) -> None:
    if allowed:
        check_address(after, redirected_from=before)
    else:
        with pytest.raises(SafetyError, match="redirect"):
            check_address(after, redirected_from=before)
