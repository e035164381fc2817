"""Small changes of bytes, all drawn from one seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def mutations(content: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` damaged copies of a file's content, each with a name that repeats it."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        data = bytearray(content)
        kind = ("flip", "cut", "zeros", "swap", "repeat", "number", "insert")[number % 7]
        at = int(rng.integers(0, max(1, len(data))))
        if number % 3 == 0:  # headers decide most
            at = int(rng.integers(0, max(1, min(len(data), 200))))
        length = int(rng.integers(1, 64))
        if kind == "flip":
            for _ in range(int(rng.integers(1, 4))):
                data[(at + int(rng.integers(0, 8))) % len(data)] ^= 1 << int(rng.integers(0, 8))
        elif kind == "cut":
            del data[at:]
        elif kind == "zeros":
            data[at : at + length] = bytes(len(data[at : at + length]))
        elif kind == "swap":
            other = int(rng.integers(0, len(data)))
            data[at], data[other] = data[other], data[at]
        elif kind == "repeat":
            data[at:at] = data[at : at + length]
        elif kind == "number":
            data[at : at + 4] = rng.bytes(4)
        else:
            data[at:at] = (b"\x00", b"\xff", b"9", b'"', b"[", b"\x1b", b"-")[number % 7] * length
        yield f"{kind}-{seed}-{number}", bytes(data)
