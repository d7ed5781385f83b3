"""Without a browser: a client of the page's stream of server-sent events, which notes when a number arrives."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from services.bench.figures import NotMeasured

_SILENCE: Final = 20.0


class StreamWatch:
    """An open stream, read by a thread of its own."""

    def __init__(self, url: str, why: str) -> None:
        """Open the stream; `why` says why there is no browser."""
        self.how = f"a client of the page's stream, not a browser: {why}"
        self._sights: list[tuple[float, int]] = []
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_SILENCE)
        self._connection.request("GET", "/live?topic=now:&lang=nl", headers={"Accept": "text/event-stream"})
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            raise NotMeasured(f"the page's stream answers with status {self._answer.status}")
        self._thread = threading.Thread(target=self._read, name="stream", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError, ValueError, http.client.HTTPException, AttributeError):  # it was closed
            while line := self._answer.readline():
                at = time.time()
                if line.startswith(b"data: "):
                    told = json.loads(line[6:]).get("slots", {}).get("n-all")
                    if told:
                        digits = "".join(filter(str.isdigit, told[0]))
                        self._sights.append((at, int(digits or 0)))

    async def shown(self) -> int:
        """Give the last national number that arrived."""
        return self._sights[-1][1] if self._sights else 0

    async def sights(self) -> dict[str, list[tuple[float, int]]]:
        """Give every number that arrived."""
        return {"page": list(self._sights)}

    def close(self) -> None:
        """Close the stream."""
        with suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(2)
        self._thread.join(5)
        self._connection.close()


@asynccontextmanager
async def over_stream(url: str, why: str) -> AsyncIterator[StreamWatch]:
    """Follow the page's stream."""
    watch = await asyncio.to_thread(StreamWatch, url, why)
    try:
        yield watch
    finally:
        await asyncio.to_thread(watch.close)
