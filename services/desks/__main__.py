"""Run a desk of the system on a data directory: ``python -m services.desks NAME DATA_DIR FD``.

FD is the file descriptor of a socket that listens already.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import structlog
import uvicorn

from services.desks.app import make_desk
from services.desks.surroundings import ensure_may_listen
from services.system import CommandError, DataDir, Settings, SystemUnavailable
from services.system.children import end_with_parent
from services.system.logs import configure_logging

_log = structlog.get_logger(__name__)


def serve(
    name: str,
    data_dir: DataDir,
    settings: Settings,
    listening: socket.socket,
    *,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run a desk on a bound socket until SIGINT or SIGTERM; `ready` is told where, once it answers.

    Raises WrongUsage when the socket is not on loopback and access control is not on, SystemUnavailable when the data
    directory cannot be used or the desk does not come up.
    """
    app = make_desk(name, data_dir, settings)
    host, port = listening.getsockname()[:2]
    ensure_may_listen(str(host), app.access)
    app.surroundings.prepare(name)

    def tell() -> None:
        if ready is not None:
            ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")

    server = _Server(app.server_config(), tell)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(server.serve([listening]))
    if not server.started:
        raise SystemUnavailable(f"the desk {name} does not come up; the log above says why")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What was loaded stays: looking through all of it for garbage took 50 ms of everybody's time, now and then.
            # And reports hold no cycles: looking for some among them each time was a sixth of storing them.
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 20)
            self._ready()


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


def main() -> None:
    """Run until a signal, or until the parent ends."""
    settings = Settings.from_environment()
    configure_logging(settings)
    end_with_parent()
    try:
        serve(sys.argv[1], DataDir(Path(sys.argv[2])), settings, socket.socket(fileno=int(sys.argv[3])))
    except CommandError as error:
        _log.error("a desk cannot run", desk=sys.argv[1], why=error.message)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
