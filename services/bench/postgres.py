"""The live view in a PostgreSQL of the benchmark's own, following a ledger, beside SQLite in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from deploy.postgres_server import PostgresServer, PostgresServerError
from services.bench.catching_up import JUDGED_FROM, timed
from services.bench.context import Bench
from services.bench.figures import RATE, Figure, NotMeasured, Target
from services.system import find_system

TARGET: Final = Target(15_000, at_least=True)
_NEVER: Final = 10**12
"""Events from which a view is built at once: what is measured is following."""


def postgres(bench: Bench) -> Iterator[Figure]:
    """Every event folded as it comes, by the process of the live view and the server together."""
    filled, data_dir = bench.filled, bench.filled.data_dir
    record = find_system(data_dir)
    server = PostgresServer(bench.place("postgres"))
    bench.say(f"following {filled.events:,} events into PostgreSQL")
    try:
        url = server.start()
        replace(record, database=url).write(data_dir)
        took = timed(filled, url, _NEVER)
    except PostgresServerError as why:
        raise NotMeasured(str(why)) from None
    finally:
        record.write(data_dir)
        server.stop()
    bench.say(f"following {filled.events:,} events into SQLite")
    for file in data_dir.path.glob(f"{data_dir.live_view.name}*"):
        file.unlink()
    beside = timed(filled, data_dir.live_view, _NEVER)
    rates = filled.events / took.seconds, filled.events / beside.seconds
    label = f"following {filled.events:,} events, live view in PostgreSQL"
    target = TARGET if filled.events >= JUDGED_FROM else None
    note = f"{took.note}, without the server's own"
    yield Figure("postgres", label, RATE, rates[0], target, note)
    yield Figure("postgres-sqlite", "the same in SQLite", RATE, rates[1], None, beside.note)
