"""What a page weighs with everything that it loads at first, and how soon something of it is painted."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.bench.browser import VARIABLE
from services.bench.context import Bench
from services.bench.figures import Figure, NotMeasured, Target, percentile
from services.bench.latency import published_to
from services.bench.processes import running
from services.bench.systems import whole_system
from services.system import DataDir

__all__ = ["PATHS", "Opened", "figures_of", "opening"]

PATHS: Final = ("/", "/kaart", "/gemeenten", "/gemeenten/GM0014")
WEIGHT: Final = Target(400.0)
"""kB of 1,000 bytes, as sent: compressed, with headers; without the pictures of charts."""
PAINT: Final = Target(1000.0)
_LOADS, _QUICK_LOADS, _TRIAL_LOADS = 5, 3, 1


@dataclass(frozen=True)
class Opened:
    """One load of a page by somebody who has nothing of it yet. Bytes as sent; milliseconds to the first paint."""

    page: int
    pictures: int
    paint: float


def opening(bench: Bench) -> Iterator[Figure]:
    """Each page is opened five times (three when quick; once when there are few events), in turn."""
    bench.say("measuring what opening a page takes")
    place = bench.place("opening")
    loads = _TRIAL_LOADS if not bench.judged else _QUICK_LOADS if bench.asked.quick else _LOADS
    with whole_system(place) as record:
        version, opened = asyncio.run(_measure(record.page_url or "", DataDir(place), loads))
    yield from figures_of(version, opened, judged=bench.judged)


def figures_of(version: str, opened: Mapping[str, Sequence[Opened]], *, judged: bool) -> Iterator[Figure]:
    """Give the figures of all loads, by page; `version` is the browser's."""
    heaviest = {path: max(load.page for load in loads) / 1000 for path, loads in opened.items()}
    drawn = {path: max(load.pictures for load in loads) / 1000 for path, loads in opened.items()}
    note = ", ".join(
        f"{path} {size:.0f} kB" + (f" (pictures {drawn[path]:.0f})" if drawn[path] else "")
        for path, size in heaviest.items()
    )
    target, label = WEIGHT if judged else None, "the heaviest page with all that it loads"
    yield Figure("opening-weight", label, "kB", max(heaviest.values()), target, note)
    paints = {path: [load.paint for load in loads] for path, loads in opened.items()}
    every = [paint for each in paints.values() for paint in each]
    medians = ", ".join(f"{path} {percentile(each, 0.5):.0f}" for path, each in paints.items())
    worst = ", ".join(f"{path} {max(each):.0f}" for path, each in paints.items())
    yield Figure("opening-paint-p50", "first paint of a page, the median", "ms", percentile(every, 0.5), note=medians)
    target = PAINT if judged else None
    note = f"Chromium {version}, {len(every)} loads, nothing kept; {worst}"
    yield Figure("opening-paint-max", "first paint of a page, the slowest", "ms", max(every), target, note)


async def _measure(url: str, data_dir: DataDir, loads: int) -> tuple[str, dict[str, list[Opened]]]:
    chosen = {VARIABLE: os.environ[VARIABLE]} if os.environ.get(VARIABLE) else {}
    command = [sys.executable, "-m", "services.bench.opened", url, str(loads), *PATHS]
    async with published_to(data_dir):
        # Ended in any case: it is the browser's process, which an interrupt does not reach.
        with running(command, data_dir.path, data_dir.path / "opened.log", chosen) as process:
            told = await asyncio.to_thread(_told, process)
    return told["version"], {path: [Opened(*load) for load in each] for path, each in told["opened"].items()}


def _told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    line = process.stdout.readline()
    told: dict[str, Any] = json.loads(line) if line else {"missing": "the browser has ended"}
    if "missing" in told:
        raise NotMeasured(told["missing"])
    return told
