"""Binding an address, saying it, serving."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from pixelguide.errors import InputError, SafetyError
from pixelguide.studio.access import AccessPolicy
from pixelguide.studio.connections import (
    BACKLOG,
    BoundedProtocol,
    ConnectionLimits,
    Connections,
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TOKEN_CHARACTERS = 16


def check_token(host: str, token: str | None) -> None:
    """Raise SafetyError for a bind that others can reach without a token fit to keep them out."""
    if token is None and not is_loopback(host):
        raise SafetyError(
            f"binding {host}, which other machines can reach, without a token",
            "--host",
            "Give one by --token or PIXELGUIDE_STUDIO_TOKEN.",
        )
    if token is not None and (len(token) < _TOKEN_CHARACTERS or not _is_plain(token)):
        raise SafetyError(
            "the token can be guessed or cannot be sent",
            "--token",
            f"Take {_TOKEN_CHARACTERS} or more random letters and digits.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a bind to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free. Raises InputError if it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.create_server(address[:2], family=family, backlog=1024)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot listen at {host}:{port} ({reason.lower()})",
            hint="Choose another --port; 0 takes any that is free.",
        ) from None
    # asyncio sets TCP_NODELAY only on sockets that say they are TCP, which create_server leaves out
    return socket.socket(made.family, made.type, socket.IPPROTO_TCP, made.detach())


def access_policy(
    listening: socket.socket, host: str, token: str | None, names: Sequence[str] = ()
) -> AccessPolicy:
    """Who may reach a bound socket. names: other host names that browsers reach it by.

    A server bound to all addresses is reached by any of the machine's own.
    """
    port = int(listening.getsockname()[1])
    hosts = {host, *names}
    if is_loopback(host):
        hosts |= {*_LOOPBACK}
    elif _is_any(host):
        hosts |= {*_LOOPBACK, socket.gethostname(), socket.getfqdn(), *_own_addresses()}
    return AccessPolicy.of(hosts, port, token)


def address_of(listening: socket.socket, host: str, token: str | None) -> str:
    """What to open in a browser, with the token if there is one."""
    port = listening.getsockname()[1]
    shown = socket.gethostname() if _is_any(host) else host
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def serve(app: FastAPI, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until interrupted, which raises KeyboardInterrupt. on_ready: called when requests are
    answered."""
    # the default would end the process at once, without putting the running job back
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asyncio.run(server(app, on_ready).serve(sockets=[listening]))


def server(
    app: FastAPI, on_ready: Callable[[], None], limits: ConnectionLimits | None = None
) -> uvicorn.Server:
    """uvicorn as the Studio uses it. on_ready: called when requests are answered. limits: of
    connections; by default as many as the process may have files open allows."""
    limits = limits or ConnectionLimits.for_files(_file_limit())
    config = uvicorn.Config(
        app,
        http=partial(BoundedProtocol, open_connections=Connections(limits)),  # type: ignore[arg-type]
        backlog=BACKLOG,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=75,  # closing sooner breaks requests of pages that pause between two
        timeout_graceful_shutdown=2,
    )
    return _Server(config, on_ready, lambda: app.state.services.events.close())


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and when it is about to end."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready, self._on_end = on_ready, on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Publish, for streams of events never end by themselves, then end."""
        self._on_end()
        await super().shutdown(sockets)


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def _own_addresses() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(entry[4][0]) for entry in found]


def _is_plain(token: str) -> bool:
    return token.isascii() and token.replace("-", "").replace("_", "").isalnum()


def _file_limit() -> int:
    """How many files this process may have open; 1024, the usual number, where nobody says."""
    try:
        import resource
    except ImportError:  # Windows
        return 1024
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if soft == resource.RLIM_INFINITY else soft


def default_data() -> Path:
    """Where the Studio keeps its things: beside the pulled models."""
    from pixelguide.prior.public.home import home

    return home() / "studio"
