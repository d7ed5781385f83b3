"""Sending a batch to the ledger so that it lies there once, whole, in order, and nobody came between."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

__all__ = ["MOST", "POSITION_HEADER", "Fenced", "Last", "Outlet", "Parcel", "Troubled", "batches"]

POSITION_HEADER: Final = "Kib-Position"
"""Header of a message from a desk: the position of the report in the desk's own log."""
MOST: Final = 1000
"""Messages in an atomic batch: the most that a server takes."""

_BATCH_BYTES: Final = 4 * 1024 * 1024
_PATIENCE: Final = 10.0
_WRONG_LAST: Final = 10071
_NO_ATOMIC: Final = {10174, 10179}


class Fenced(Exception):  # noqa: N818 - named for what is the matter
    """Something else came to these subjects first; nothing of the batch was taken."""


class Troubled(Exception):  # noqa: N818 - named for what is the matter
    """The ledger did not take the batch, or did not say so. `reason`: one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Parcel:
    """A message to be sent. `position`: in the desk's own log."""

    position: int
    subject: str
    raw: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Last:
    """The last message under the outlet's subjects: its sequence, its desk's position, its bytes; zeros when none."""

    sequence: int = 0
    position: int = 0
    raw: bytes | None = None


class Outlet:
    """The subjects of one desk in one stream.

    Every batch goes in under a fence: the server takes it only if the last message under `subjects` is still the one
    that we know. So a batch sent twice, a second relay, and what an old connection still had in its buffer are all
    refused, and looking at that last message tells exactly how far the log was carried.
    """

    def __init__(self, nc: Client, stream: str, subjects: str) -> None:
        self._nc = nc
        self._look = f"$JS.API.DIRECT.GET.{stream}.{subjects}"
        self._subjects = subjects
        self._atomic = True

    async def last(self) -> Last:
        """Look at the last message under the subjects. Raises Troubled when the ledger does not answer."""
        answer = await self._request(self._look, b"", None)
        headers = answer.headers or {}
        if "Nats-Sequence" not in headers:
            if headers.get("Status") == "404":
                return Last()
            raise Troubled("the ledger has no such stream, or not the right to look at it")
        position = headers.get(POSITION_HEADER, "")
        return Last(int(headers["Nats-Sequence"]), int(position) if position.isdigit() else 0, answer.data)

    async def send(self, parcels: Sequence[Parcel], after: int) -> int:
        """Send a batch behind the message with the sequence `after`; returns the sequence of its last message.

        Raises Fenced when that is no longer the last one, Troubled when it is not known to be taken.
        """
        fence = {
            "Nats-Expected-Last-Subject-Sequence": str(after),
            "Nats-Expected-Last-Subject-Sequence-Subject": self._subjects,
        }
        if len(parcels) == 1 or not self._atomic:
            return await self._send_each(parcels, fence)
        return await self._send_atomic(parcels, fence)

    async def _send_atomic(self, parcels: Sequence[Parcel], fence: dict[str, str]) -> int:
        import nats.errors

        batch = secrets.token_hex(8)
        publish = self._nc.publish
        try:
            for number, parcel in enumerate(parcels[:-1], start=1):
                headers = {
                    "Nats-Batch-Id": batch,
                    "Nats-Batch-Sequence": str(number),
                    POSITION_HEADER: str(parcel.position),
                    **parcel.headers,
                }
                await publish(parcel.subject, parcel.raw, headers=headers | fence if number == 1 else headers)
        except (nats.errors.Error, OSError) as error:
            raise Troubled(_words(error)) from None
        last = parcels[-1]
        headers = {
            "Nats-Batch-Id": batch,
            "Nats-Batch-Sequence": str(len(parcels)),
            "Nats-Batch-Commit": "1",
            POSITION_HEADER: str(last.position),
            **last.headers,
        }
        answer = _read(await self._request(last.subject, last.raw, headers))
        if answer.get("code") in _NO_ATOMIC:
            self._atomic = False  # a stream that was made without: then one after the other
            return await self._send_each(parcels, fence)
        return _sequence(answer)

    async def _send_each(self, parcels: Sequence[Parcel], fence: dict[str, str]) -> int:
        sequence = 0
        for parcel in parcels:
            headers = {POSITION_HEADER: str(parcel.position), **parcel.headers, **fence}
            sequence = _sequence(_read(await self._request(parcel.subject, parcel.raw, headers)))
            fence = fence | {"Nats-Expected-Last-Subject-Sequence": str(sequence)}
        return sequence

    async def _request(self, subject: str, raw: bytes, headers: dict[str, str] | None) -> Msg:
        import nats.errors

        try:
            return await self._nc.request(subject, raw, timeout=_PATIENCE, headers=headers)
        except (nats.errors.Error, OSError) as error:
            raise Troubled(_words(error)) from None


def batches(parcels: Sequence[Parcel]) -> int:
    """Tell how many of the parcels fit in one batch."""
    size = 0
    for number, parcel in enumerate(parcels[:MOST]):
        size += len(parcel.raw)
        if size > _BATCH_BYTES and number:
            return number
    return min(len(parcels), MOST)


def _read(answer: Msg) -> dict[str, object]:
    try:
        described = json.loads(answer.data)
    except ValueError:
        raise Troubled("the ledger's answer cannot be read") from None
    error = described.get("error")
    if error is None:
        return {"seq": described.get("seq")}
    if error.get("err_code") == _WRONG_LAST:
        raise Fenced
    return {"code": error.get("err_code"), "reason": error.get("description", "no reason given")}


def _sequence(answer: dict[str, object]) -> int:
    sequence = answer.get("seq")
    if isinstance(sequence, int) and sequence > 0:
        return sequence
    raise Troubled(f"the ledger refused: {answer.get('reason', 'no reason given')}")


def _words(error: Exception) -> str:
    import nats.errors

    if isinstance(error, nats.errors.TimeoutError):
        return "the ledger does not answer"
    if isinstance(error, nats.errors.NoRespondersError):
        return "the ledger has no stream for this"
    return "the ledger cannot be reached"
