"""The audit: the live tables against the replay of the ledger, at one position and one instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from projections.evaluation import columns_of, replaying
from projections.live.tables import Tables
from projections.tables import MEASURES
from services.ledger.history import history
from services.system import DataDir, SystemRecord
from services.view.asking import caught_up_reader

Row = tuple[object, ...]


class Difference(NamedTuple):
    """A cell in which the two programs disagree."""

    table: str
    key: tuple[str, ...]
    measure: str
    live: int
    replay: int


@dataclass
class Outcome:
    """What was compared; ``as_of`` in microseconds."""

    position: int
    as_of: int
    events: int = 0
    rows: int = 0
    cells: int = 0
    differences: list[Difference] = field(default_factory=list)


def compare(data_dir: DataDir, record: SystemRecord, patience: float) -> Outcome:
    """Compare both tables of the live view, as of now, with the columnar query over the ledger up to its position.

    Raises SystemUnavailable when the system cannot be reached.
    """
    with caught_up_reader(data_dir, record, patience) as reader:
        tables = reader.tables(record.clock.now())
    return against_replay(record, tables)


def against_replay(record: SystemRecord, tables: Tables) -> Outcome:
    """Compare both tables of a live view with the columnar query over the ledger up to its position.

    Raises SystemUnavailable when the ledger cannot be read.
    """
    outcome = Outcome(tables.position, tables.as_of)
    with replaying(columns_of(history(record, tables.position), keep_event=False)) as replay:
        outcome.events = replay.events
        for table in MEASURES:
            columns = replay.table(table, tables.as_of)
            replayed = zip(*(column.to_pylist() for column in columns.columns), strict=True)
            _compare(table, tables.rows(table), replayed, outcome)
    return outcome


def between(one: Tables, other: Tables) -> Outcome:
    """Compare two live views at one position; ``one`` is told as live, ``other`` as replay."""
    outcome = Outcome(one.position, one.as_of)
    for table in MEASURES:
        _compare(table, one.rows(table), other.rows(table), outcome)
    return outcome


def _compare(table: str, live: Iterable[Row], replayed: Iterable[Row], outcome: Outcome) -> None:
    sides = dict(_by_key(live)), dict(_by_key(replayed))
    nothing = (0,) * len(MEASURES[table])
    for key in sorted(sides[0].keys() | sides[1].keys()):
        outcome.rows += 1
        ours, theirs = (side.get(key, nothing) for side in sides)
        for measure, one, other in zip(MEASURES[table], ours, theirs, strict=True):
            outcome.cells += 1
            if one != other:
                outcome.differences.append(Difference(table, key, measure, one, other))


def _by_key(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    for row in rows:
        yield tuple(map(str, row[:3])), tuple(int(str(value)) for value in row[3:])
