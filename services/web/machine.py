"""What the pages stand on, as metrics: the ledger's copies, room and certificates, and the disk of the data directory.

Looked at beside, now and then, so that `/metrics` never waits for a ledger or a disk: it gives the last answers. What
was not answered the last time is left out.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from events import EVENTS_STREAM, REJECTED_STREAM
from services.ledger.standing import Standing, certificates_of, rooms_of, standing_of

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
_CERTIFICATES: Final = 300.0
"""The same for certificates, which change once a year, and for what was refused the last time."""

_Numbers = dict[str, float]
_STREAMS: Final = (EVENTS_STREAM, REJECTED_STREAM)


class Machine:
    """Looks at what the pages stand on; `text` is what it saw last."""

    def __init__(self, path: Path, record: SystemRecord, client: Callable[[], Client | None]) -> None:
        """`path`: the data directory; `client`: the connection to the ledger of the part `page`, if there is one."""
        self._path, self._client = path, client
        self._address = record.address_of("page")
        self._ledger: _Numbers = {}
        self._certificates: _Numbers = {}
        self._disk: _Numbers = {}
        self._next: dict[str, float] = {}

    def text(self) -> str:
        """Give the metrics in the text format of Prometheus."""
        found = self._ledger | self._certificates | self._disk
        lines = []
        for name, meaning in MEANINGS.items():
            samples = [f"{key} {value}" for key, value in found.items() if key.partition("{")[0] == name]
            if samples:
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *samples]
        return "".join(f"{line}\n" for line in lines)

    async def run(self) -> None:
        """Look, again and again, until cancelled; each of the three by itself, for each may have to wait."""
        await asyncio.gather(
            self._repeat(self._look_at_ledger, _LOOK),
            self._repeat(self._look_at_certificates, _CERTIFICATES),
            self._repeat(self._look_at_disk, _LOOK),
        )

    async def _repeat(self, look: Callable[[], object], every: float) -> None:
        while True:
            try:
                await look()  # type: ignore[misc]
            except Exception as error:
                # An answer that is not as expected: the pages go on, and the next look may do better.
                _log.debug("what the pages stand on cannot be told", why=type(error).__name__)
            await asyncio.sleep(every)

    async def _look_at_ledger(self) -> None:
        nc = self._client()
        found: _Numbers = {}
        if nc is not None and nc.is_connected:
            for stream in _STREAMS:
                if time.monotonic() >= self._next.get(stream, 0):
                    found |= self._of(stream, await standing_of(nc, stream))
            found |= {
                _key(name, server=server): value
                for server, room in (await rooms_of(nc)).items()
                for name, value in (
                    ("kib_ledger_store_used_bytes", room.used),
                    ("kib_ledger_store_limit_bytes", room.limit),
                )
            }
        self._ledger = found

    def _of(self, stream: str, standing: Standing | None) -> _Numbers:
        if standing is None:
            if stream == REJECTED_STREAM and any(EVENTS_STREAM in key for key in self._ledger):
                # Not permitted, by a configuration of before: each time it is asked, the server logs that.
                self._next[stream] = time.monotonic() + _CERTIFICATES
            return {}
        copies: _Numbers = {
            _key("kib_ledger_copy_current", stream=stream, server=server): int(current)
            for server, current in standing.copies.items()
        }
        return {_key("kib_ledger_bytes", stream=stream): standing.bytes} | copies

    async def _look_at_certificates(self) -> None:
        found = await certificates_of(self._address)
        name = "kib_ledger_certificate_end_timestamp_seconds"
        self._certificates = {_key(name, certificate=each): end for each, end in found.items()}

    async def _look_at_disk(self) -> None:
        try:
            usage = await asyncio.to_thread(shutil.disk_usage, self._path)
        except OSError:
            self._disk = {}
        else:
            self._disk = {"kib_data_disk_bytes": usage.total, "kib_data_disk_free_bytes": usage.free}


def _key(metric: str, **labels: str) -> str:
    return f"{metric}{{{_labels(labels)}}}"


def _labels(labels: Mapping[str, str]) -> str:
    escaped = {name: text.replace("\\", r"\\").replace('"', r"\"") for name, text in labels.items()}
    return ",".join(f'{name}="{text}"' for name, text in escaped.items())
