"""What the tests of downloads share: contents, and a call whose pauses take no time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flaky_server import FlakyServer, Reply
from pixelguide.prior.public.download import PIECE, download

BODY = np.random.default_rng(1).bytes(4 * PIECE + 1000)
OTHER = np.random.default_rng(2).bytes(len(BODY))


class Naps(list[float]):
    """Stands for `time.sleep`: remembers how long was to be slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def fetch(server: FlakyServer, target: Path, *replies: Reply, **options: Any) -> Naps:
    """Download /file, answered by `replies` in turn; gives the pauses between attempts."""
    if replies:
        server.replies["/file"] = list(replies)
    naps = Naps()
    options = {"limit": 10**7, "timeout": (5.0, 5.0), **options}
    download(server.url(), target, sleep=naps, **options)
    return naps


def ranges(server: FlakyServer) -> list[str | None]:
    """The Range of each request so far."""
    return [request.get("Range") for request in server.seen]


def files_beside(target: Path) -> set[str]:
    """Names of all files in the folder of `target`."""
    return {path.name for path in target.parent.iterdir()}
