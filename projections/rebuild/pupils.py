"""The pupils of one part of the alphabet: their histories out of the columns, through the fold, into a database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projections.fold import household, pupil
from projections.fold.cells import Deltas
from projections.fold.reports import LOST, NO_PLACE, UNKNOWN_PLACE, History, Report
from projections.live.message import PUPIL
from projections.live.schema import PUPIL_APART
from projections.rebuild.parts import part, write_cells
from projections.rebuild.settling import settled

_ROWS: Final = 65_536
_encode: Final = msgspec.msgpack.Encoder().encode

# In the order of the definition (projections.fold.reports); the number of a source sorts as its text does.
_REPORTS: Final = """
select
    owner, occurred, "order", number, id, sector, place, household, detail,
    (key1, key2) in (from retracted) as retracted
from event join source using (source)
where kind = $kind and owner >= $since and ($until is null or owner < $until) and position not in (from copy)
order by owner, occurred, "order", number, id
"""
# In the order of the table; of what was displaced too (projections.live.view).
_RESIDENTS: Final = """
with ever as (
    select owner, place, "order", kind from event where position not in (from copy)
    union all select owner, place, "order", kind from displaced
)
select distinct if(place <> $nowhere, place, $unknown) as lives, owner from ever
where kind = $kind and owner >= $since and ($until is null or owner < $until) and (place <> $nowhere or "order" = $lost)
order by lives, owner
"""
_DISPLACED: Final = """
select distinct owner from displaced
where kind = $kind and owner >= $since and ($until is null or owner < $until)
"""


def _groups(batches: Iterator[pa.RecordBatch], sources: list[str]) -> Iterator[tuple[str, History]]:
    """Give each pupil with its history."""
    rest: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if rest is not None:
            table = pa.concat_tables([rest, table]).combine_chunks()
        owner = table.column("owner").combine_chunks()
        starts = np.flatnonzero(pc.not_equal(owner[1:], owner[:-1]).to_numpy(zero_copy_only=False)) + 1
        if not len(starts):
            rest = table
            continue
        rest = table.slice(starts[-1])
        yield from _histories(table, np.concatenate([[0], starts[:-1]]), int(starts[-1]), sources)
    if rest is not None and len(rest):
        yield from _histories(rest, np.array([0]), len(rest), sources)


def _histories(
    table: pa.Table, starts: np.ndarray[Any, Any], end: int, sources: list[str]
) -> Iterator[tuple[str, History]]:
    table = table.slice(0, end)
    names = table.column("owner").take(pa.array(starts)).to_pylist()
    columns = [column.to_pylist() for column in table.columns[1:]]
    columns[2] = [sources[number] for number in columns[2]]
    reports = list(map(Report._make, zip(*columns, strict=True)))
    bounds = [*starts.tolist(), end]
    for name, (begin, until) in zip(names, itertools.pairwise(bounds), strict=True):
        yield name, reports[begin:until]


def fold_pupils(directory: Path, database: Path, since: str | None, until: str | None) -> int:
    """Fold the pupils from one name up to another into a part; give their number."""
    deltas = Deltas()
    with settled(directory) as connection, part(database) as to:
        sources = [str(name) for (name,) in connection.execute("select source from source order by number").fetchall()]
        where = {"kind": PUPIL, "since": since or "", "until": until}
        empty = {str(owner) for (owner,) in connection.execute(_DISPLACED, where).fetchall()}
        reader = connection.sql(_REPORTS, params=where).to_arrow_reader(_ROWS)
        members: list[tuple[str, str, bytes]] = []
        states: list[tuple[str, bytes]] = []
        count = 0
        for name, history in _groups(iter(reader), sources):
            segments = pupil.contribute(history, deltas, 1)
            if len(segments) > 1 and (apart := household.apart_until(segment[:3] for segment in segments)) is not None:
                to.execute("INSERT INTO apart VALUES (?, ?, ?)", (PUPIL_APART, name, apart))
            for shared, member in household.members_of(segments).items() if segments else ():
                members.append((shared, name, _encode(member)))
            states.append((name, _encode(history)))
            if len(states) >= _ROWS:
                count += _write(to, states, members)
        count += _write(to, states, members)
        nothing = [(name, _encode([])) for name in sorted(empty)]
        to.executemany("INSERT OR IGNORE INTO pupil VALUES (?, ?)", nothing)
        lives = where | {"nowhere": NO_PLACE, "unknown": UNKNOWN_PLACE, "lost": LOST}
        asked = connection.execute(_RESIDENTS, lives)
        while rows := asked.fetchmany(_ROWS):
            to.executemany("INSERT INTO resident VALUES (?, ?)", rows)
        write_cells(to, deltas)
    return count


def _write(to: Any, states: list[tuple[str, bytes]], members: list[tuple[str, str, bytes]]) -> int:
    written = len(states)
    to.executemany("INSERT INTO pupil VALUES (?, ?)", states)
    to.executemany("INSERT INTO member VALUES (?, ?, ?)", members)
    states.clear()
    members.clear()
    return written
