"""The server's settings for a desk: slow and idle senders give their place back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from services.desks.http.limits import Limits

__all__ = ["server_config"]

_HEAD_BYTES = 16 * 1024
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def server_config(app: ASGIApp, limits: Limits | None = None, **settings: Any) -> uvicorn.Config:
    """Give uvicorn's configuration for a desk's application; `settings` as uvicorn's, before ours.

    Nothing is logged of a request: an address may hold the id of a report. The server has a time-out between requests
    only; the one on the head of a request is added here, the one on its body is `Limits.body_seconds`.
    """
    limits = limits if limits is not None else Limits()
    chosen: dict[str, Any] = {
        "http": _protocol(limits.header_seconds),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "limit_concurrency": limits.connections,
        "timeout_keep_alive": limits.idle_seconds,
        "timeout_graceful_shutdown": 5,
        "h11_max_incomplete_event_size": _HEAD_BYTES,
        "backlog": 1024,
    }
    _allow_files(limits.connections + 256)
    return uvicorn.Config(app, **(chosen | settings))


def _protocol(seconds: float) -> type[asyncio.Protocol]:
    """Make the server's protocol with a deadline for the head of each request."""

    class Prompt(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """Closes a connection on which a request does not begin in time. Most requests come whole: no timer then."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            # An answer is two writes; held back until the first is acknowledged, the second comes 40 ms late. asyncio
            # sees to that only for sockets that were made with the protocol's number.
            sock = transport.get_extra_info("socket")
            if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._deadline is None:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._deadline = self.loop.call_later(seconds, self._end)

        def _stop(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _end(self) -> None:
            self._deadline = None
            if not self.transport.is_closing():
                self.transport.write(_TOO_SLOW)
                self.transport.close()

    return Prompt


def _allow_files(wanted: int) -> None:
    """Raise the number of open files that this process may have, as far as it may."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
