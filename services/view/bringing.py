"""Bringing a view that nobody else writes to a position of the ledger: one that was built beside the one in place."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from projections.live.message import Message, Source, take
from projections.live.store import open_store
from projections.live.view import LiveView
from projections.parts.together import Together
from services.ledger.connecting import connect
from services.ledger.reading import read_ledger
from services.system import DataDir, SystemUnavailable, find_system

__all__ = ["bring"]


class _Written(Protocol):
    """One view, or all parts of one."""

    @property
    def position(self) -> int: ...
    def take(self, messages: Sequence[Message]) -> None: ...
    def pass_to(self, position: int) -> None: ...
    def write(self) -> object: ...


def bring(data_dir: DataDir, place: Path, until: int, patience: float | None = None) -> None:
    """Take in what came to the ledger up to a position, which it has; ``place``: a file, or a directory of parts.

    Raises SystemUnavailable when the ledger does not answer, the view cannot be used, or ``patience`` (seconds) ends.
    """
    try:
        asyncio.run(_bring(data_dir, place, until, patience))
    except TimeoutError:
        raise SystemUnavailable("the new view does not come to where the ledger is") from None
    except sqlite3.Error as error:
        raise SystemUnavailable(f"the new view cannot be used ({type(error).__name__})") from None


async def _bring(data_dir: DataDir, place: Path, until: int, patience: float | None) -> None:
    async with asyncio.timeout(patience):
        with _opened(place) as view:
            if view.position >= until:
                return
            async with await connect(find_system(data_dir).nats, name="rebuild", patient=True) as ledger:
                async for batch in read_ledger(ledger.nc, until, view.position + 1):
                    view.take(
                        [take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in batch]
                    )
                    view.write()
            view.pass_to(until)
            view.write()


@contextmanager
def _opened(place: Path) -> Iterator[_Written]:
    if place.is_dir():
        with closing(Together(place)) as parts:
            yield parts
        return
    store = open_store(place)
    try:
        yield LiveView(store)
    finally:
        store.datastore.close()
