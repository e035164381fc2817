"""Photographs that were decoded lately: to decode one takes longer than most of what is done with
it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from pixelguide.photo.photograph import Photograph

ROOM = 192 * 2**20
"""Bytes of pixels kept, so that the last of 40 megapixels fits with an edit of it at 24."""


class DecodedPhotographs:
    """The last few by name; the last one always. Safe to use from several threads.

    What it gives is shared: its pixels are not to be written to.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._lock = room, threading.Lock()
        self._known: OrderedDict[str, Photograph] = OrderedDict()

    def get(self, name: str, make: Callable[[], Photograph]) -> Photograph:
        """The photograph of that name, made if it is not here. Raises what `make` does."""
        with self._lock:
            if found := self._known.get(name):
                self._known.move_to_end(name)
                return found
        made = make()
        self.put(name, made)
        return made

    def put(self, name: str, photograph: Photograph) -> None:
        """Keep one under a name, instead of those that were used longest ago."""
        photograph.pixels.setflags(write=False)
        with self._lock:
            self._known[name] = photograph
            self._known.move_to_end(name)
            while len(self._known) > 1 and self._size() > self._room:
                self._known.popitem(last=False)

    def _size(self) -> int:
        return sum(photograph.pixels.nbytes for photograph in self._known.values())
