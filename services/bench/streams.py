"""Many open pages: their streams, in a process of its own that notes when each of them shows which number.

Run by `services.bench.many_pages`: says `{"open": N}` when every page has shown a number, and answers the lines
`shown` (the least that any page shows) and `sights` (of each page, when it showed which number) as JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Final
from urllib.parse import urlsplit

__all__ = ["TOPICS", "main"]

TOPICS: Final = {"now:": 120, "table:all": 60, "municipality:GM0014:all": 20}
"""How many pages follow what; the pages of a municipality are open, but their numbers are not the country's."""
_SLOT: Final = re.compile(rb'"n-(?:all|here)":\["([\d.]+)"')
_LINE: Final = 1 << 24

Sights = list[tuple[float, int]]


class Stream:
    """One open page."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.sights: Sights = []
        self.first = asyncio.Event()

    async def follow(self, host: str, port: int) -> None:
        """Read the stream until it ends."""
        reader, writer = await asyncio.open_connection(host, port, limit=_LINE)
        ask = f"GET /live?topic={self.topic}&lang=nl HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"
        writer.write(ask.encode())
        try:
            async for line in reader:
                if line.startswith(b"data: ") and (number := self._number(line)) is not None:
                    self.sights.append((time.time(), number))
                    self.first.set()
        finally:
            writer.close()

    def _number(self, line: bytes) -> int | None:
        if self.topic.startswith("table:"):
            total = json.loads(line[6:]).get("cells", {}).get("total")
            return int(total[-1][1].replace(".", "")) if total else None
        found = _SLOT.search(line)
        return int(found[1].replace(b".", b"")) if found else None


async def _serve(url: str) -> None:
    at = urlsplit(url)
    streams = [Stream(topic) for topic, count in TOPICS.items() for _ in range(count)]
    tasks = [asyncio.create_task(stream.follow(at.hostname or "", at.port or 80)) for stream in streams]
    async with asyncio.timeout(60):
        await asyncio.gather(*(stream.first.wait() for stream in streams))
    _say({"open": len(streams)})
    national = [stream for stream in streams if not stream.topic.startswith("municipality:")]
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if line == "shown":
            _say(min(stream.sights[-1][1] for stream in national))
        else:
            _say([stream.sights for stream in national])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Open the pages at the address given, and answer until the input ends."""
    asyncio.run(_serve(sys.argv[1]))


if __name__ == "__main__":
    main()
