"""The policy as a value; requests against it are in `test_app`."""

from __future__ import annotations

from pixelguide.studio.access import AccessPolicy


def test_hosts_and_origins_are_exact_sets() -> None:
    policy = AccessPolicy.of(["127.0.0.1", "LocalHost", "::1"], 8123)
    assert policy.hosts == {"127.0.0.1:8123", "localhost:8123", "[::1]:8123"}
    assert policy.origins == {f"http://{host}" for host in policy.hosts}


def test_port_80_may_be_left_out() -> None:
    assert AccessPolicy.of(["studio.example"], 80).hosts == {"studio.example", "studio.example:80"}
    assert "studio.example" not in AccessPolicy.of(["studio.example"], 8080).hosts


def test_cookies_of_two_studios_do_not_meet() -> None:
    assert AccessPolicy.of(["a"], 1, "x").cookie != AccessPolicy.of(["a"], 2, "x").cookie
