"""Storing a group of calls in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import IntegrityError

from services.desks.answers import Answer
from services.desks.deciding import Call, decide
from services.desks.facts import accepted, id_of, refused, resolved
from services.desks.store import ACCEPTED, DeskStore, StoreTrouble

__all__ = ["Stored", "Writer"]

_ATTEMPTS: Final = 5
_PATIENCE: Final = 5.0
"""Seconds in which a store that broke off is asked again what it has, while the callers wait."""
_PAUSE: Final = 0.1

Given = tuple[Sequence[bytes], frozenset[str] | None, bool, UUID | None]
"""Reports, the sources that their sender may speak for, whether all or none, and the refusal that they make good."""


class Counter(Protocol):
    """Whose reports these are, and what time it is."""

    name: str

    def now(self) -> int:
        """Give the time in microseconds."""


@dataclass(slots=True)
class Stored:
    """What a group came to: the answers of each call, how many new reports, refusals, and refusals made good.

    `broke_off`: the store did so on the way, and may hold more of the group than is counted here as new.
    """

    answers: list[list[Answer]]
    accepted: int
    refused: int
    resolved: int
    broke_off: bool = False


class Writer:
    """Writes to one store, one group at a time."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._backlog = 0

    @property
    def backlog(self) -> int:
        """How many reports are stored and not known to be in the ledger."""
        return max(0, self._backlog)

    def add(self, number: int) -> None:
        """Count so many more (or, negative, fewer)."""
        with self._counting:
            self._backlog += number

    def recount(self, after: int) -> None:
        """Count what is stored behind a position; holds writing up for a moment."""
        with self._lock, self._counting:
            self._backlog = self._store.desk_recorder.count_after(ACCEPTED, after)

    def write(self, given: Sequence[Given], desk: Counter) -> Stored:
        """Hold a group against the rules and store it durably.

        Raises the library's PersistenceError when it cannot; a StoreTrouble that is `unsure` when it may have.
        """
        now = desk.now()
        calls = [
            Call.of(raws, desk.name, now, sources, together=together, resolves=resolves)
            for raws, sources, together, resolves in given
        ]
        with self._lock:
            attempts, until = 1, None
            while True:
                try:
                    return self._store_calls(calls, now, broke_off=until is not None)
                except IntegrityError:
                    # Another process on this store was first with one of them: look once more what is known.
                    if attempts == _ATTEMPTS:
                        raise
                    attempts += 1
                except StoreTrouble as trouble:
                    # Once it broke off at storing, only the store itself can tell whether it did.
                    if until is None and not trouble.unsure:
                        raise
                    until = until or time.monotonic() + _PATIENCE
                    if time.monotonic() > until:
                        raise StoreTrouble(trouble.reason, away=trouble.away, unsure=True) from trouble
                    time.sleep(_PAUSE)

    def _store_calls(self, calls: Sequence[Call], now: int, *, broke_off: bool) -> Stored:
        known = self._store.digests([id for call in calls for id in call.ids()])
        decision = decide(calls, known)
        facts: list[DomainEvent] = [accepted(report, now) for report in decision.accepted.values()]
        own: list[str | None] = [report.event.source for report in decision.accepted.values()]
        number = len(facts)
        refusals = {id_of(refusal): refusal for refusal in decision.refused}
        if refusals:
            kept = self._store.digests(list(refusals))
            for id, refusal in refusals.items():
                if id not in kept:
                    facts.append(refused(refusal, id, now))
                    own.append(refusal.source)
        new = len(facts) - number
        good = dict.fromkeys(decision.resolved)
        if good:
            # Made good once is enough: two may have had the same in hand.
            already = self._store.desk_recorder.resolved(list(good))
            good = {id: None for id in good if id not in already}
            facts += [resolved(id, now) for id in good]
        if facts:
            self._store.keep(facts, own)
        self.add(number)
        return Stored(decision.answers, number, new, len(good), broke_off)

    @staticmethod
    def explain(error: Exception) -> str:
        """Say why nothing could be stored: one line, nothing of what was to be stored."""
        if isinstance(error, StoreTrouble):
            return error.reason
        text = str(error).lower()
        if "full" in text:
            return "the disk of the desk is full"
        if "i/o" in text or "readonly" in text or "unable to open" in text:
            return "the disk of the desk cannot be written"
        if "locked" in text:
            return "the store of the desk is held by another program"
        return "the store of the desk cannot be used"
