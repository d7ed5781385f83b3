"""Reading back what a desk holds: a sender's own reports, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.desks.answers import DeskUnavailable, Fate, StoredRejection, StoredReport
from services.desks.rules import names_in, report_id
from services.desks.store import ACCEPTED, REFUSED, DeskStore, Own, StoreTrouble, read_fact

__all__ = ["Carried", "Shelf", "answering"]

_MOST: Final = 500


@dataclass
class Carried:
    """How far the relay is: up to which of the desk's own positions the ledger has everything.

    `certain`: it was read from the ledger itself in this run; before, it is what was noted last.
    """

    position: int = 0
    certain: bool = False


class Shelf:
    """Reads one desk's store."""

    def __init__(self, store: DeskStore, carried: Carried) -> None:
        self._store = store
        self._carried = carried

    def reports(self, source: str, after: int, limit: int) -> list[StoredReport]:
        """Give the reports of a source behind a position, in order, at most `limit` (and 500)."""
        found = self._store.desk_recorder.select_own(source, (ACCEPTED, REFUSED), after, min(limit, _MOST))
        return [self._report(each) for each in found]

    def newest(self, sources: Iterable[str], before: int, limit: int) -> list[StoredReport]:
        """Give the newest reports of these sources before a position, at most `limit` (and 500)."""
        limit = min(limit, _MOST)
        found = [own for source in sources for own in self._store.desk_recorder.select_newest(source, before, limit)]
        found.sort(key=lambda own: -own.position)
        return [self._report(own) for own in found[:limit]]

    def report(self, source: str, id: str) -> StoredReport | None:
        """Give the report accepted under `source` and `id`."""
        found = self._store.desk_recorder.select_report(report_id(source, id))
        return None if found is None else self._report(found)

    def rejected(self, after: int, limit: int, unresolved: bool) -> list[StoredRejection]:
        """Give refusals behind a position, in order."""
        recorder = self._store.desk_recorder
        rejections: list[StoredRejection] = []
        while len(rejections) < limit:
            found = recorder.select_own(None, (REFUSED,), after, min(limit, _MOST))
            if not found:
                break
            after = found[-1].position
            good = recorder.resolved([each.id for each in found])
            rejections += [_rejection(each, each.id in good) for each in found if not (unresolved and each.id in good)]
        return rejections[:limit]

    def refusal_at(self, position: int) -> tuple[UUID, bytes]:
        """Give the id and the bytes of the refusal at a position. Raises LookupError when there is none."""
        found = self._store.desk_recorder.select_own(None, (REFUSED,), position - 1, 1)
        if not found or found[0].position != position:
            raise LookupError("no refused report lies there")
        return found[0].id, read_fact(found[0].state).raw

    def refusal(self, id: UUID) -> bytes:
        """Give the bytes of a refusal. Raises LookupError when there is none with this id."""
        found = self._store.desk_recorder.select_report(id)
        if found is None or found.topic != REFUSED:
            raise LookupError("no refused report has this id")
        return read_fact(found.state).raw

    def _report(self, own: Own) -> StoredReport:
        fact = read_fact(own.state)
        source, id, kind = names_in(fact.raw)
        accepted = own.topic == ACCEPTED
        relayed = accepted and own.position <= self._carried.position
        return StoredReport(
            position=own.position,
            source=source,
            id=id,
            kind=fact.kind or kind,
            fate=Fate.ACCEPTED if accepted else Fate(fact.fate),
            received=fact.received,
            relayed=relayed,
            sequence=self._store.desk_recorder.sequence_of(own.position, ACCEPTED) if relayed else None,
            raw=fact.raw,
            field=fact.field or None,
            rule=fact.rule or None,
        )


@contextmanager
def answering() -> Iterator[None]:
    """Turn what a store on a server is in trouble with into what a caller is told. Raises DeskUnavailable."""
    try:
        yield
    except StoreTrouble as trouble:
        raise DeskUnavailable(trouble.reason) from None


def _rejection(own: Own, resolved: bool) -> StoredRejection:
    fact = read_fact(own.state)
    source, id, _ = names_in(fact.raw)
    return StoredRejection(
        own.position, source, id, Fate(fact.fate), fact.field, fact.rule, fact.received, resolved, fact.raw
    )
