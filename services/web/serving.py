"""The server of the pages, of a system or of a rehearsal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

__all__ = ["Server", "server_of"]


class Server(uvicorn.Server):
    """Uvicorn's, which leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to us: open streams are ended first, or the server would wait for them."""
        yield


def server_of(app: Starlette) -> Server:
    """Make the server of the pages, which ends on SIGINT and SIGTERM. To be called where the loop runs."""
    server = Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5)
    )

    def end() -> None:
        app.state.boards.close()
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    return server
