"""Asking the live view from a command: wait until it has what the ledger has, then read its database."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from projections.live.database import UNREADABLE, ViewAwayError
from projections.live.reading import LiveReader
from services.ledger.connecting import connect
from services.ledger.reading import last_sequence
from services.system import DataDir, SystemRecord, SystemUnavailable

_LOOK: Final = 0.02


@contextmanager
def caught_up_reader(data_dir: DataDir, record: SystemRecord, patience: float) -> Iterator[LiveReader]:
    """Give a reader of the live view that has all that the ledger holds at this moment.

    When it has not within ``patience`` seconds, says on standard error how far it is behind and gives it as it is.
    Raises SystemUnavailable when the ledger does not answer or there is no view yet.
    """
    wanted = asyncio.run(_last(record))
    deadline = time.monotonic() + patience
    try:
        reader = LiveReader(record.database or data_dir.live_view)
    except UNREADABLE:
        raise SystemUnavailable(f"there is no live view in {data_dir}; is the system starting?") from None
    try:
        while (position := reader.position) < wanted:
            if time.monotonic() > deadline:
                print(
                    f"the live view is {wanted - position} events behind the ledger; what follows is of before",
                    file=sys.stderr,
                )
                break
            time.sleep(_LOOK)
        yield reader
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None
    finally:
        reader.close()


async def _last(record: SystemRecord) -> int:
    async with await connect(record.nats, name="counts") as ledger:
        return await last_sequence(ledger.nc)
