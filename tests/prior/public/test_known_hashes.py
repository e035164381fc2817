"""What came first is remembered, and anything else is refused from then on."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.public.known_hashes import Fingerprint, KnownHashes


@pytest.fixture
def known(tmp_path: Path) -> KnownHashes:
    return KnownHashes(tmp_path / "data" / "known_hashes.json")


def _print(**files: str) -> Fingerprint:
    return Fingerprint(source="https://example.org/x", sha256=files)


def test_a_fingerprint_is_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "a").write_bytes(b"content")
    found = Fingerprint.of("somewhere", tmp_path, ["unet/a"], "c0ffee")
    assert found.sha256 == {"unet/a": hashlib.sha256(b"content").hexdigest()}
    assert (found.source, found.revision) == ("somewhere", "c0ffee")


def test_the_first_is_trusted_and_remembered(known: KnownHashes) -> None:
    first = _print(a="1" * 64)
    known.check("x", first)
    assert known.get("x") is None
    known.record("x", first)
    again = KnownHashes(known.path)
    assert again.get("x") == first
    again.check("x", first)
    again.check("y", _print(a="2" * 64))


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (_print(a="2" * 64, b="3" * 64), r"a has SHA-256 222222222222…, the first pull had 1{12}…"),
        (_print(a="1" * 64), r"b has SHA-256 nothing…, the first pull had 3{12}…"),
        (_print(a="1" * 64, b="3" * 64, c="4" * 64), r"c has SHA-256 4{12}…, the .* had nothing"),
    ],
)
def test_anything_else_is_refused_with_both_hashes_and_advice(
    known: KnownHashes, now: Fingerprint, message: str
) -> None:
    known.record("x", _print(a="1" * 64, b="3" * 64))
    with pytest.raises(SafetyError, match=f"{message}.*example.*--accept-new"):
        known.check("x", now)
    assert known.get("x") == _print(a="1" * 64, b="3" * 64)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"known": {"x": {}}}', b"\xff"])
def test_a_damaged_record_is_not_taken_for_an_empty_one(known: KnownHashes, content: bytes) -> None:
    known.path.parent.mkdir()
    known.path.write_bytes(content)
    for use in (known.check, known.record):
        with pytest.raises(InputError, match=r"cannot be read.*known_hashes\.json"):
            use("x", _print(a="1" * 64))
    assert known.path.read_bytes() == content


def test_pulls_at_the_same_time_do_not_forget_each_other(known: KnownHashes) -> None:
    names = [str(k) for k in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: KnownHashes(known.path).record(name, _print(a=name)), names))
    assert all(known.get(name) == _print(a=name) for name in names)
