"""The ledger's history for a command: its valid events, one after another, outside of any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from events import Rejected
from services.ledger.connecting import connect
from services.ledger.message import judge
from services.ledger.reading import read_ledger
from services.system import SystemRecord


def history(record: SystemRecord, upto: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Give (sequence, recorded time in microseconds, bytes) of the valid events, in the order of the ledger.

    ``upto`` is the last sequence that counts; without it the ledger's newest. Messages that are no valid events are
    passed over: the live view lists them. Raises SystemUnavailable when the ledger does not answer.
    """
    with asyncio.Runner() as runner:
        ledger = runner.run(connect(record.nats, name="history"))
        try:
            batches = read_ledger(ledger.nc, upto)
            while (batch := runner.run(anext(batches, None))) is not None:
                for sequence, stamped, subject, raw in batch:
                    try:
                        _, recorded = judge(subject, stamped, raw)
                    except Rejected:
                        continue
                    yield sequence, recorded, raw
        finally:
            runner.run(ledger.close())
