"""A running ledger for tests: the real nats-server on loopback, its streams, and system.json in a data directory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.nats_server import NatsServer
from deploy.streams import make_streams
from events import EVENTS_STREAM, IMPORT_DESK, event_subject, parse_event
from services.ledger import Entry, Ledger, connect, read_ledger
from services.system import Clock, DataDir, SystemRecord, place_of
from tests.support.inside import run_inside

COMMAND = Path(sys.executable).with_name("kindinbeeld")


@dataclass
class RunningLedger:
    """A ledger that runs on `data_dir`, as `kindinbeeld up` would leave it for the commands to find."""

    data_dir: DataDir
    server: NatsServer
    clock: Clock = field(default_factory=Clock)
    database: str | None = None
    workers: int = 1

    @property
    def view(self) -> Path | str:
        """Where its live view is."""
        return place_of(self.record, self.data_dir)

    @property
    def record(self) -> SystemRecord:
        """What system.json says."""
        parts = self.server.parts
        return SystemRecord(
            parts["reader"], clock=self.clock, parts=parts, database=self.database, workers=self.workers
        )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Ledger]:
        """A connection to it."""
        async with await connect(self.server.address, name="test") as ledger:
            yield ledger

    async def store(self, *raw: bytes, desk: str = IMPORT_DESK) -> list[int]:
        """Publish events, unchecked and as they are, and return their sequences."""
        async with self.connected() as ledger:
            js = ledger.nc.jetstream()
            return [(await js.publish(event_subject(desk, parse_event(each).kind), each)).seq for each in raw]

    async def stored(self, stream: str = EVENTS_STREAM) -> list[Entry]:
        """Everything that lies in a stream."""
        async with self.connected() as ledger:
            return [entry async for batch in read_ledger(ledger.nc, stream=stream) for entry in batch]

    def run(
        self, *arguments: str | Path, input: bytes | None = None, timeout: float = 300
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `kindinbeeld` on this system, in a process of its own."""
        return run_command(*arguments, data_dir=self.data_dir.path, input=input, timeout=timeout)

    def run_inside(self, *arguments: str | Path, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run `kindinbeeld` on this system, in the test's own process, which is much quicker."""
        return run_inside(*arguments, data_dir=self.data_dir.path, input=input)


def run_command(
    *arguments: str | Path, data_dir: Path, input: bytes | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[bytes]:
    """Run `kindinbeeld` on a data directory, in a process of its own and with no other settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    environment["KINDINBEELD_DATA_DIR"] = str(data_dir)
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)], input=input, capture_output=True, env=environment, timeout=timeout
    )


@contextmanager
def running_ledger(
    path: Path, clock: Clock | None = None, database: str | None = None, workers: int = 1
) -> Iterator[RunningLedger]:
    """Start a ledger on the data directory `path`; it ends with the block. `database`, `workers`: of the live view."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    data_dir = DataDir(path)
    data_dir.lock()
    server = NatsServer(data_dir.nats)
    server.start()
    try:
        running = RunningLedger(data_dir, server, clock or Clock(), database, workers)

        async def prepare() -> None:
            async with running.connected() as ledger:
                await make_streams(ledger.nc)

        with ThreadPoolExecutor(1) as pool:  # a test's own loop may be running in this thread
            pool.submit(asyncio.run, prepare()).result()
        running.record.write(data_dir)
        yield running
    finally:
        server.kill()
        SystemRecord.remove(data_dir)
        data_dir.unlock()
