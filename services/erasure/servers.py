"""A ledger on servers of its own: who else is connected, and its streams removed and made anew of the rewritten file.

JetStream removes a stream's files without overwriting them: docs/erasure.md.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import nats.errors

from deploy.nats_address import NatsAddress
from deploy.streams import SUBJECTS, Made, make_stream_like, remove_stream, streams_made
from events import EVENTS_STREAM, REJECTED_STREAM
from projections.archive.manifest import sha256_of
from services.erasure.destroying import destroy
from services.erasure.ledger import bring_in, digest_of
from services.erasure.naming import ErasureError
from services.ledger.connecting import Ledger, connect
from services.system import DataDir, Settings, SystemRecord, SystemUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

__all__ = ["Overtaken", "Remade", "ServersLedger", "file_in", "ledger_of", "put_ledger_over"]

_WHO: Final = "$SYS.REQ.ACCOUNT.PING.CONNZ"
"""Where each server tells an account who is connected to it in that account."""
_QUIET: Final = 1.0
"""Seconds after which no further server is expected to answer that."""
_LEAVING: Final = 10.0
"""Seconds in which who has just ended is gone."""
_PATIENCE: Final = 60.0
"""Seconds for servers that choose a leader, or still remove what was there."""
_AGAIN: Final = 0.25
_NOBODY: Final = "KIB_NONE"
_TROUBLE: Final = (nats.errors.Error, OSError, ValueError)

Told = Callable[[str], None]
Answer = TypeVar("Answer")


class Overtaken(ErasureError):  # noqa: N818 - named for what is the matter
    """Something was written to the old ledger after it was read; it still stands, whole."""


@dataclass(frozen=True)
class Remade:
    """The old ledger as it was, and what is to be in the new one. No password."""

    servers: tuple[str, ...]
    streams: dict[str, dict[str, Any]]
    """Of each: when it was made, its newest sequence, its configuration."""
    sha256: str
    """Of the rewritten file."""

    @classmethod
    def of(cls, found: dict[str, Any]) -> Remade:
        """Give it as it stands in the marker."""
        return cls(tuple(found["servers"]), found["streams"], found["sha256"])

    def made(self, name: str) -> Made:
        """Give a stream as it was."""
        return Made(**self.streams[name])


class ServersLedger:
    """A ledger that the settings name, to be read and, at the one moment, put over to a file."""

    def __init__(self, address: NatsAddress) -> None:
        self._address = address
        self._streams: dict[str, dict[str, Any]] = {}

    @contextmanager
    def opened(self, told: Told) -> Iterator[SystemRecord]:
        """Give how to reach it. Raises SystemUnavailable where somebody else is there, or it may not be removed."""
        asyncio.run(self._ensure_may(told))
        yield SystemRecord(self._address)

    async def _ensure_may(self, told: Told) -> None:
        async with await _alone(self._address, told) as ledger:
            await _patiently(partial(remove_stream, ledger.nc, _NOBODY), ledger)

    def note(self) -> None:
        """Note what it is, just before it is read: what is written to it later is noticed.

        Raises SystemUnavailable where a copy of it is not there: it could not be made anew in as many.
        """

        async def ask() -> dict[str, Made]:
            async with await connect(self._address, name="erase") as ledger:
                deadline = time.monotonic() + _LEAVING
                while True:
                    found = await _patiently(partial(streams_made, ledger.nc))
                    if len(found) == len(SUBJECTS) and all(made.well for made in found.values()):
                        return found
                    if time.monotonic() > deadline:
                        raise SystemUnavailable("the ledger's streams, or all their copies, are not all there")
                    await asyncio.sleep(_AGAIN)

        self._streams = {name: asdict(made) for name, made in asyncio.run(ask()).items()}

    def to(self, file: Path) -> Remade:
        """Say what it was, and that it is to hold this file."""
        return Remade(tuple(self._address.servers), self._streams, sha256_of(file))


def ledger_of(settings: Settings) -> ServersLedger | None:
    """Give the ledger that the settings name."""
    address = _address_of(settings)
    return None if address is None else ServersLedger(address)


def _address_of(settings: Settings) -> NatsAddress | None:
    if settings.nats_url is None:
        return None
    return NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password).trusting(settings.nats_ca)


def put_ledger_over(new: DataDir, settings: Settings, remade: Remade, id: str, told: Told) -> None:
    """Remove the old streams, make them anew as they were, bring in the file and read it back. It can be done again.

    The file is there as long as that is not done. Raises Overtaken while the old ledger stands and is not what was
    read; SystemUnavailable for all else, also where the settings do not name the same ledger.
    """
    address = _address_of(settings)
    if address is None or not set(address.servers) & set(remade.servers):
        raise SystemUnavailable("an erasure began on another ledger than the one that KINDINBEELD_NATS_URL names")
    record, file = SystemRecord(address), file_in(new)
    if file.exists():
        if not asyncio.run(_is_new(address, remade, id, told)) or digest_of(record, new.temporary) != remade.sha256:
            asyncio.run(_make_anew(address, remade, id))
            told("the old ledger is removed, and its streams are made anew")
            events = bring_in(new, record, file)
            if digest_of(record, new.temporary) != remade.sha256:
                raise SystemUnavailable(
                    "somebody else writes to the ledger: stop that, and `kindinbeeld erase --finish`"
                )
            told(f"brought {events} events into it, and read them back the same")
        destroy(file)
    asyncio.run(_configure(address, remade, id))


def file_in(new: DataDir) -> Path:
    """Give where the rewritten ledger lies whole until it was brought in."""
    return new.path / "ledger.ndjson"


async def _is_new(address: NatsAddress, remade: Remade, id: str, told: Told) -> bool:
    """Tell whether the events' stream is one that this erasure made; the old one, or none, is to give way to that."""
    async with await _alone(address, told) as ledger:
        found = await _patiently(partial(streams_made, ledger.nc))
    events = found.get(EVENTS_STREAM)
    if events is None or _is_ours(events, id):
        return events is not None
    if events.created != remade.made(EVENTS_STREAM).created:
        raise SystemUnavailable("the ledger there is not the one on which this erasure began")
    if any(made.last != remade.made(name).last for name, made in found.items()):
        raise Overtaken("something was written to the ledger meanwhile: nothing is changed, call this command again")
    return False


async def _make_anew(address: NatsAddress, remade: Remade, id: str) -> None:
    async with await connect(address, name="erase") as ledger:
        # The events first: as long as these are the old ones it can still be called off.
        for name in (EVENTS_STREAM, REJECTED_STREAM):
            await _patiently(partial(remove_stream, ledger.nc, name))
        for name in (REJECTED_STREAM, EVENTS_STREAM):
            config = remade.made(name).config
            bearing = config | {"description": f"{config.get('description', '')} ({id})"}
            await _patiently(partial(make_stream_like, ledger.nc, bearing))


async def _configure(address: NatsAddress, remade: Remade, id: str) -> None:
    """Let the new streams be configured as the old ones to the last word."""
    async with await connect(address, name="erase") as ledger:
        for name, made in (await _patiently(partial(streams_made, ledger.nc))).items():
            if _is_ours(made, id):
                config = remade.made(name).config
                await _patiently(partial(make_stream_like, ledger.nc, config, anew=False))


def _is_ours(made: Made, id: str) -> bool:
    return str(made.config.get("description", "")).endswith(f"({id})")


async def _patiently(question: Callable[[], Awaitable[Answer]], ledger: Ledger | None = None) -> Answer:
    """Ask until there is an answer: servers choose a leader first, or still remove what was there.

    `ledger`: that heard whether it is not permitted.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return await question()
        except _TROUBLE as error:
            if ledger is not None and ledger.refusal:
                raise SystemUnavailable("the ledger lets only its set-up remove streams") from None
            if time.monotonic() > deadline:
                raise SystemUnavailable(f"the ledger does not do what was asked ({type(error).__name__})") from None
        await asyncio.sleep(_AGAIN)


async def _alone(address: NatsAddress, told: Told) -> Ledger:
    """Connect where nobody else is connected. Raises SystemUnavailable."""
    name = f"erase {secrets.token_hex(8)}"
    ledger = await connect(address, name=name)
    try:
        deadline = time.monotonic() + _LEAVING
        while (found := await _connected(ledger.nc)) and (others := found - {name}):
            if time.monotonic() > deadline:
                words = ", ".join(sorted(others))
                raise SystemUnavailable(f"somebody is connected to the ledger ({words}): stop that first")
        if not found:
            told("the ledger does not tell who is connected: make sure that nobody else is")
    except BaseException:
        await ledger.close()
        raise
    return ledger


async def _connected(nc: Client) -> set[str]:
    """Give the names of those who are connected in our account, at whichever server; none: no server tells."""
    found: set[str] = set()
    heard = asyncio.Event()

    async def hear(message: Msg) -> None:
        heard.set()
        for each in json.loads(message.data or b"{}").get("data", {}).get("connections") or ():
            found.add(each.get("name") or "a program without a name")

    inbox = nc.new_inbox()
    subscription = await nc.subscribe(inbox, cb=hear)
    try:
        await nc.publish(_WHO, b"{}", reply=inbox)
        while True:
            heard.clear()
            await asyncio.wait_for(heard.wait(), _QUIET)
    except TimeoutError:
        return found
    finally:
        await subscription.unsubscribe()
