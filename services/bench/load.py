"""Reports over HTTP, given to a desk from a process of its own: ``python -m services.bench.load PLAN``, a JSON object.

Bare sockets and ready-made requests, so that what is measured is the desk and as little as possible the one who asks.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from services.bench.crisis import Crisis

__all__ = ["Load", "Plan"]

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(frozen=True)
class Plan:
    """`requests` requests of `batch` reports each (0: single ones) over `connections` connections.

    `rate`: so many requests a second, each when it is due, whatever became of the one before; 0: the next as soon as a
    connection is free. The first `skip` requests are not counted.
    """

    port: int
    requests: int
    connections: int
    batch: int = 0
    rate: int = 0
    skip: int = 0


@dataclass
class Load:
    """What came of it: milliseconds from when a request was due to the end of its answer; seconds from first to last.

    `answers`: how many there were of each status, with batches by what became of each report.
    """

    waited: list[float] = field(default_factory=list)
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)


class _Connection(asyncio.Protocol):
    """One connection, kept open: one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answered: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(_HEAD_END)
        if not found:
            return
        at = head.lower().index(_LENGTH) + len(_LENGTH)
        if len(rest) >= int(head[at:].split(b"\r\n", 1)[0]) and self._answered is not None:
            self._buffer = b""
            self._answered.set_result((head[9:12], rest))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the desk closed the connection"))

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request; give the status and the body of its answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self._transport.close()


def _requests(plan: Plan) -> list[bytes]:
    crisis = Crisis()
    kind = b"application/cloudevents-batch+json" if plan.batch else b"application/cloudevents+json"
    made = []
    for _ in range(plan.requests):
        if plan.batch:
            body = b"[" + b",".join(crisis.report()[1] for _ in range(plan.batch)) + b"]"
        else:
            body = crisis.report()[1]
        made.append(
            b"POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s"
            % (plan.port, kind, len(body), body)
        )
    return made


async def give(plan: Plan, requests: Sequence[bytes]) -> Load:
    """Send the requests; give what came of them. Raises OSError when the desk does not answer."""
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(_Connection, "127.0.0.1", plan.port))[1] for _ in range(plan.connections)
    ]
    load, answers = Load(), Counter[str]()
    due: deque[tuple[float, bytes]] = deque()
    more = asyncio.Semaphore(0)
    ended = [0.0]

    async def work(connection: _Connection) -> None:
        while True:
            await more.acquire()
            if not due:
                return
            when, request = due.popleft()
            status, body = await connection.ask(request)
            now = time.perf_counter()
            load.waited.append((now - (when or now)) * 1000)
            ended[0] = now
            if plan.batch and status == b"200":
                answers.update({"accepted": json.loads(body)["accepted"]})
            else:
                answers[status.decode()] += 1

    working = [asyncio.create_task(work(connection)) for connection in connections]
    begun = time.perf_counter()
    for index, request in enumerate(requests):
        if plan.rate:
            when = begun + index / plan.rate
            early = when - time.perf_counter()
            if early > 0:
                await asyncio.sleep(early)
            # A loop counts in whole milliseconds, and may wake a moment early.
            due.append((min(when, time.perf_counter()), request))
        else:
            due.append((0.0, request))
        more.release()
    for _ in working:
        more.release()
    try:
        await asyncio.gather(*working)
    finally:
        for connection in connections:
            connection.close()
    load.seconds = ended[0] - begun
    load.waited = load.waited[plan.skip :]
    load.answers = dict(answers)
    return load


if __name__ == "__main__":
    import uvloop

    _plan = Plan(**json.loads(sys.argv[1]))
    _made = _requests(_plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as _runner:
        json.dump(asdict(_runner.run(give(_plan, _made))), sys.stdout)
