"""Baseline: the eventsourcing library as its documentation has it, aggregates saved a number at a time on SQLite."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.sqlite import SQLiteApplicationRecorder

__all__ = ["save_aggregates"]


class Report(Aggregate):
    """A report, kept whole."""

    def __init__(self, raw: str) -> None:
        self.raw = raw


class Reports(Application[UUID]):
    """The library's application as it is."""


def save_aggregates(raws: Sequence[bytes], at_once: int, directory: Path) -> float:
    """Save an aggregate for each report, so many in a transaction that is on the disk after it; give the seconds."""
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(directory / "reports.sqlite")}
    application = Reports(env)
    try:
        recorder = application.recorder
        assert isinstance(recorder, SQLiteApplicationRecorder)  # noqa: S101 - as the environment says
        with recorder.datastore.get_connection(commit=False) as connection:
            # Its connections are kept: the one that writes is this one.
            connection.cursor().execute("PRAGMA synchronous = FULL")
        begun = time.perf_counter()
        for start in range(0, len(raws), at_once):
            application.save(*(Report(raw.decode()) for raw in raws[start : start + at_once]))
        return time.perf_counter() - begun
    finally:
        application.close()
