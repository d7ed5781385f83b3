"""The relay: carries a desk's log to the ledger, in order, each report once, however often anything breaks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from eventsourcing.persistence import PersistenceError

from services.desks.channels import Channel, channels_of
from services.desks.desk import Desk
from services.desks.sending import Fenced, Last, Outlet, Parcel, Troubled, batches
from services.desks.store import ACCEPTED, Batch, DeskStore
from services.ledger.connecting import Ledger, connect
from services.system import SystemRecord, SystemUnavailable
from services.system.ending import end_tasks

__all__ = ["Relay"]

_log = structlog.get_logger(__name__)

_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 2.0
_FIND_AGAIN: Final = 0.25
_NOTE_SECONDS: Final = 0.5
_NOTES: Final = 1000
_IDLE: Final = 30.0
_FEW: Final = 100
_PACE: Final = 0.01
"""Seconds between two batches of at most so few: the first report after a rest goes at once, many go together."""


class Relay:
    """Carries one desk's log in a thread of its own, so that catching up does not hold up those who report.

    `find` tells where the ledger is and as whom to speak to it; it is asked until the ledger is there. Nothing is kept
    of how far the log was carried but in the ledger itself: see `Outlet`.
    """

    def __init__(self, desk: Desk, find: Callable[[], SystemRecord]) -> None:
        """Describe the relay; `start` starts it."""
        self._desk = desk
        self._find = find
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event
        self._channels: list[Channel] = []
        self._parted = False
        self._notes: list[Batch] = []
        self._noted = 0.0
        self.problem: str | None = "the ledger has not been reached yet"
        """Why nothing is carried at the moment; None when all is well."""
        self.sent = 0
        """Reports carried since the start."""
        self._thread = threading.Thread(target=self._run, name=f"relay-{desk.name}", daemon=True)

    def start(self) -> Relay:
        """Begin to carry."""
        ready = threading.Event()
        self._ready = ready
        self._thread.start()
        ready.wait()
        return self

    def close(self) -> None:
        """Stop, in the middle of a batch if need be: the next relay finds out whether it was taken."""
        if self._loop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()

    def __enter__(self) -> Relay:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _wake(self, accepted: int, refused: int, resolved: int) -> None:
        """Say, from any thread, that there is something to carry."""
        assert self._loop is not None  # noqa: S101 - only a running relay is woken
        for channel, number in zip(self._channels, (accepted, refused, resolved), strict=True):
            if number:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the relay has stopped
                    self._loop.call_soon_threadsafe(channel.wake.set)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._channels = channels_of(self._desk.name, lambda: self._parted)
        self._desk.on_stored = self._wake
        self._ready.set()
        carrying = asyncio.create_task(self._carry_for_ever())
        await self._stopped.wait()
        await end_tasks([carrying], _LONGEST_WAIT)
        self._note(at_once=True)

    async def _carry_for_ever(self) -> None:
        while True:
            try:
                record = self._find()
                address, self._parted = record.address_of(self._desk.name), record.workers > 1
            except SystemUnavailable:
                self.problem = "the system of this desk does not run"
                await asyncio.sleep(_FIND_AGAIN)
                continue
            try:
                ledger = await connect(address, name=f"desk {self._desk.name}")
            except SystemUnavailable:
                self._say("the ledger cannot be reached")
                await asyncio.sleep(_FIND_AGAIN)
                continue
            tasks = [asyncio.create_task(self._carry(channel, ledger)) for channel in self._channels]
            tasks.append(asyncio.create_task(ledger.away.wait()))  # type: ignore[arg-type]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for failure in [task.exception() for task in done]:
                    if failure is not None:
                        self.problem = "the relay failed and starts again"
                        _log.error("the relay failed", desk=self._desk.name, why=type(failure).__name__)
                if ledger.lost:
                    # On a new connection it is known at once what was taken, and where the ledger is.
                    self._say("the ledger cannot be reached")
                await asyncio.sleep(_FIRST_WAIT)
            finally:
                await end_tasks(tasks, _FIRST_WAIT)
                await ledger.close()

    async def _carry(self, channel: Channel, ledger: Ledger) -> None:
        """Carry one channel for as long as the connection lives."""
        outlet = Outlet(ledger.nc, channel.stream, channel.subjects)
        wait = _FIRST_WAIT
        while True:
            try:
                await self._follow(channel, outlet)
            except Fenced:
                # Another relay of this desk, or a batch of ours that was taken after all.
                _log.info("looking again how far the ledger is", desk=self._desk.name, stream=channel.stream)
                wait = _FIRST_WAIT
            except Troubled as trouble:
                self._say(f"the ledger refused: {ledger.refusal}" if ledger.refusal else trouble.reason)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
            except PersistenceError:
                self._say("the store of the desk cannot be read")
                await asyncio.sleep(_LONGEST_WAIT)

    async def _follow(self, channel: Channel, outlet: Outlet) -> None:
        """Find out how far the ledger is, and carry from there."""
        last = await outlet.last()
        position = self._position(channel, last)
        sequence = last.sequence
        if channel.topic == ACCEPTED:
            await asyncio.to_thread(self._desk.carried_to, position, None)
        self.problem = None
        parcels, position = self._read(channel, position)
        while True:
            while not parcels:
                self._note()
                channel.wake.clear()
                parcels, position = self._read(channel, position)
                if not parcels:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(channel.wake.wait(), _IDLE if not self._notes else _NOTE_SECONDS)
            number = batches(parcels)
            batch, parcels = parcels[:number], parcels[number:]
            begun = time.monotonic()
            sending = asyncio.ensure_future(outlet.send(batch, sequence))
            try:
                if not parcels and number > _FEW:
                    await asyncio.sleep(0)  # it is on its way; read on meanwhile
                    parcels, position = self._read(channel, position)
                sequence = await sending
            finally:
                sending.cancel()
            self.problem = None
            if number <= _FEW and (rest := begun + _PACE - time.monotonic()) > 0:
                await asyncio.sleep(rest)  # let some gather: each batch costs much the same
            if channel.topic == ACCEPTED:
                self.sent += number
                if self._desk.traces is not None:
                    self._desk.traces.carried([parcel.position for parcel in batch])
                self._notes.append(Batch(batch[-1].position, sequence, number))
                self._desk.carried_to(batch[-1].position, number)
                self._note()

    def _read(self, channel: Channel, after: int) -> tuple[list[Parcel], int]:
        facts, upto = self._desk.store.outgoing(channel.topic, after)
        parcels = [channel.make(each) for each in facts]
        if self._desk.traces is not None and channel.topic == ACCEPTED:
            for each, parcel in zip(facts, parcels, strict=True):
                parcel.headers |= self._desk.traces.carrying(each.id, parcel.position)
        return parcels, upto

    def _position(self, channel: Channel, last: Last) -> int:
        """Tell up to where the ledger has our log.

        The last message there names its position in the log. It counts only when the log holds the same at that
        position: a store that was put back from a copy, or begun anew, uses positions a second time, and leaning on
        the number alone would lose reports. Then we go by what that store noted itself; what comes to lie in the
        ledger twice counts once.
        """
        if last.raw is None:
            return 0
        if _holds(self._desk.store, channel, last.position, last.raw):
            return last.position
        noted = self._desk.store.desk_recorder.last_noted()
        _log.warning("the ledger holds reports that this store does not", desk=self._desk.name, going_by=noted)
        return noted

    def _say(self, problem: str) -> None:
        if self.problem != problem:
            _log.warning("nothing is carried to the ledger", desk=self._desk.name, reason=problem)
        self.problem = problem

    def _note(self, *, at_once: bool = False) -> None:
        """Note in the store where in the ledger the reports lie: now and then, for a commit costs those who report."""
        if self._notes and (at_once or time.monotonic() - self._noted > _NOTE_SECONDS):
            self._noted = time.monotonic()
            try:
                self._desk.store.desk_recorder.note_sent(self._notes)
            except PersistenceError:
                del self._notes[:-_NOTES]  # the next time, when it can be
            else:
                self._notes.clear()


def _holds(store: DeskStore, channel: Channel, position: int, raw: bytes) -> bool:
    found, _ = store.outgoing(channel.topic, position - 1, 1)
    return bool(found) and found[0].position == position and channel.make(found[0]).raw == raw
