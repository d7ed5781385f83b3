"""Reporting to a desk from a program: typed, answered, repeated until it arrives, kept where it could not be sent.

async with Reporter("https://school.example.nl", key=key, source=source, outbox="reports.ndjson") as reporter:
answer = await reporter.report(ContactLost(occurredAt="2020-03-18T09:00:00+01:00", pupil=pseudonym, …))
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from events.carriers import Answer, NotDeliveredError, carrier_to
from events.envelope import ENVELOPES, TYPE_PREFIX
from events.kinds import Data
from events.outbox import Outbox
from events.parse import parse_event

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Reporter"]

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 30.0
_ANSWER_SECONDS: Final = 5.0
_KINDS: Final[dict[Any, str]] = {envelope.model_fields["data"].annotation: envelope.kind for envelope in ENVELOPES}


def _ignore(answer: Answer) -> None:
    pass


def _wire(kind: type[Data], members: Mapping[str, Any]) -> dict[str, Any]:
    """Give members by their attributes' names as they stand on the wire."""
    data: dict[str, Any] = {}
    for name, value in members.items():
        if name not in kind.model_fields:
            raise TypeError(f"a {_KINDS[kind]} has no member {name}")
        written = value.isoformat() if isinstance(value, date) else value
        data[kind.model_fields[name].alias or name] = written
    return data


class Reporter:
    """A sender of reports to one desk, for one source. Use as an asynchronous context manager.

    A report keeps its id however often it is sent, so that the desk takes it in once. With an `outbox`, what could not
    be sent within `patience` seconds is kept in that file, and is sent as soon as the desk answers again, also by a
    later program on the same file.
    """

    def __init__(
        self,
        where: str | Client,
        *,
        source: str,
        key: str | None = None,
        desk: str = "school",
        user: str | None = None,
        ca: Path | str | None = None,
        outbox: Path | str | None = None,
        patience: float = 10.0,
        on_later: Callable[[Answer], None] = _ignore,
    ) -> None:
        """Describe the way; nothing is sent before entering.

        `where`: the desk's HTTP address, the address of NATS, or a connection to it. `key`: the desk's key, or with
        NATS the password of `user`. `desk`: which desk, by NATS. `ca`: the file with the authority that has to have
        signed the server's certificate; None: any that the machine trusts. `on_later`: told what became of a kept
        report. Raises ValueError for an address of another kind, and OSError for a `ca` that cannot be used.
        """
        self._carrier = carrier_to(where, desk, user, key, ca)
        self._source, self._patience, self._on_later = source, patience, on_later
        self._path = outbox
        self._outbox: Outbox | None = None
        self._more, self._nothing_waits = asyncio.Event(), asyncio.Event()
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; raises `events.outbox.OutboxError` when the file cannot be used. The desk may be away."""
        if self._path is not None:
            self._outbox = await asyncio.to_thread(Outbox, self._path)
            self._sending = asyncio.create_task(self._send_kept(self._outbox), name="reporter")
            self._look(self._outbox)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """End; what waits stays in the file."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        await self._carrier.close()
        if self._outbox is not None:
            self._outbox.close()

    @property
    def waiting(self) -> int:
        """How many reports are kept and not sent yet."""
        return 0 if self._outbox is None else len(self._outbox)

    async def report(self, what: Data | type[Data], *, id: str | None = None, **members: Any) -> Answer:
        """Report that something happened, and wait for the desk's answer.

        `what`: the data itself, or its kind with the members beside it, by the names of the kind's attributes; times
        and days as such or as text. `id`: by default a new one; the same id and content sent again is known and changes
        nothing. Raises `Rejected` for what breaks the contract, and TypeError for a member that the kind has not, both
        before anything is sent; NotDeliveredError when the desk could not be reached and there is no outbox; OSError
        when it could not be kept either.
        """
        id = str(uuid4()) if id is None else id
        raw = self._event(what, members, id)
        try:
            return await self._carry(raw, id, self._patience)
        except NotDeliveredError as error:
            if self._outbox is None:
                raise
            await asyncio.to_thread(self._outbox.keep, raw)
            self._look(self._outbox)
            return Answer("waiting", id, None, error.reason)

    async def delivered(self) -> None:
        """Wait until nothing is kept any more."""
        await self._nothing_waits.wait()

    def _event(self, what: Data | type[Data], members: Mapping[str, Any], id: str) -> bytes:
        if isinstance(what, type):
            kind, data = _KINDS[what], _wire(what, members)
        elif members:
            raise TypeError("members stand beside a kind, not beside data")
        else:
            kind, data = _KINDS[type(what)], what.model_dump(mode="json", by_alias=True, exclude_unset=True)
        event = {"specversion": "1.0", "id": id, "source": self._source, "type": f"{TYPE_PREFIX}{kind}", "data": data}
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        parse_event(raw)
        return raw

    async def _carry(self, raw: bytes, id: str, patience: float) -> Answer:
        """Try until there is an answer, with pauses that grow and differ, so that not all senders come at once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        pause = _FIRST_PAUSE
        while True:
            left = deadline - loop.time()
            try:
                return await self._carrier.carry(raw, id, min(_ANSWER_SECONDS, max(left, _FIRST_PAUSE)))
            except NotDeliveredError as error:
                wait = random.uniform(pause / 2, pause)  # noqa: S311 - no secret
                if not error.again or loop.time() + wait > deadline:
                    raise
                await asyncio.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _look(self, outbox: Outbox) -> None:
        """Wake who sends what is kept, and who waits for that."""
        if len(outbox):
            self._nothing_waits.clear()
            self._more.set()
        else:
            self._nothing_waits.set()

    async def _send_kept(self, outbox: Outbox) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._more.wait()
            self._more.clear()
            before = len(outbox)
            for raw in outbox:
                id = json.loads(raw)["id"]
                try:
                    answer = await self._carrier.carry(raw, id, _ANSWER_SECONDS)
                except NotDeliveredError as error:
                    if error.again:
                        break
                    continue
                refused = None if answer.stands else f"{answer.fate}: {answer.field}: {answer.rule}"
                try:
                    await asyncio.to_thread(outbox.done, raw, refused)
                except OSError:
                    continue  # a full disk: it is sent once more later, and is known then
                # Not called from here: what goes wrong in it must not end the sending.
                asyncio.get_running_loop().call_soon(self._on_later, answer)
            self._look(outbox)
            if len(outbox):
                pause = _FIRST_PAUSE if len(outbox) < before else min(2 * pause, _LONGEST_PAUSE)
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
