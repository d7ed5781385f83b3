"""Starting, watching and stopping the parts of a system: ledger, live view, page."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import structlog

from deploy.nats_address import NatsAddress
from deploy.nats_server import NatsServer, NatsServerError
from deploy.postgres_server import PostgresServer, PostgresServerError
from events import DESKS
from services.archive.keeping import Keeping
from services.ledger.preparing import prepare
from services.system import Clock, DataDir, Settings, SystemRecord, SystemUnavailable
from services.system.ending import end_tasks
from services.up.children import Child
from services.up.forking import CAN_FORK, Stem
from services.up.listening import listen, url_of

_log = structlog.get_logger(__name__)

_VIEW, _WORKER, _PAGE, _DESK = "services.view", "services.view.parts", "services.web", "services.desks"

_READY_SECONDS: Final = 120.0
_WATCH_SECONDS: Final = 0.25


class System:
    """One system on one data directory, from ``start`` to ``stop``."""

    def __init__(
        self,
        data_dir: DataDir,
        settings: Settings,
        *,
        port: int,
        clock: Clock | None = None,
        desks: bool = False,
        postgres: bool = False,
    ) -> None:
        """Describe it; nothing is touched yet. ``port`` is that of the page on loopback, 0 for any free one.

        ``desks``: whether the five desks run too, on the ports that the settings give; on any free ones where the page
        is on any free one. ``postgres``: whether it runs a PostgreSQL of its own, for the live view and the desks.
        """
        self._data_dir, self._settings, self._port = data_dir, settings, port
        self._desks: dict[str, socket.socket] = {}
        self._with_desks = desks
        self._clock = clock or Clock()
        self._server: NatsServer | None = None
        self._postgres = PostgresServer(data_dir.postgres) if postgres else None
        self._socket: socket.socket | None = None
        self._children: list[Child] = []
        self._workers = settings.workers if settings.workers > 1 else 0
        modules = [_VIEW, *([_WORKER] if self._workers else []), _PAGE, *([_DESK] if desks else [])]
        self._stem = Stem(modules) if CAN_FORK else None
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
            self._socket = listen(self._port, "--port, 0 for any")
            for desk in DESKS if self._with_desks else ():
                port = self._settings.desk_port_of(desk) if self._port else 0
                self._desks[desk] = listen(port, "KINDINBEELD_DESK_PORT, 0 for any, or leave the desks out: --no-desks")
            if self._stem is not None:
                await self._stem.begin()  # it reads modules while the servers start
            await self._start_postgres()
            address, parts = await self._start_ledger()
            urls = {desk: url_of(listening) for desk, listening in self._desks.items()}
            self._record = SystemRecord(
                address,
                url_of(self._socket),
                clock=self._clock,
                parts=parts,
                desks=urls,
                database=self._settings.database,
                workers=self._settings.workers,
            )
            self._record.write(self._data_dir)
            path = str(self._data_dir.path)
            self._children = [
                self._child("live view", _VIEW, [path]),
                *(self._worker(number, path) for number in range(1, self._workers + 1)),
                self._child("page", _PAGE, [path], self._socket),
            ]
            for child in self._children:
                await child.start()
            await self._wait_ready()
            await self._start_desks(path)
        except BaseException:
            await self.stop()
            raise

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every part running until ``stop`` is set."""
        watches = [asyncio.create_task(child.watch(self._tell_processes)) for child in self._children]
        watches.append(asyncio.create_task(self._watch_servers()))
        watches.append(asyncio.create_task(Keeping(self._data_dir, self._settings.archive_seconds).run()))
        try:
            await stop.wait()
        finally:
            await end_tasks(watches)

    def set_clock(self, clock: Clock) -> None:
        """Go on by another clock: every process that reads the record from now on follows it."""
        self._clock = clock
        self._record = replace(self.record, clock=clock)
        self._record.write(self._data_dir)

    async def stop(self) -> None:
        """Stop the parts, the ledger last, and give the directory free."""
        await asyncio.gather(*(child.stop() for child in self._children))
        if self._stem is not None:
            await self._stem.stop()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)
        for listening in (self._socket, *self._desks.values()):
            if listening is not None:
                listening.close()
        if self._record is not None:
            SystemRecord.remove(self._data_dir)
        self._data_dir.unlock()

    async def _start_desks(self, path: str) -> None:
        """Start the desks. They are not waited for: their ports listen, and who asks early is answered a bit later."""
        for desk, listening in self._desks.items():
            child = self._child(f"desk {desk}", _DESK, [desk, path], listening)
            self._children.append(child)
            await child.start()
        self._tell_processes()

    def _tell_processes(self) -> None:
        """Tell in the record which processes the desks are."""
        pids = {name: child.pid for child in self._children for name in self._desks if child.name == f"desk {name}"}
        self._record = replace(self.record, pids={name: pid for name, pid in pids.items() if pid is not None})
        with contextlib.suppress(OSError):
            self._record.write(self._data_dir)

    def _child(self, name: str, module: str, arguments: Sequence[str], listening: socket.socket | None = None) -> Child:
        database = self._settings.database
        environment = {} if database is None else {"KINDINBEELD_DATABASE": database}
        return Child(name, module, arguments, listening=listening, environment=environment, stem=self._stem)

    def _worker(self, number: int, path: str) -> Child:
        return self._child(f"worker {number}", _WORKER, [path, str(number), str(self._workers)])

    async def _start_postgres(self) -> None:
        """Start the database, where it is ours, and mean it from then on."""
        if self._postgres is not None:
            try:
                url = await asyncio.to_thread(self._postgres.start)
            except (PostgresServerError, OSError) as error:
                raise SystemUnavailable(f"the database does not start: {error}") from None
            self._settings = replace(self._settings, database=url)

    async def _start_ledger(self) -> tuple[NatsAddress, dict[str, NatsAddress]]:
        """Start the ledger; return its address for whoever only reads, and for each part with rights of its own."""
        settings = self._settings
        parts: dict[str, NatsAddress] = {}
        if settings.nats_url is not None:
            address = NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password)
            address = reader = address.trusting(settings.nats_ca)
        else:
            self._server = NatsServer(self._data_dir.nats, sync_interval=settings.sync_interval)
            try:
                address = await asyncio.to_thread(self._server.start)
            except (NatsServerError, OSError) as error:
                raise SystemUnavailable(f"the ledger does not start: {error}") from None
            parts = self._server.parts
            reader = parts["reader"]
        await prepare(address, replicas=settings.replicas)
        return reader, parts

    async def _watch_servers(self) -> None:
        """Start an embedded server again when it ends by itself; everyone connected waits for it."""
        servers = {"ledger": self._server, "database": self._postgres}
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            for part, server in servers.items():
                if server is not None and server.pid is None:
                    _log.error("a part of the system ended; it is started again", part=part)
                    with contextlib.suppress(NatsServerError, PostgresServerError, OSError):
                        await asyncio.to_thread(server.start)

    async def _wait_ready(self) -> None:
        port = int(self.url.rstrip("/").rpartition(":")[2])
        for _ in range(int(_READY_SECONDS / 0.05)):
            if await _answers(port):
                return
            if any(child.pid is None for child in self._children):
                break
            await asyncio.sleep(0.05)
        raise SystemUnavailable("the page does not come up; the log above says why")


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
    # Where people sign in, /health tells others no more than this.
    return str(int(HTTPStatus.OK)).encode() in status and b'"ready"' in body and b"not been read yet" not in body
