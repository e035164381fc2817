"""A download arrives whole however often the line breaks and whatever the server forgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from downloads import BODY, OTHER, fetch, files_beside, ranges
from flaky_server import FlakyServer, Reply
from pixelguide.errors import ResourceError
from pixelguide.prior.public.download import PIECE, RETRIES

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"

# The whole file


@pytest.mark.parametrize("length", [None, -1])
def test_a_file_arrives_and_progress_is_told(
    server: FlakyServer, target: Path, length: int | None
) -> None:
    told: list[dict[str, Any]] = []
    naps = fetch(server, target, Reply(BODY, length=length), on_progress=told.append)
    assert target.read_bytes() == BODY
    assert files_beside(target) == {target.name}
    assert naps == []
    done = [state["done"] for state in told]
    assert done == sorted(done)
    total = len(BODY) if length is None else None
    assert told[-1] == {"stage": "download", "done": len(BODY), "total": total}


def test_missing_folders_are_made(server: FlakyServer, tmp_path: Path) -> None:
    fetch(server, tmp_path / "a" / "b" / "file", Reply(BODY))
    assert (tmp_path / "a" / "b" / "file").read_bytes() == BODY


def test_an_empty_file_is_a_file(server: FlakyServer, target: Path) -> None:
    fetch(server, target, Reply(b"", length=0))
    assert target.read_bytes() == b""


# Cut, resumed, begun again


@pytest.mark.parametrize("cut", [0, 1, PIECE, 2 * PIECE + 1, len(BODY) - 1])
def test_a_cut_connection_is_taken_up_where_it_broke(
    server: FlakyServer, target: Path, cut: int
) -> None:
    naps = fetch(server, target, Reply(BODY, cut=cut), Reply(BODY))
    assert target.read_bytes() == BODY
    assert naps == [1]
    kept = cut // PIECE * PIECE
    assert ranges(server) == [None, f"bytes={kept}-" if kept else None]
    if kept:
        assert server.seen[1]["If-Range"] == '"one"'


def test_a_line_that_breaks_again_and_again(server: FlakyServer, target: Path) -> None:
    cuts = [Reply(BODY, cut=cut) for cut in (PIECE, 10, PIECE, 0, PIECE)]
    naps = fetch(server, target, *cuts, Reply(BODY))
    assert target.read_bytes() == BODY
    assert naps == [1, 2, 4, 8, 16]


def test_what_has_arrived_serves_the_next_call(server: FlakyServer, target: Path) -> None:
    with pytest.raises(ResourceError, match=r"download stopped.*repeat the command"):
        fetch(server, target, Reply(BODY, cut=2 * PIECE), Reply(b"", 503))
    assert len(server.seen) == RETRIES + 1
    assert files_beside(target) == {"weights.pt.part", "weights.pt.part.json"}
    server.seen.clear()
    fetch(server, target, Reply(BODY))
    assert target.read_bytes() == BODY
    assert ranges(server) == [f"bytes={2 * PIECE}-"]
    assert files_beside(target) == {target.name}


def test_stopped_before_the_new_name_nothing_is_fetched_again(
    server: FlakyServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pixelguide.prior.public.download._Part.finish", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(server, target, Reply(BODY))
    server.seen.clear()
    fetch(server, target)
    assert target.read_bytes() == BODY
    assert server.seen == []


def test_a_stalled_server_is_left(server: FlakyServer, target: Path) -> None:
    stalled = Reply(BODY, stall=2 * PIECE)
    fetch(server, target, stalled, Reply(BODY), timeout=(5.0, 0.2))
    assert target.read_bytes() == BODY
    assert ranges(server) == [None, f"bytes={2 * PIECE}-"]


@pytest.mark.parametrize(
    "second",
    [
        Reply(BODY, ranges=False),
        Reply(OTHER, etag='"two"'),  # If-Range does not hold: the whole new file comes
        Reply(BODY, modified=DATE),
    ],
)
def test_a_whole_answer_to_a_range_starts_again(
    server: FlakyServer, target: Path, second: Reply
) -> None:
    fetch(server, target, Reply(BODY, cut=2 * PIECE), second)
    assert target.read_bytes() == second.body


@pytest.mark.parametrize(
    "botched",
    [
        Reply(BODY, shift=1),
        Reply(BODY, shift=-1),
        Reply(BODY + b"more"),
        Reply(OTHER[:1000], 206),  # no Content-Range
        Reply(OTHER[:1000], 206, {"Content-Range": "bytes x-y/z"}),
        Reply(OTHER[2 * PIECE :], 206, {"Content-Range": f"bytes {2 * PIECE}-{len(OTHER) - 1}/"
                                        f"{len(OTHER)}"}, etag='"two"'),
        Reply(b"", 416),
    ],
)  # fmt: skip
def test_a_botched_range_starts_again(server: FlakyServer, target: Path, botched: Reply) -> None:
    fetch(server, target, Reply(BODY, cut=2 * PIECE), botched, Reply(BODY))
    assert target.read_bytes() == BODY
    assert ranges(server) == [None, f"bytes={2 * PIECE}-", None]


@pytest.mark.parametrize(
    ("etag", "modified", "condition"),
    [('"a"', DATE, '"a"'), ('W/"a"', DATE, DATE), ("", DATE, DATE), ('W/"a"', "", None),
     ("", "", None)],
)  # fmt: skip
def test_only_what_identifies_the_file_lets_it_be_continued(
    server: FlakyServer, target: Path, etag: str, modified: str, condition: str | None
) -> None:
    versions = [Reply(BODY, etag=etag, modified=modified, cut=cut) for cut in (2 * PIECE, None)]
    fetch(server, target, *versions)
    assert target.read_bytes() == BODY
    assert server.seen[1].get("If-Range") == condition
    assert ("Range" in server.seen[1]) == (condition is not None)


@pytest.mark.parametrize(
    "memory", [b"", b"{}", b"[1]", b"\xff", b'{"url": 1}', b"null", b'{"total": NaN}']
)
def test_a_part_of_unknown_origin_is_not_used(
    server: FlakyServer, target: Path, memory: bytes
) -> None:
    target.with_name("weights.pt.part").write_bytes(OTHER[:PIECE])
    target.with_name("weights.pt.part.json").write_bytes(memory)
    fetch(server, target, Reply(BODY))
    assert target.read_bytes() == BODY


def test_a_part_that_is_too_long_or_of_another_address_is_not_used(
    server: FlakyServer, target: Path
) -> None:
    part = target.with_name("weights.pt.part")
    for spoil in ("length", "address"):
        with pytest.raises(ResourceError):
            fetch(server, target, Reply(BODY, cut=PIECE), Reply(b"", 500))
        memory = target.with_name("weights.pt.part.json")
        if spoil == "length":
            part.write_bytes(OTHER + OTHER)
        else:
            memory.write_text(memory.read_text().replace("/file", "/other"))
        fetch(server, target, Reply(BODY))
        assert target.read_bytes() == BODY


def test_a_callback_can_stop_it(server: FlakyServer, target: Path) -> None:
    def stop(_: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, target, Reply(BODY), on_progress=stop)
    fetch(server, target, Reply(BODY))
    assert target.read_bytes() == BODY
    assert ranges(server) == [None, f"bytes={PIECE}-"]
