"""The systems that are measured: a ledger alone, the whole system, and the live view's process on a ledger."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.nats_address import NatsAddress
from deploy.nats_config import keep_identity
from deploy.nats_server import NatsServer, NatsServerError
from services.bench.figures import NotMeasured
from services.bench.processes import COMMAND, running
from services.ledger import connect
from services.ledger.preparing import prepare
from services.ledger.reading import last_sequence
from services.system import DataDir, SystemRecord, find_system
from services.system.children import VARIABLE


@contextmanager
def bare_ledger(directory: Path, workers: int = 1) -> Iterator[DataDir]:
    """Run a file-backed ledger and nothing else, found by commands as that of a system would be.

    `workers`: among how many its live view is to be divided.
    """
    data_dir = DataDir(directory)
    data_dir.lock()
    server = NatsServer(data_dir.nats)
    try:
        try:
            address = server.start()
        except (NatsServerError, OSError) as error:
            raise NotMeasured(f"the ledger does not start: {error}") from None
        asyncio.run(prepare(address))
        parts = server.parts
        SystemRecord(parts["reader"], parts=parts, workers=workers).write(data_dir)
        yield data_dir
    finally:
        server.stop()
        SystemRecord.remove(data_dir)
        data_dir.unlock()


@contextmanager
def whole_system(directory: Path, settings: Mapping[str, str] = {}) -> Iterator[SystemRecord]:
    """Run `kindinbeeld up` without the desks, which have no part in what is measured, from when it says it is ready."""
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "up.log"
    with running([*COMMAND, "up", "--port", "0", "--no-desks"], directory, log, settings) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        # `up` ends by itself when it does not get ready: then there is an end of its output, not a line.
        if not process.stdout.readline().startswith(b"ready "):
            raise NotMeasured(f"`up` does not get ready: {_last_line(log)}")
        yield find_system(DataDir(directory))


@contextmanager
def live_view(data_dir: DataDir, rebuild_from: int | None = None) -> Iterator[int]:
    """Run the process of the live view on a ledger, as `up` does; gives its process id.

    An empty view is built at once, instead of following, where the ledger holds `rebuild_from` events or more: the
    setting's default when None.
    """
    command = [sys.executable, "-m", "services.view", str(data_dir)]
    extra = {VARIABLE: "1"} | ({} if rebuild_from is None else {"KINDINBEELD_REBUILD_FROM": str(rebuild_from)})
    with running(command, data_dir.path, data_dir.path / "view.log", extra) as process:
        yield process.pid


def set_up_address(data_dir: DataDir) -> NatsAddress:
    """Give the ledger on a data directory as its set-up speaks to it, which may report for every desk."""
    identity = keep_identity(data_dir.nats)
    return NatsAddress(f"nats://127.0.0.1:{identity.port}", identity.user, identity.password)


def newest_sequence(record: SystemRecord) -> int:
    """Give the sequence of the ledger's newest event."""

    async def ask() -> int:
        async with await connect(record.nats, name="benchmark") as ledger:
            return await last_sequence(ledger.nc)

    return asyncio.run(ask())


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
