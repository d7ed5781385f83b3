"""How far two hundred open pages are behind the ledger, at a steady 500 events a second."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from services.bench.context import Bench
from services.bench.figures import Figure, NotMeasured, Target, percentile
from services.bench.latency import Sight, latencies, published_to
from services.bench.processes import running
from services.bench.streams import TOPICS
from services.bench.systems import whole_system
from services.system import DataDir

__all__ = ["pages"]

RATE: Final = 500
TARGET: Final = Target(500.0)
_WARM_UP: Final = 1.0
_SECONDS, _QUICK_SECONDS = 10.0, 4.0


class ManyPages:
    """The pages' process, as `services.bench.latency` watches one page."""

    how = "pages"

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    async def opened(self) -> int:
        """Wait until all are open; tell how many."""
        return int((await self._read())["open"])

    async def shown(self) -> int:
        """Give the least number that any of them shows."""
        return int(await self._ask("shown"))

    async def all_sights(self) -> list[list[Sight]]:
        """Give what each of them showed when."""
        return [[(at, number) for at, number in page] for page in await self._ask("sights")]

    async def sights(self) -> dict[str, list[Sight]]:
        """Give what the first of them showed when."""
        return {"page": (await self.all_sights())[0]}

    async def _ask(self, word: str) -> Any:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        try:
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()
        except OSError:
            raise NotMeasured("the open pages have ended") from None
        return await self._read()

    async def _read(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise NotMeasured("the open pages have ended")
        return json.loads(line)


def pages(bench: Bench) -> Iterator[Figure]:
    """Ten seconds (four when quick; one when there are few events) are counted, after one that is not."""
    bench.say("measuring two hundred open pages")
    place = bench.place("pages")
    seconds = _QUICK_SECONDS if bench.asked.quick else _SECONDS
    seconds = seconds if bench.judged else _WARM_UP
    with whole_system(place) as record:
        waited, count = asyncio.run(_measure(record.page_url or "", DataDir(place), place, seconds))
    note = f"{count} pages ({', '.join(f'{n} {topic}' for topic, n in TOPICS.items())}); {RATE} events a second"
    worst = max(percentile(each, 0.99) for each in waited)
    every = [one for each in waited for one in each]
    yield Figure("pages-p50", "ledger to 200 pages, 50 of 100 events within", "ms", percentile(every, 0.5))
    target = TARGET if bench.judged else None
    yield Figure("pages-p99", "the slowest of 200 pages, 99 of 100 events within", "ms", worst, target, note)
    yield Figure("pages-max", "ledger to 200 pages, the slowest event of any", "ms", max(every))


async def _measure(url: str, data_dir: DataDir, place: Path, seconds: float) -> tuple[list[list[float]], int]:
    command = [sys.executable, "-m", "services.bench.streams", url]
    async with published_to(data_dir) as publishing:
        with running(command, place, place / "pages.log") as process:
            watch = ManyPages(process)
            count = await watch.opened()
            published = await publishing.run(watch, RATE, _WARM_UP + seconds)
            sights = await watch.all_sights()
            if process.stdin is not None:
                process.stdin.close()
    skipped = int(_WARM_UP * RATE)
    return [latencies(published, each)[skipped:] for each in sights], count
