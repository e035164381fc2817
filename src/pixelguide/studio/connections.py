"""Connections that never finish a request, or never read an answer: closed, and bounded in number.

uvicorn waits for the end of a header, and for a client that reads, as long as the client likes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True)
class ConnectionLimits:
    """Numbers of connections, and times in seconds."""

    total: int = 512
    per_address: int = 256  # a hundred pages with two connections each, behind one proxy
    header_seconds: float = 10
    reading_seconds: float = 60  # in which too little of an answer is taken
    ahead: int = 4  # requests sent before the answer to the last, of all connections

    @classmethod
    def for_files(cls, files: int) -> ConnectionLimits:
        """For a process that may have so many files open; half of them are left to others."""
        total = max(8, min(cls.total, files // 2))
        return cls(total, min(cls.per_address, max(4, total // 2)))


_TAKEN = 1 << 16
"""Bytes of an answer that have to be taken in that time, if there are so many."""
_LENT_SECONDS = 1
"""A stream of events, which never ends, holds up others for so long."""
BACKLOG = 128
"""Connections that are accepted in one go, before any of them is counted."""


class Connections:
    """The open connections of a server."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: set[BoundedProtocol] = set()
        self._behind: deque[BoundedProtocol] = deque()
        self._ahead: set[BoundedProtocol] = set()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, new: BoundedProtocol) -> bool:
        """Count a new connection. Where there are too many, the one that has waited longest for a
        request has to go; False if all are busy."""
        same = [each for each in self._open if each.address == new.address]
        if len(same) >= self.limits.per_address and not self._drop_one(same):
            return False
        if len(self._open) >= self.limits.total and not self._drop_one([*self._open]):
            return False
        self._open.add(new)
        return True

    def forget(self, gone: BoundedProtocol) -> None:
        """A connection has ended."""
        self._open.discard(gone)
        self.answered(gone)

    def put_behind(self, one: BoundedProtocol) -> None:
        """Its next request came before its last answer was given: some at a time are let on, and
        others that ask one by one come in between."""
        self._behind.append(one)
        one.loop.call_soon(self._let_on)

    def answered(self, one: BoundedProtocol) -> None:
        """Its request no longer holds others up."""
        if one in self._ahead:
            self._ahead.discard(one)
            one.loop.call_soon(self._let_on)

    def _let_on(self) -> None:
        while self._behind and len(self._ahead) < self.limits.ahead:
            one = self._behind.popleft()
            if one in self._open:
                self._ahead.add(one)
                one.loop.call_later(_LENT_SECONDS, self.answered, one)
                one.go_on()

    def _drop_one(self, among: list[BoundedProtocol]) -> bool:
        waiting = [each for each in among if each.is_waiting or each.is_half]
        if not waiting:
            return False
        # those that never asked for anything first: pages keep theirs open between two requests;
        # half uploads last
        chosen = min(waiting, key=lambda each: (each.is_half, each.has_asked, each.waits_since))
        self.forget(chosen)
        chosen.transport.abort()
        return True


class BoundedProtocol(H11Protocol):
    """uvicorn's connection, with an end to waiting."""

    def __init__(self, *args: Any, open_connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._all = open_connections
        self._header_timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None
        self._unread = 0
        self._is_behind = self._waits_its_turn = False
        self.address = ""
        self.waits_since = 0.0

    @property
    def has_asked(self) -> bool:
        """Whether a whole header ever came."""
        return self.scope is not None

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_half(self) -> bool:
        """Whether a request's body has not come yet."""
        return not self.is_waiting and self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, and give it some seconds for its first header."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self.waits_since = self.loop.time()
        if not self._all.admit(self):
            transport.abort()
            return
        # tell of the first byte that is not taken: a closing connection may never get rid of it
        transport.set_write_buffer_limits(high=0)
        self._expect_header()

    def data_received(self, data: bytes) -> None:
        """Hand on what came, and see whether it ends a header or begins one."""
        before = self.scope
        super().data_received(data)
        if self.scope is not before:
            self._header_timer = _without(self._header_timer)
        elif self.is_waiting and self._header_timer is None:
            self._expect_header()

    def on_response_complete(self) -> None:
        """An answer has been given; the wait for the next request begins."""
        self.waits_since = self.loop.time()
        self._all.answered(self)
        self._is_behind = True  # whatever has come by now
        super().on_response_complete()
        self._is_behind = False

    def handle_events(self) -> None:
        """Answer what has come, unless others are to have their turn first."""
        if self._waits_its_turn:
            return
        if self._is_behind and self.conn.trailing_data[0]:
            self._waits_its_turn = True
            self.flow.pause_reading()
            self._all.put_behind(self)
            return
        super().handle_events()

    def go_on(self) -> None:
        """It is this connection's turn."""
        self._waits_its_turn = False
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.handle_events()

    def pause_writing(self) -> None:
        """The client takes nothing: not for ever."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """It does again."""
        self._reading_timer = _without(self._reading_timer)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._all.forget(self)
        self._header_timer = _without(self._header_timer)
        self._reading_timer = _without(self._reading_timer)
        super().connection_lost(exc)

    def _expect_header(self) -> None:
        self._header_timer = self.loop.call_later(
            self._all.limits.header_seconds, self._header_is_late
        )

    def _expect_reading(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._reading_timer = self.loop.call_later(
            self._all.limits.reading_seconds, self._reading_is_late
        )

    def _reading_is_late(self) -> None:
        if self._unread - self.transport.get_write_buffer_size() < _TAKEN:
            self.transport.abort()
        else:
            self._expect_reading()

    def _header_is_late(self) -> None:
        self._header_timer = None
        if self.is_waiting:
            self.transport.abort()


def _without(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer: one that there was is cancelled."""
    if timer is not None:
        timer.cancel()
    return None
