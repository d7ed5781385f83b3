"""The demonstration: a simulated closure that flows into a running system on a simulated clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from events import AMSTERDAM, IMPORT_DESK, TYPE_PREFIX, event_subject, to_micros
from services.ledger.connecting import connect
from services.ledger.publishing import Publisher
from services.simulate import simulate
from services.system import Clock, SystemRecord

STARTS: Final = to_micros(datetime(2020, 3, 15, 17, 0, tzinfo=AMSTERDAM))
"""Half an hour before the first closure was announced; schools were registered before."""
ENDS: Final = to_micros(datetime(2020, 6, 19, 12, 0, tzinfo=AMSTERDAM))
"""Where the simulated clock comes to rest: the first closure has ended everywhere."""

_WEEK: Final = 7 * 24 * 3600
_TICK: Final = 0.05
_MARK: Final = TYPE_PREFIX.encode()


def standing_clock() -> Clock:
    """The clock of the demonstration before it begins."""
    return Clock.simulated(STARTS, 0.0)


def running_clock(seconds_a_week: float) -> Clock:
    """The clock of the demonstration from now on, at so many real seconds for a simulated week."""
    return Clock.simulated(STARTS, _WEEK / seconds_a_week, ends_at=ENDS)


class Player:
    """Publishes the simulated history, each event when the simulated clock reaches its recorded time."""

    def __init__(self, record: SystemRecord, *, seed: int, scale: float) -> None:
        """Prepare the history; nothing is published yet."""
        self._record = record
        self._history: Iterator[tuple[int, bytes]] = simulate(seed, "first", scale)
        self._next: tuple[int, bytes] | None = next(self._history, None)

    @property
    def over(self) -> bool:
        """Whether everything up to the end of the demonstration has been published."""
        return self._next is None or self._next[0] > ENDS

    async def play(self, clock: Clock) -> None:
        """Publish what was recorded up to the clock's time, and go on with it until the history is over."""
        async with (
            await connect(self._record.address_of(IMPORT_DESK), name="demo", patient=True) as ledger,
            Publisher[None](ledger) as publisher,
        ):
            while not self.over:
                await self._publish_until(clock.now(), publisher)
                await asyncio.sleep(_TICK)

    async def open(self) -> None:
        """Publish what was known before the demonstration begins."""
        async with (
            await connect(self._record.address_of(IMPORT_DESK), name="demo") as ledger,
            Publisher[None](ledger) as publisher,
        ):
            await self._publish_until(STARTS, publisher)

    async def _publish_until(self, instant: int, publisher: Publisher[None]) -> None:
        while self._next is not None and self._next[0] <= instant:
            line = self._next[1]
            await publisher.publish(event_subject(IMPORT_DESK, _kind(line)), line, None)
            self._next = next(self._history, None)
        await publisher.drain()
        publisher.taken()


def _kind(line: bytes) -> str:
    """Read the kind off a line that the simulation wrote."""
    begin = line.index(_MARK) + len(_MARK)
    return line[begin : line.index(b'"', begin)].decode()
