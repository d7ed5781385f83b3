"""From publish to the new number in an open page, on the real system, at a steady 1,000 events a second.

Every event published is one pupil more, so that the national number tells which event it is: the event with which the
number becomes n is on the page as soon as the page shows n or more. Publishing and looking read the same machine's
clock; a look is rounded up to the next millisecond.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from services.bench.browser import NoBrowser
from services.bench.catching_up import position_of
from services.bench.context import Bench
from services.bench.crisis import Crisis, Message
from services.bench.figures import Figure, NotMeasured, Target, percentile
from services.bench.in_browser import in_browser
from services.bench.over_stream import over_stream
from services.bench.systems import set_up_address, whole_system
from services.ledger import Publisher, connect
from services.ledger.reading import last_sequence
from services.system import DataDir, SystemRecord

RATE: Final = 1000
TARGET: Final = Target(60.0)
UNREACHED: Final = 8_000
"""Pupils not reached before the measuring begins: about as many as there were."""
_WARM_UP: Final = 1.0
"""Seconds of publishing that are not counted."""
_SECONDS, _QUICK_SECONDS = 10.0, 4.0
_PATIENCE: Final = 30.0

Sight = tuple[float, int]
"""When (seconds since 1970) which number was seen."""


class Watch(Protocol):
    """An open page."""

    how: str

    async def shown(self) -> int:
        """Give the national number that it shows now."""

    async def sights(self) -> dict[str, list[Sight]]:
        """Give every change of it, by kind of look: `page`, and `painted` where that can be told."""


class Published(NamedTuple):
    """When each event was published, and what the page showed before the first of them."""

    before: int
    times: list[float]


def live(bench: Bench) -> Iterator[Figure]:
    """Ten seconds (four when quick; one when there are few events) are counted, after one that is not."""
    bench.say("measuring from publish to page")
    place = bench.place("live")
    seconds = _QUICK_SECONDS if bench.asked.quick else _SECONDS
    seconds = seconds if bench.judged else _WARM_UP
    with whole_system(place) as record:
        how, published, sights = asyncio.run(_measure(record, DataDir(place), seconds))
    skipped = int(_WARM_UP * RATE)
    found = latencies(published, sights["page"])[skipped:]
    counted = published.times[skipped:]
    pace = (len(counted) - 1) / (counted[-1] - counted[0])
    note = f"{how}; {len(found):,} events at {pace:,.0f}/s"
    for name, share in (("50", 0.50), ("95", 0.95), ("99", 0.99)):
        target = TARGET if name == "99" and bench.judged else None
        label = f"publish to page, {name} of 100 events within"
        yield Figure(f"live-p{name}", label, "ms", percentile(found, share), target, note if name == "99" else "")
    yield Figure("live-max", "publish to page, the slowest event", "ms", max(found))
    if "painted" in sights:
        painted = latencies(published, sights["painted"])[skipped:]
        label = "publish to painted frame, 99 of 100 events within"
        yield Figure("live-painted-p99", label, "ms", percentile(painted, 0.99), note="after the frame was drawn")


def latencies(published: Published, sights: Sequence[Sight]) -> list[float]:
    """Give for each event the milliseconds until its number, or a later one, was seen. Raises NotMeasured."""
    waited: list[float] = []
    seen = iter(sights)
    at, number = next(seen, (0.0, -1))
    for count, when in enumerate(published.times, start=1):
        while number < published.before + count:
            try:
                at, number = next(seen)
            except StopIteration:
                raise NotMeasured(f"the page never showed {len(published.times) - count + 1:,} of the events") from None
        waited.append((at - when) * 1000)
    return waited


class Publishing:
    """A ledger with a closure and pupils not reached, to which more reports are published at a steady pace."""

    def __init__(self, data_dir: DataDir, publisher: Publisher[None], crisis: Crisis) -> None:
        self._data_dir, self._publisher, self._crisis = data_dir, publisher, crisis

    async def open(self, newest: Callable[[], Awaitable[int]]) -> None:
        """Publish what stands before the measuring begins, and wait until the live view has it."""
        for subject, raw in self._crisis.opening(UNREACHED):
            await self._publisher.publish(subject, raw, None)
        await self._publisher.drain()
        await _until(self._data_dir, await newest())

    async def run(self, watch: Watch, rate: int, seconds: float) -> Published:
        """Publish for so many seconds, once the page shows what was before; wait until it shows all."""
        reports = [self._crisis.report() for _ in range(int(seconds * rate))]
        before = await _settled(watch)
        times = await _publish(self._publisher, reports, rate)
        await self._publisher.drain()
        await _reached(watch, before + len(reports))
        return Published(before, times)


@asynccontextmanager
async def published_to(data_dir: DataDir) -> AsyncIterator[Publishing]:
    """Connect to a system's ledger, and fill it with what stands before the measuring."""
    async with (
        await connect(set_up_address(data_dir), name="benchmark") as ledger,
        Publisher[None](ledger, patience=60) as publisher,
    ):
        publishing = Publishing(data_dir, publisher, Crisis())
        await publishing.open(lambda: last_sequence(ledger.nc))
        yield publishing


async def _measure(
    record: SystemRecord, data_dir: DataDir, seconds: float
) -> tuple[str, Published, dict[str, list[Sight]]]:
    async with (
        published_to(data_dir) as publishing,
        _watching(record.page_url or "", data_dir.path) as watch,
    ):
        published = await publishing.run(watch, RATE, _WARM_UP + seconds)
        return watch.how, published, await watch.sights()


@asynccontextmanager
async def _watching(url: str, directory: Path) -> AsyncIterator[Watch]:
    """Open the page in a browser; without one, its stream."""
    async with AsyncExitStack() as stack:
        watch: Watch
        try:
            watch = await stack.enter_async_context(in_browser(url, directory))
        except NoBrowser as why:
            watch = await stack.enter_async_context(over_stream(url, str(why)))
        yield watch


async def _publish(publisher: Publisher[None], reports: Sequence[Message], rate: int) -> list[float]:
    """Publish at the pace, each when it is due, whatever became of the one before; give when."""
    times: list[float] = []
    begun = time.perf_counter()
    for index, (subject, raw) in enumerate(reports):
        early = begun + index / rate - time.perf_counter()
        if early > 0:
            await asyncio.sleep(early)
        times.append(time.time())
        await publisher.publish(subject, raw, None)
    publisher.taken()
    return times


async def _until(data_dir: DataDir, position: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while position_of(data_dir.live_view) < position:
        if time.monotonic() > deadline:
            raise NotMeasured("the live view does not catch up")
        await asyncio.sleep(0.05)


async def _settled(watch: Watch) -> int:
    """Wait until the page shows the number of before."""
    await _reached(watch, UNREACHED)
    return await watch.shown()


async def _reached(watch: Watch, number: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (shown := await watch.shown()) < number:
        if time.monotonic() > deadline:
            raise NotMeasured(f"the page stays at {shown:,} of {number:,}")
        await asyncio.sleep(0.2)
