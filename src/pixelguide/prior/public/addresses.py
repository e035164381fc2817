"""Which addresses are safe to fetch weights from."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pixelguide.errors import SafetyError


def check_address(url: str, redirected_from: str | None = None) -> None:
    """Raise SafetyError unless `url` is https, or http within this machine.

    A redirect may not leave https, nor enter this machine from outside.
    """
    scheme, host = _parse(url)
    inside = _is_loopback(host)
    allowed = scheme == "https" or (scheme == "http" and inside)
    if redirected_from is not None:
        before, origin = _parse(redirected_from)
        allowed = allowed and (before == "http" or scheme == "https")
        allowed = allowed and (_is_loopback(origin) or not inside)
    if not allowed:
        kind = "an address" if redirected_from is None else "a redirect to an address"
        raise SafetyError(f"{kind} that is not safe", repr(url)[1:-1], "Only https is used.")


def _parse(url: str) -> tuple[str, str]:
    """Scheme and host; empty if the address is one that parsers read differently."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    odd = "@" in parts.netloc or "\\" in url or not url.isprintable()
    return ("", "") if odd or not host else (parts.scheme, host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
