"""The desk: takes reports in from many callers at once, and answers each when its reports are on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog
from eventsourcing.persistence import PersistenceError

from events import DESKS
from services.desks.answers import Answer, DeskUnavailable, Fate, StoredRejection, StoredReport
from services.desks.reading import Carried, Shelf, answering
from services.desks.store import DeskStore, StoreTrouble, environment_of
from services.desks.waiting import Waiting, tell
from services.desks.writing import Writer

if TYPE_CHECKING:
    from services.tracing.desks import DeskTraces

__all__ = ["Desk"]

_log = structlog.get_logger(__name__)

GROUP: Final = 2_000
"""Reports stored in one transaction at most, unless a single call brings more."""
LAST: Final = 2**63 - 1
"""Behind every position."""
_TIDY_SECONDS: Final = 1.0
_TIDY_BYTES: Final = 64 * 1024 * 1024
WAITING: Final = 20_000
"""Reports that may wait to be stored; beyond, callers are told that the desk is busy."""


class Desk:
    """One desk on its own store. Callers share transactions: what comes while one is written goes into the next.

    `accept` and `accept_together` are for event loops, any number of them; the other methods block on the store for a
    moment (`asyncio.to_thread`). Everything is thread-safe. Use as a context manager, or `start` and `close`.
    """

    def __init__(self, name: str, store: Path | Mapping[str, str], clock: Callable[[], int]) -> None:
        """Describe the desk `name`; nothing is touched before `start`.

        `store`: the path of an SQLite file, or an environment of the eventsourcing library. `clock` gives the current
        time in microseconds since 1970-01-01T00:00Z. Raises ValueError for a name that is no desk's.
        """
        if name not in DESKS:
            raise ValueError("not the name of a desk")
        self.name, self.now = name, clock
        self.counts: Counter[Fate] = Counter()
        """How many answers of each fate were given since the start."""
        self.refused: Counter[tuple[str, str]] = Counter()
        """How many were refused since the start, by field and rule."""
        self.made_good = 0
        """How many refusals were made good since the start."""
        self.carried = Carried()
        self.problem: str | None = None
        """Why nothing could be stored the last time, None when it could."""
        self.on_stored: Callable[[int, int, int], None] = lambda accepted, refused, resolved: None
        """Called, from the desk's own thread, with how much was stored that the ledger does not have."""
        self.traces: DeskTraces | None = None  # follows reports where traces are asked for
        self._environment = environment_of(store) if isinstance(store, Path) else dict(store)
        self._waiting: deque[Waiting] = deque()
        self._number = 0
        self._wake = threading.Condition()
        self._closing = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._away = False  # set: the store's server was away, and what it holds is to be counted anew

    def start(self) -> Desk:
        """Open the store and begin to take in. Raises the library's PersistenceError when the store cannot be used."""
        self.store = DeskStore(self.name, self._environment)
        self._writer = Writer(self.store)
        self._shelf = Shelf(self.store, self.carried)
        self.carried.position = self.store.desk_recorder.last_noted()
        self._writer.recount(self.carried.position)
        self._thread = threading.Thread(target=self._run, name=f"desk-{self.name}", daemon=True)
        self._thread.start()
        self._tidying = threading.Thread(target=self._tidy, name=f"desk-{self.name}-tidy", daemon=True)
        self._tidying.start()
        return self

    def close(self) -> None:
        """Store what still waits, and close the store."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
            self._tidying.join()
            self.store.close()

    def __enter__(self) -> Desk:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def backlog(self) -> int:
        """How many reports are accepted and not in the ledger yet."""
        return self._writer.backlog

    def carried_to(self, position: int, number: int | None) -> None:
        """Let the relay say that the ledger has everything up to `position`: `number` more than before.

        None: it looked in the ledger where it is; what lies behind is counted anew.
        """
        self.carried.position, self.carried.certain = position, True
        if number is None:
            self._writer.recount(position)
        else:
            self._writer.add(-number)

    async def accept(self, raws: Sequence[bytes], *, sources: frozenset[str] | None = None) -> list[Answer]:
        """Take reports in, each by itself; returns when they are stored durably: one answer for each, in order.

        `sources`: those that the sender may speak for; None: any (no access control, on loopback only). Raises
        DeskUnavailable when nothing can be stored now; then nothing of the call was accepted.
        """
        return await self._hand_in(raws, sources, together=False)

    async def accept_together(self, raws: Sequence[bytes], *, sources: frozenset[str] | None = None) -> list[Answer]:
        """Take reports in, all or none: when one is refused nothing is kept, not even as refused (`TOGETHER_RULE`)."""
        return await self._hand_in(raws, sources, together=True)

    async def resend(self, which: int | UUID, raw: bytes | None = None) -> Answer:
        """Take in what was refused, named by its position or its id, as it is or corrected (`raw`).

        When it stands now the refusal counts as resolved; when not, it stays as it was. Raises LookupError when there
        is no such refusal, and DeskUnavailable.
        """
        with answering():
            if isinstance(which, UUID):
                id, kept = which, await asyncio.to_thread(self._shelf.refusal, which)
            else:
                id, kept = await asyncio.to_thread(self._shelf.refusal_at, which)
        return (await self._hand_in([kept if raw is None else raw], None, together=False, resolves=id))[0]

    def reports(self, source: str, *, after: int = 0, limit: int = 100) -> list[StoredReport]:
        """Give the reports of a source behind the position `after`, in order, with what became of them.

        This, and the three that follow, raise DeskUnavailable when the store is on a server that is away.
        """
        with answering():
            return self._shelf.reports(source, after, limit)

    def newest(self, sources: Iterable[str], *, before: int = LAST, limit: int = 100) -> list[StoredReport]:
        """Give the newest reports of these sources before the position `before`, the newest first."""
        with answering():
            return self._shelf.newest(sources, before, limit)

    def report(self, source: str, id: str) -> StoredReport | None:
        """Give the report accepted under `source` and `id`, None when there is none."""
        with answering():
            return self._shelf.report(source, id)

    def rejected(self, *, after: int = 0, limit: int = 100, unresolved: bool = True) -> list[StoredRejection]:
        """Give what was refused and kept, behind the position `after`, in order; by default not what was made good."""
        with answering():
            return self._shelf.rejected(after, limit, unresolved)

    async def _hand_in(
        self, raws: Sequence[bytes], sources: frozenset[str] | None, *, together: bool, resolves: UUID | None = None
    ) -> list[Answer]:
        if not raws:
            return []
        with self.traces.accepting(raws) if self.traces is not None else contextlib.nullcontext():
            loop = asyncio.get_running_loop()
            waiting = Waiting(raws, sources, together, resolves, loop, loop.create_future())
            with self._wake:
                if self._closing or self._thread is None:
                    raise DeskUnavailable("the desk is being closed", busy=True)
                if self._number and self._number + len(raws) > WAITING:
                    raise DeskUnavailable("more is given than can be stored at the moment", busy=True)
                self._number += len(raws)
                self._waiting.append(waiting)
                self._wake.notify()
            return await waiting.answers

    def _run(self) -> None:
        while group := self._gather():
            try:
                stored = self._writer.write([(w.raws, w.sources, w.together, w.resolves) for w in group], self)
            except Exception as error:
                self._fail(group, error)
            else:
                self.problem = None
                self._away = self._away or stored.broke_off
                for answers in stored.answers:
                    for answer in answers:
                        self.counts[answer.fate] += 1
                        if answer.rule is not None:
                            self.refused[answer.field or "", answer.rule] += 1
                self.made_good += stored.resolved
                if stored.accepted or stored.refused or stored.resolved:
                    self.on_stored(stored.accepted, stored.refused, stored.resolved)
                tell(group, stored.answers)
                # Only when tidying beside the writing does not keep up, which needs a load without a pause.
                with contextlib.suppress(PersistenceError, sqlite3.Error):
                    self.store.desk_recorder.tidy(_TIDY_BYTES)

    def _tidy(self) -> None:
        while not self._closed.wait(_TIDY_SECONDS):
            with contextlib.suppress(PersistenceError, sqlite3.Error):
                self.store.desk_recorder.tidy()
            self._look()

    def _look(self) -> None:
        """Notice, also while nobody reports, that the server of the store went away, or came back."""
        try:
            self.store.desk_recorder.reach()
            if self._away:
                # What was under way when it went may be stored, uncounted, with nobody told.
                self._away = False
                self._writer.recount(self.carried.position)
                self.problem = None
                self.on_stored(1, 1, 1)
        except StoreTrouble as trouble:
            self._say(trouble)

    def _gather(self) -> list[Waiting]:
        """Wait for calls and give as many as make a group; nothing when the desk is closed."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            group: list[Waiting] = []
            number = 0
            while self._waiting and (not group or number + len(self._waiting[0].raws) <= GROUP):
                group.append(self._waiting.popleft())
                number += len(group[-1].raws)
            self._number -= number
        return group

    def _fail(self, group: list[Waiting], error: Exception) -> None:
        unsure = isinstance(error, StoreTrouble) and error.unsure
        tell(group, [DeskUnavailable(self._say(error), unsure=unsure)] * len(group))

    def _say(self, error: Exception) -> str:
        reason = self._writer.explain(error)
        if self.problem is None:
            _log.error("nothing can be stored", desk=self.name, reason=reason, why=type(error).__name__)
        self._away = self._away or isinstance(error, StoreTrouble)
        self.problem = reason
        return reason
