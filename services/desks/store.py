"""A desk's store: an application of the eventsourcing library, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatabaseError, Notification, Transcoder

from services.desks.facts import RefusalResolved, ReportAccepted, ReportRefused, StateTranscoder

__all__ = [
    "ACCEPTED",
    "REFUSED",
    "RESOLVED",
    "SECTION",
    "Batch",
    "DeskRecorder",
    "DeskStore",
    "Fact",
    "Outgoing",
    "Own",
    "StoreTrouble",
    "environment_of",
    "postgres_environment",
    "read_fact",
]

ACCEPTED: Final = ReportAccepted.TOPIC
REFUSED: Final = ReportRefused.TOPIC
RESOLVED: Final = RefusalResolved.TOPIC

SECTION: Final = 1000
"""Facts read at a time."""


class StoreTrouble(DatabaseError):  # noqa: N818 - named for what is the matter
    """A store on a server cannot be used. `reason`: one line, nothing of what was stored, nor where.

    `away`: it is the server that is away. `lost`: the connection broke while something was asked. `unsure`: so that it
    is not known whether something was stored.
    """

    def __init__(self, reason: str, *, away: bool = False, lost: bool = False, unsure: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.away = away
        self.lost = lost
        self.unsure = unsure


class Own(msgspec.Struct, frozen=True):
    """A fact found for its sender. `position`: of the notification log; `state`: as stored."""

    position: int
    id: UUID
    topic: str
    state: bytes


class Fact(msgspec.Struct, frozen=True):
    """The state of a stored fact; members that it has not are left empty."""

    received: int = 0
    raw: bytes = b""
    kind: str = ""
    digest: bytes = b""
    fate: str = ""
    field: str = ""
    rule: str = ""


class Outgoing(msgspec.Struct, frozen=True):
    """A fact on its way to the ledger. `id`: of the report or the refusal that it is about."""

    position: int
    id: UUID | str
    fact: Fact


class Batch(msgspec.Struct, frozen=True):
    """Reports that lie next to each other in the ledger: the last one's position and sequence, and how many."""

    position: int
    sequence: int
    number: int


class DeskRecorder(Protocol):
    """What a desk asks of a recorder beside what the library's recorders do."""

    def reach(self) -> None:
        """Raise StoreTrouble when a store on a server cannot be used at the moment."""

    def select_first(self, ids: Sequence[UUID]) -> Iterator[tuple[UUID, bytes]]:
        """Give the state of the first fact of each of these aggregates that there is."""

    def select_own(self, source: str | None, topics: Sequence[str], after: int, limit: int) -> list[Own]:
        """Give facts of these topics, of a source (None: of all), after a position, in order."""

    def select_newest(self, source: str, before: int, limit: int) -> list[Own]:
        """Give facts, first facts only, of a source before a position, the newest first."""

    def select_report(self, id: UUID) -> Own | None:
        """Give the report accepted under an id."""

    def resolved(self, ids: Sequence[UUID]) -> set[UUID]:
        """Give which of these aggregates have a second fact."""

    def count_after(self, topic: str, after: int) -> int:
        """Count the facts of a topic after a position."""

    def note_sent(self, batches: Sequence[Batch]) -> None:
        """Note what was sent to the ledger."""

    def last_noted(self) -> int:
        """Give the last position noted as sent, 0 when none."""

    def tidy(self, larger_than: int = 0) -> None:
        """Do what the store wants done now and then, if more than so many bytes wait for it; holds up no writer."""

    def sequence_of(self, position: int, topic: str) -> int | None:
        """Give the ledger's sequence of the fact of this topic at a position, None when it was not noted."""


_read_fact: Final = msgspec.msgpack.Decoder(Fact).decode


class DeskStore(Application[UUID]):
    """Stores facts in groups, each group in one durable transaction, and reads them back."""

    log_section_size = SECTION

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        """Open the store of the desk `name`; `environment` says where, in the library's own terms."""
        self.name = name
        super().__init__(dict(environment))

    def construct_transcoder(self) -> Transcoder:
        """Write states as MessagePack."""
        return StateTranscoder()

    @property
    def desk_recorder(self) -> DeskRecorder:
        """The recorder with what a desk asks beside."""
        return cast("DeskRecorder", self.recorder)

    def keep(self, facts: Sequence[DomainEvent], own: Sequence[str | None]) -> None:
        """Store facts in one durable transaction; `own`: whose each is. Raises the library's PersistenceError.

        By the library's mapper and recorder. Its `save` does the same, but asks of each fact whether it is an aggregate
        and makes a notification of it, which costs as much as writing it.
        """
        self.recorder.insert_events([self.mapper.to_stored_event(fact) for fact in facts], own=own)

    def digests(self, ids: Sequence[UUID]) -> dict[UUID, bytes]:
        """Give the digest of the content of each of these reports that is stored."""
        return {id: _read_fact(state).digest for id, state in self.desk_recorder.select_first(ids)}

    def outgoing(self, topic: str, after: int, limit: int = SECTION) -> tuple[list[Outgoing], int]:
        """Give the facts of a topic after a position, in order, and up to where the log was looked through."""
        if topic != ACCEPTED:
            return self._few(topic, after, limit)
        found: Sequence[Notification] = self.recorder.select_notifications(
            after, limit, topics=(topic,), inclusive_of_start=False
        )
        facts = [Outgoing(each.id, each.originator_id, _read_fact(each.state)) for each in found]
        return facts, facts[-1].position if facts else after

    def _few(self, topic: str, after: int, limit: int) -> tuple[list[Outgoing], int]:
        """The same for facts that are few: what was looked through in vain need not be looked through again."""
        newest = self.recorder.max_notification_id() or 0
        found = self.desk_recorder.select_own(None, (topic,), after, limit)
        facts = [Outgoing(each.position, each.id, _read_fact(each.state)) for each in found]
        return facts, max(newest, facts[-1].position if facts else after) if len(facts) < limit else facts[-1].position


def read_fact(state: bytes) -> Fact:
    """Read the state of a stored `ReportAccepted` or `ReportRefused`."""
    return _read_fact(state)


def environment_of(path: Any) -> dict[str, str]:
    """Give the library's environment for a desk on the SQLite file `path`."""
    return {"PERSISTENCE_MODULE": "services.desks.sqlite:Factory", "SQLITE_DBNAME": str(path)}


def schema_of(desk: str) -> str:
    """Give the schema in which a desk keeps its store in PostgreSQL."""
    return f"kindinbeeld_{desk}"


def postgres_environment(url: str, schema: str) -> dict[str, str]:
    """Give the library's environment for a desk in a schema of its own of the PostgreSQL database at `url`."""
    return {"PERSISTENCE_MODULE": "services.desks.postgres:Factory", "POSTGRES_URL": url, "POSTGRES_SCHEMA": schema}
