"""Bringing a view that nobody else writes to a position of the ledger: one that was built beside the one in place."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from eventsourcing.persistence import PersistenceError

from projections.live.database import ViewAwayError
from projections.live.message import Message, Source, take
from projections.live.store import open_store
from projections.live.storing import Store
from projections.live.view import LiveView
from projections.parts.together import Together
from services.ledger.connecting import connect
from services.ledger.reading import read_ledger
from services.system import DataDir, SystemUnavailable, find_system
from services.view.newest import newest

if TYPE_CHECKING:
    from projections.rebuild import Told

__all__ = ["Beside", "bring", "bring_up"]

_FEW: Final = 2_000
"""Messages that are left for the moment of a switch: the work of some tenths of a second."""
_ROUNDS: Final = 20
_STEP: Final = "catching up with the ledger"
_TOLD_SECONDS: Final = 1.0


class Beside(NamedTuple):
    """A view in a PostgreSQL database that is not in place."""

    url: str
    number: int


class _Written(Protocol):
    """One view, or all parts of one."""

    @property
    def position(self) -> int: ...
    def take(self, messages: Sequence[Message]) -> None: ...
    def pass_to(self, position: int) -> None: ...
    def write(self) -> object: ...


def bring(
    data_dir: DataDir, place: Path | Beside, until: int, patience: float | None = None, told: Told | None = None
) -> None:
    """Take in what came to the ledger up to a position, which it has; ``place``: also a directory of parts.

    Raises SystemUnavailable when the ledger does not answer, the view cannot be used, or ``patience`` (seconds) ends.
    """
    try:
        asyncio.run(_bring(data_dir, place, until, patience, told or _nothing))
    except TimeoutError:
        raise SystemUnavailable("the new view does not come to where the ledger is") from None
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None
    except (sqlite3.Error, PersistenceError) as error:
        raise SystemUnavailable(f"the new view cannot be used ({type(error).__name__})") from None


def bring_up(data_dir: DataDir, place: Path | Beside, told: Told) -> None:
    """Take in what is in the ledger, which goes on to grow, until few are left.

    Raises SystemUnavailable as `bring` does, and when more comes than can be taken in.
    """
    for _ in range(_ROUNDS):
        last = asyncio.run(newest(data_dir))
        bring(data_dir, place, last, told=told)
        if asyncio.run(newest(data_dir)) - last < _FEW:
            return
    raise SystemUnavailable("more comes to the ledger than the new view takes in: try again when it is quieter")


def _nothing(step: str, done: int, of: int) -> None:
    """Tell nobody."""


async def _bring(data_dir: DataDir, place: Path | Beside, until: int, patience: float | None, told: Told) -> None:
    async with asyncio.timeout(patience):
        with _opened(place) as view:
            first = view.position
            if first >= until:
                return
            told(_STEP, 0, until - first)
            again = time.monotonic() + _TOLD_SECONDS
            async with await connect(find_system(data_dir).nats, name="rebuild", patient=True) as ledger:
                async for batch in read_ledger(ledger.nc, until, first + 1):
                    view.take(
                        [take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in batch]
                    )
                    view.write()
                    if time.monotonic() > again:
                        told(_STEP, view.position - first, until - first)
                        again = time.monotonic() + _TOLD_SECONDS
            view.pass_to(until)
            view.write()
            told(_STEP, until - first, until - first)


@contextmanager
def _opened(place: Path | Beside) -> Iterator[_Written]:
    if isinstance(place, Path) and place.is_dir():
        with closing(Together(place)) as parts:
            yield parts
        return
    store: Store
    if isinstance(place, Path):
        store = open_store(place)
    else:
        from projections.live.postgres.store import open_beside

        store = open_beside(*place)
    try:
        yield LiveView(store)
    finally:
        store.datastore.close()
