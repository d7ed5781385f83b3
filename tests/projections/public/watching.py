"""Publishing a history day after day as the system does, and collecting everything that was ever served of it."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from starlette.applications import Starlette

from projections.fold.calendar import Closure
from projections.live.message import Message, Taken
from projections.public import PublicStore, take_snapshot
from services.web.open_data import create_routes
from tests.support.live import fed_view

Key = tuple[str, str, str]
"""A place or area, a sector or `all`, a week."""
Bounds = tuple[int, int]


@dataclass
class Instant:
    """What everyone saw at one instant: each number as the least and the most that it may be."""

    cells: dict[Key, Bounds] = field(default_factory=dict)
    areas: dict[Key, Bounds] = field(default_factory=dict)


@dataclass
class Watched:
    """All that was served, by day; and for whoever makes another history: the closures as they stood at each."""

    files: dict[str, dict[str, bytes]]
    closures: list[tuple[Closure, ...]]
    made: list[int]

    @property
    def instants(self) -> list[Instant]:
        """The numbers in what was served, read from it as anyone would."""
        return [read(files) for files in self.files.values()]


@contextmanager
def published(
    messages: Sequence[Message], moments: Sequence[int]
) -> Iterator[tuple[PublicStore, list[Any], list[int]]]:
    """Publish, where one is due, a table at each of the moments, of what was recorded until then."""
    with fed_view() as fed, TemporaryDirectory() as directory:
        store = PublicStore(Path(directory) / "public.sqlite")
        known = sorted((m for m in messages if isinstance(m, Taken)), key=lambda message: message.recorded)
        known = [message._replace(position=number) for number, message in enumerate(known, 1)]
        closures: list[Any] = []
        made: list[int] = []
        taken = 0
        for moment in moments:
            until = sum(message.recorded <= moment for message in known)
            if until > taken:
                fed.feed(known[taken:until], [20_000])
                taken = until
            snapshot = take_snapshot(fed.reader, moment) if store.due(moment) else None
            if snapshot is not None and store.publish(snapshot):
                closures.append(fed.reader.closures())
                made.append(moment)
        yield store, closures, made


def watch(messages: Sequence[Message], moments: Sequence[int]) -> Watched:
    """Publish a history and fetch everything, of every day, over HTTP."""
    with published(messages, moments) as (store, closures, made):
        app = Starlette(routes=create_routes(store))

        async def fetch() -> dict[str, dict[str, bytes]]:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://public") as client:
                dates = (await client.get("/v1/open-data/dates.json")).json()["dates"]
                files: dict[str, dict[str, bytes]] = {}
                for day in dates:
                    for name in ("unreached.csv", "unreached.json", "areas.csv", "areas.json"):
                        answer = await client.get(f"/v1/open-data/{name}", params={"date": day})
                        assert answer.status_code == 200
                        files.setdefault(day, {})[name] = answer.content
                return files

        return Watched(asyncio.run(fetch()), closures, made)


def read(files: dict[str, bytes]) -> Instant:
    """Read the numbers of one day, from all its files, as they are shown and as they are bounded."""
    instant = Instant()
    for name, into in (("unreached", instant.cells), ("areas", instant.areas)):
        for row in csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())):
            key = row.get("municipality") or row["area"], row["sector"], row["week"]
            bounds = bounds_of(row["unreached"])
            assert bounds == (int(row["unreached_low"]), int(row["unreached_high"]))
            into[key] = bounds
    return instant


def bounds_of(shown: str) -> Bounds:
    """What a number as shown says."""
    if shown == "<5":
        return 1, 4
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", shown)
    assert found
    return int(found[1]), int(found[2] or found[1])
