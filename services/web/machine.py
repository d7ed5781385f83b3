"""What the pages stand on, as metrics: the ledger's copies, room and certificates, and the disk of the data directory.

Looked at beside, now and then, so that `/metrics` never waits for a ledger or a disk: it gives the last answers. What
was not answered the last time is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from events import EVENTS_STREAM, REJECTED_STREAM
from services.ledger.standing import Standing, certificates_of, rooms_of, standing_of
from services.system.disk import Disk

if TYPE_CHECKING:
    from nats.aio.client import Client

    from services.system import SystemRecord

__all__ = ["MEANINGS", "Machine"]

_log = structlog.get_logger(__name__)

MEANINGS: Final = {
    "kib_ledger_bytes": "Bytes that a stream of the ledger takes in one copy.",
    "kib_ledger_copy_current": "Whether a server that is to hold a copy of a stream is there and has all of it.",
    "kib_ledger_store_used_bytes": "Bytes that a server of the ledger stores, of all streams.",
    "kib_ledger_store_limit_bytes": "Bytes that a server of the ledger stores at most: then it takes nothing in.",
    "kib_ledger_certificate_end_timestamp_seconds": "Until when a certificate of the ledger is good.",
    "kib_data_disk_bytes": "Bytes of the disk on which the data directory lies.",
    "kib_data_disk_free_bytes": "Bytes of that disk that are free for us.",
}
"""Every metric, each a gauge: what it means."""

_LOOK: Final = 10.0
"""Seconds from one look to the next."""
_RARELY: Final = 300.0
"""The same for certificates, which change once a year, and for what the ledger never answered."""

_Numbers = dict[str, float]
_Answer = TypeVar("_Answer")
_USED: Final = "kib_ledger_store_used_bytes"
_LIMIT: Final = "kib_ledger_store_limit_bytes"
_ROOMS: Final = "rooms"


class Machine:
    """Looks at what the pages stand on; `text` is what it saw last."""

    def __init__(self, path: Path, record: SystemRecord, client: Callable[[], Client | None]) -> None:
        """`path`: the data directory; `client`: the connection to the ledger of the part `page`, if there is one."""
        self._data_disk, self._client = Disk(path), client
        self._address = record.address_of("page")
        self._seen: list[_Numbers] = [{}, {}, {}]
        self._answered: set[str] = set()
        self._next: dict[str, float] = {}

    def text(self) -> str:
        """Give the metrics in the text format of Prometheus."""
        found = {key: value for seen in self._seen for key, value in seen.items()}
        lines = []
        for name, meaning in MEANINGS.items():
            samples = [f"{key} {value}" for key, value in found.items() if key.partition("{")[0] == name]
            if samples:
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *samples]
        return "".join(f"{line}\n" for line in lines)

    async def run(self) -> None:
        """Look, again and again, until cancelled; each of the three by itself, for each may have to wait."""
        await asyncio.gather(
            self._repeat(0, self._ledger, _LOOK),
            self._repeat(1, self._certificates, _RARELY),
            self._repeat(2, self._disk, _LOOK),
        )

    async def _repeat(self, number: int, look: Callable[[], Awaitable[_Numbers]], every: float) -> None:
        while True:
            try:
                self._seen[number] = await look()
            except Exception as error:
                # A disk that is away, an answer that is not as expected: the next look may do better.
                _log.debug("what the pages stand on cannot be told", why=type(error).__name__)
                self._seen[number] = {}
            await asyncio.sleep(every)

    async def _ledger(self) -> _Numbers:
        nc = self._client()
        found: _Numbers = {}
        if nc is not None and nc.is_connected:
            for stream in (EVENTS_STREAM, REJECTED_STREAM):
                if (standing := await self._asked(stream, partial(standing_of, nc, stream))) is not None:
                    found |= _of(stream, standing)
            for server, room in (await self._asked(_ROOMS, partial(rooms_of, nc)) or {}).items():
                found |= {_key(_USED, server=server): room.used, _key(_LIMIT, server=server): room.limit}
        return found

    async def _asked(self, what: str, ask: Callable[[], Awaitable[_Answer]]) -> _Answer | None:
        """Ask, and give what was answered, if anything.

        What never had an answer while the ledger does answer is not permitted, by the configuration of an earlier
        release, which a server logs each time: it is asked seldom.
        """
        if time.monotonic() < self._next.get(what, 0):
            return None
        answer = await ask()
        if answer:
            self._answered.add(what)
        elif EVENTS_STREAM in self._answered and what not in self._answered:
            self._next[what] = time.monotonic() + _RARELY
        return answer or None

    async def _certificates(self) -> _Numbers:
        found = await certificates_of(self._address)
        name = "kib_ledger_certificate_end_timestamp_seconds"
        return {_key(name, certificate=each): end for each, end in found.items()}

    async def _disk(self) -> _Numbers:
        room = await self._data_disk.room()
        return {} if room is None else {"kib_data_disk_bytes": room.total, "kib_data_disk_free_bytes": room.free}


def _of(stream: str, standing: Standing) -> _Numbers:
    copies: _Numbers = {
        _key("kib_ledger_copy_current", stream=stream, server=server): int(current)
        for server, current in standing.copies.items()
    }
    return {_key("kib_ledger_bytes", stream=stream): standing.bytes} | copies


def _key(metric: str, **labels: str) -> str:
    return f"{metric}{{{_labels(labels)}}}"


def _labels(labels: Mapping[str, str]) -> str:
    escaped = {name: text.replace("\\", r"\\").replace('"', r"\"") for name, text in labels.items()}
    return ",".join(f'{name}="{text}"' for name, text in escaped.items())
