"""Baselines: the eventsourcing library's own projection runner, with one transaction for each event.

The library's runner follows an application whose events lie in memory (its SQLite recorder cannot be subscribed to),
so reading costs it next to nothing. What it runs is the product's own fold on the product's own tables: all that
differs is that each event is a unit of work by itself, as the library's documentation has it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking, TrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteDatastore
from eventsourcing.utils import EnvType

from events import IMPORT_DESK
from projections.live.message import Source, take
from projections.live.store import LiveStore, open_store
from projections.live.storing import LEDGER
from projections.live.view import LiveView
from services.bench.context import Bench
from services.bench.data import lines_of
from services.bench.figures import RATE, Figure, NotMeasured
from services.bench.memory_store import MemoryStore

_FILE: Final = "EVENTS_FILE"
_LONGEST: Final = 600.0
_SAMPLE, _QUICK_SAMPLE = 20_000, 4_000


class Reported(DomainEvent):
    """An event of the ledger, as a domain event of the library."""

    TOPIC: ClassVar[str] = "kindinbeeld.bench:Reported"
    raw: str


class Recorded(Application[UUID]):
    """A ledger in memory, filled from a file when it is made."""

    name = LEDGER

    def __init__(self, env: EnvType | None = None) -> None:
        super().__init__(env)
        stream = UUID(int=1)
        self.recorder.insert_events(
            [
                self.mapper.to_stored_event(
                    Reported(
                        originator_id=stream,
                        originator_version=number,
                        timestamp=Reported.create_timestamp(),
                        raw=line.decode(),  # type: ignore[call-arg]
                    )
                )
                for number, line in enumerate(lines_of(Path(self.env[_FILE])), start=1)
            ]
        )


class _Counting(Projection[TrackingRecorder]):
    """Folds each event by itself: taken in, and written with its position in one transaction."""

    topics = (Reported.TOPIC,)

    def __init__(self, view: TrackingRecorder) -> None:
        super().__init__(view)
        # The view in memory has all that the fold asks of a store.
        self._live = LiveView(cast("LiveStore", view))
        self.first = self.last = 0.0

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Take in any event of the ledger."""
        self.first = self.first or time.perf_counter()
        source = Source(tracking.notification_id, 0, IMPORT_DESK, domain_event.raw.encode())
        self._live.take([take(source)])
        self._live.write()
        self.last = time.perf_counter()


class Durable(_Counting):
    """The view is an SQLite database."""

    name = "durable"


class InMemory(_Counting):
    """The view is in memory."""

    name = "memory"


class DurableStore(LiveStore):
    """The live view's database, opened as the live view opens it: with the same care for what is flushed when."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        """`datastore` is as the library makes it, and only says where the database is."""
        super().__init__(open_store(Path(datastore.pool.db_name)).datastore)
        datastore.close()


def run_library(projection: type[_Counting], file: Path, database: Path) -> tuple[int, float]:
    """Let the library's runner process a file of events; give how many, and the seconds from the first to the last.

    Raises NotMeasured when it takes too long, and whatever ends the runner.
    """
    number = len(lines_of(file))
    durable = projection is Durable
    env = {_FILE: str(file)}
    if durable:
        env |= {"DURABLE_PERSISTENCE_MODULE": "eventsourcing.sqlite", "DURABLE_SQLITE_DBNAME": str(database)}
    view: type[Any] = DurableStore if durable else MemoryStore
    with ProjectionRunner(application_class=Recorded, projection_class=projection, view_class=view, env=env) as runner:
        try:
            runner.wait(number, _LONGEST)
        except TimeoutError:
            raise NotMeasured(f"the library's runner took more than {_LONGEST:.0f} seconds") from None
        counted = cast("_Counting", runner.projection)
        return number, counted.last - counted.first


def library(bench: Bench) -> Iterator[Figure]:
    """The same mix of events, 20,000 of them (4,000 when quick): the rate does not depend on how many."""
    file = bench.data.sample(_QUICK_SAMPLE if bench.asked.quick else _SAMPLE, bench.asked.events)
    for key, projection, words in (
        ("library-durable", Durable, "durable view"),
        ("library-memory", InMemory, "view in memory"),
    ):
        bench.say(f"the eventsourcing library's runner, {words}")
        number, seconds = run_library(projection, file, bench.place("library") / "view.sqlite")
        label = f"eventsourcing's projection runner, {words}, {number:,} events"
        yield Figure(key, label, RATE, number / seconds, note="one transaction an event; source in memory")
