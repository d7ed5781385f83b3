"""Starting, watching and stopping the parts of a system: ledger, live view, page."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import structlog

from deploy.nats_address import NatsAddress
from deploy.nats_server import NatsServer, NatsServerError
from deploy.streams import make_streams
from services.ledger.connecting import connect
from services.system import Clock, DataDir, Settings, SystemRecord, SystemUnavailable
from services.up.children import Child

_log = structlog.get_logger(__name__)

_READY_SECONDS: Final = 120.0
_WATCH_SECONDS: Final = 0.25


class System:
    """One system on one data directory, from ``start`` to ``stop``."""

    def __init__(self, data_dir: DataDir, settings: Settings, *, port: int, clock: Clock | None = None) -> None:
        """Describe it; nothing is touched yet. ``port`` is that of the page on loopback, 0 for any free one."""
        self._data_dir, self._settings, self._port = data_dir, settings, port
        self._clock = clock or Clock()
        self._server: NatsServer | None = None
        self._socket: socket.socket | None = None
        self._children: list[Child] = []
        self._record: SystemRecord | None = None

    @property
    def record(self) -> SystemRecord:
        """How to reach the running system. Raises SystemUnavailable before ``start``."""
        if self._record is None:
            raise SystemUnavailable("the system has not been started")
        return self._record

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.record.page_url or ""

    async def start(self) -> None:
        """Start everything and wait until the page can answer.

        Raises SystemUnavailable when the directory is in use or cannot be used, the port is taken, or a part does not
        come up; what was started is stopped again.
        """
        self._data_dir.lock()
        try:
            self._socket = _listen(self._port)
            address = await self._start_ledger()
            url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
            self._record = SystemRecord(address, url, clock=self._clock)
            self._record.write(self._data_dir)
            path = str(self._data_dir.path)
            page = self._socket.fileno()
            self._children = [
                Child("live view", "services.view", [path]),
                Child("page", "services.web", [path, str(page)], pass_fds=[page]),
            ]
            for child in self._children:
                await child.start()
            await self._wait_ready()
        except BaseException:
            await self.stop()
            raise

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every part running until ``stop`` is set."""
        watches = [asyncio.create_task(child.watch(lambda: None)) for child in self._children]
        watches.append(asyncio.create_task(self._watch_ledger()))
        try:
            await stop.wait()
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    def set_clock(self, clock: Clock) -> None:
        """Go on by another clock: every process that reads the record from now on follows it."""
        self._clock = clock
        self._record = replace(self.record, clock=clock)
        self._record.write(self._data_dir)

    async def stop(self) -> None:
        """Stop the parts, the ledger last, and give the directory free."""
        for child in reversed(self._children):
            await child.stop()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        if self._socket is not None:
            self._socket.close()
        if self._record is not None:
            SystemRecord.remove(self._data_dir)
        self._data_dir.unlock()

    async def _start_ledger(self) -> NatsAddress:
        settings = self._settings
        if settings.nats_url is not None:
            address = NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password)
        else:
            self._server = NatsServer(self._data_dir.nats, sync_interval=settings.sync_interval)
            try:
                address = await asyncio.to_thread(self._server.start)
            except (NatsServerError, OSError) as error:
                raise SystemUnavailable(f"the ledger does not start: {error}") from None
        async with await connect(address, name="set-up") as ledger:
            await make_streams(ledger.nc, replicas=settings.replicas)
        return address

    async def _watch_ledger(self) -> None:
        """Start the embedded server again when it ends by itself; everyone connected waits for it."""
        while self._server is not None:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._server.pid is None:
                _log.error("a part of the system ended; it is started again", part="ledger")
                with contextlib.suppress(NatsServerError, OSError):
                    await asyncio.to_thread(self._server.start)

    async def _wait_ready(self) -> None:
        port = int(self.url.rstrip("/").rpartition(":")[2])
        for _ in range(int(_READY_SECONDS / 0.05)):
            if await _answers(port):
                return
            if any(child.pid is None for child in self._children):
                break
            await asyncio.sleep(0.05)
        raise SystemUnavailable("the page does not come up; the log above says why")


def _listen(port: int) -> socket.socket:
    """Take the page's port before anything is started: the child that serves it inherits it, also when it restarts."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise SystemUnavailable(
            f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); choose another with --port, 0 for any"
        ) from None
    listening.listen(512)
    return listening


async def _answers(port: int) -> bool:
    """Ask the page whether it is ready to be looked at."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 2)
        body = await asyncio.wait_for(reader.read(), 2)
        writer.close()
    except (OSError, TimeoutError):
        return False
    return str(int(HTTPStatus.OK)).encode() in status and b'"viewPosition"' in body
