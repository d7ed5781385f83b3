"""Asking the live view from a command: wait until it has what the ledger has, then read its database."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nats.errors import NoRespondersError

from events import VIEW_STATUS
from projections.live.database import UNREADABLE, Place, ViewAwayError
from projections.live.reading import LiveReader
from services.ledger.connecting import connect
from services.ledger.reading import last_sequence
from services.system import DataDir, SystemRecord, SystemUnavailable, place_of

_LOOK: Final = 0.02
_AGAIN: Final = 0.2
_ANSWER: Final = 2.0


@contextmanager
def caught_up_reader(data_dir: DataDir, record: SystemRecord, patience: float) -> Iterator[LiveReader]:
    """Give a reader of the live view that has all that the ledger holds at this moment.

    A view that is not there yet, or whose database comes up again, is waited for as one that is behind is. When it has
    not all within ``patience`` seconds, says on standard error how far it is behind and gives it as it is.
    Raises SystemUnavailable when the ledger does not answer or there is no view by then.
    """
    wanted = asyncio.run(_last(record))
    reader = _caught_up(data_dir, record, wanted, time.monotonic() + patience)
    try:
        yield reader
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None
    finally:
        reader.close()


def _caught_up(data_dir: DataDir, record: SystemRecord, wanted: int, deadline: float) -> LiveReader:
    while True:
        try:
            return _opened(place_of(record, data_dir), wanted, deadline)
        except UNREADABLE as trouble:
            if time.monotonic() > deadline:
                if isinstance(trouble, ViewAwayError):
                    raise SystemUnavailable(str(trouble)) from None
                raise SystemUnavailable(f"there is no live view in {data_dir}; is the system starting?") from None
        time.sleep(_AGAIN)


def _opened(place: Place, wanted: int, deadline: float) -> LiveReader:
    reader = LiveReader(place)
    try:
        _wait(reader, wanted, deadline)
    except BaseException:
        reader.close()
        raise
    return reader


def _wait(reader: LiveReader, wanted: int, deadline: float) -> None:
    while (position := _position(reader)) < wanted:
        if time.monotonic() > deadline:
            print(
                f"the live view is {wanted - position} events behind the ledger; what follows is of before",
                file=sys.stderr,
            )
            return
        time.sleep(_LOOK)


def _position(reader: LiveReader) -> int:
    reader.refresh()  # another view may take its place meanwhile, and only that one goes on
    return reader.position


async def _last(record: SystemRecord) -> int:
    async with await connect(record.nats, name="counts") as ledger:
        return await last_sequence(ledger.nc)


def runs(record: SystemRecord) -> bool:
    """Tell whether a process keeps the live view now; one that is busy does. Raises SystemUnavailable."""
    return asyncio.run(_answers(record))


async def _answers(record: SystemRecord) -> bool:
    async with await connect(record.nats, name="rebuild") as ledger:
        try:
            await ledger.nc.request(VIEW_STATUS, b"", timeout=_ANSWER)
        except NoRespondersError:
            return False
        except TimeoutError:
            pass
    return True
