"""The embedded ledger out to a file and in again, while no system runs on it; and the desks' last reports into it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from eventsourcing.persistence import PersistenceError

from deploy.nats_server import NatsServer, NatsServerError
from events import DESKS, EVENTS_STREAM
from events.lines import read_lines
from services.erasure.desks import Store
from services.ledger.asking import ask
from services.ledger.connecting import connect
from services.ledger.exporting import Export
from services.ledger.preparing import prepare
from services.system import Clock, DataDir, Settings, SystemRecord, SystemUnavailable
from services.system.clock import real_now

__all__ = ["bring_in", "carry", "desks_heard", "digest_of", "running", "take_out"]

_PATIENCE: Final = 120.0
"""Seconds in which a desk's relay has to carry something."""
_LOOK: Final = 0.05


@contextmanager
def running(directory: Path) -> Iterator[SystemRecord]:
    """Run the ledger of a directory for the length of the block. Raises SystemUnavailable when it does not start."""
    server = NatsServer(directory)
    try:
        address = server.start()
        asyncio.run(prepare(address))
    except (NatsServerError, OSError) as error:
        raise SystemUnavailable(f"the ledger does not start: {error}") from None
    try:
        yield SystemRecord(address, parts=server.parts)
    finally:
        server.stop()


def carry(record: SystemRecord, stores: Sequence[Store]) -> None:
    """Carry to the ledger what desks accepted and it may not have. Raises SystemUnavailable when it takes nothing.

    A desk may have more than one store, of which one was in use before: each is carried by itself.
    """
    left = list(stores)
    while left:
        once = {store.desk: store for store in reversed(left)}
        _carry(record, once)
        left = [store for store in left if store is not once[store.desk]]


def _carry(record: SystemRecord, stores: dict[str, Store]) -> None:
    from services.desks.desk import Desk
    from services.desks.relay import Relay

    try:
        with ExitStack() as open_ones:
            desks = [open_ones.enter_context(Desk(name, store.where, real_now)) for name, store in stores.items()]
            for desk in desks:
                open_ones.enter_context(Relay(desk, lambda: record))
            best, since = None, time.monotonic()
            while not all(desk.carried.certain and not desk.backlog for desk in desks):
                left = sum(desk.backlog for desk in desks)
                if best is None or left < best:
                    best, since = left, time.monotonic()
                if time.monotonic() - since > _PATIENCE:
                    raise SystemUnavailable(f"the ledger does not take {left} reports that desks accepted")
                time.sleep(_LOOK)
    except PersistenceError:
        raise SystemUnavailable("the store of a desk cannot be used") from None


def take_out(record: SystemRecord, file: Path, temporary: Path) -> int:
    """Write the events that stand to a new file (mode 600), in the order recorded, and give how many."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out, Export(temporary) as export:
        asyncio.run(_read(record, export))
        export.write(out)
        out.flush()
        os.fsync(out.fileno())
        return export.events


def bring_in(data_dir: DataDir, record: SystemRecord, file: Path) -> int:
    """Import a file into a ledger and give how many events were new. Raises SystemUnavailable when one was rejected."""
    return asyncio.run(_import(data_dir, record, file))


async def _import(data_dir: DataDir, record: SystemRecord, file: Path) -> int:
    from services.ledger.catching_up import catch_up
    from services.ledger.importing import Importer
    from services.ledger.known import import_index

    async with await connect(record.address_of("import"), name="erase") as ledger:
        with import_index(data_dir) as known:
            places = await catch_up(ledger.nc, known, lambda _: None)
            parted = Settings.from_environment().workers > 1
            importer = Importer(ledger, known, places, Clock(), on_rejected=lambda *_: None, keep=False, parted=parted)
            tally = await importer.run(read_lines(str(file)))
    if tally.rejected or tally.known:
        raise SystemUnavailable(f"the new ledger did not take {tally.rejected + tally.known} of the events")
    return tally.new


def digest_of(record: SystemRecord, temporary: Path) -> str:
    """Give the SHA-256 of the events that stand in a ledger, one a line, in the order recorded."""
    found = _Digest()
    with Export(temporary) as export:
        asyncio.run(_read(record, export))
        export.write(found)
    return found.hash.hexdigest()


def desks_heard(record: SystemRecord) -> set[str]:
    """Give the desks whose reports are in a ledger."""
    return asyncio.run(_desks(record)) & set(DESKS)


async def _desks(record: SystemRecord) -> set[str]:
    async with await connect(record.nats, name="erase") as ledger:
        info = await ask(ledger.nc, lambda js: js.stream_info(EVENTS_STREAM, subjects_filter="kib.events.>"))
    return {subject.split(".")[2] for subject in info.state.subjects or ()}


class _Digest:
    """Takes bytes as a file does."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, piece: bytes | memoryview) -> int:
        self.hash.update(piece)
        return len(piece)


async def _read(record: SystemRecord, export: Export) -> None:
    async with await connect(record.nats, name="erase") as ledger:
        await export.read(ledger.nc)
