"""The pupils of one part of the alphabet: their histories out of the columns, through the fold, into a database."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projections.fold import household, pupil
from projections.fold.cells import Deltas
from projections.fold.into import IntoDeltas
from projections.fold.many import (
    Numbers,
    Reports,
    Spans,
    contribute_many,
    in_several_areas,
    moved,
    named_places,
)
from projections.fold.reports import History, Report
from projections.live import residents
from projections.live.message import PUPIL
from projections.live.schema import PUPIL_APART
from projections.live.states import encode
from projections.rebuild.parts import part, write_cells
from projections.rebuild.settling import settled

_ROWS: Final = 65_536

# In the order of the definition (projections.fold.reports); the number of a source sorts as its text does.
_REPORTS: Final = """
select
    owner, occurred, "order", number, id, sector, place, household, detail,
    (key1, key2) in (from retracted) as retracted
from event join source using (source)
where kind = $kind and owner >= $since and ($until is null or owner < $until) and position not in (from copy)
order by owner, occurred, "order", number, id
"""
PUPILS: Final = pa.schema([("name", pa.string()), ("state", pa.binary())])
STATES: Final = PUPILS.append(pa.field("day", pa.int32()))
"""What is kept of each pupil, in a file of Arrow beside the part: it is written into the database itself only.

`day`: that on which the last thing happened that was said of the pupil, from 1970-01-01 (UTC).
"""
_DAY: Final = 86_400_000_000
_DISPLACED: Final = """
select distinct owner from displaced
where kind = $kind and owner >= $since and ($until is null or owner < $until)
"""


def _whole(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Give the rows in pieces that hold each pupil whole."""
    rest: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if rest is not None:
            table = pa.concat_tables([rest, table]).combine_chunks()
        starts = _starts(table)
        rest = table.slice(starts[-1])
        if len(starts) > 1:
            yield table.slice(0, starts[-1]).combine_chunks()
    if rest is not None and len(rest):
        yield rest.combine_chunks()


def _starts(table: pa.Table) -> Numbers:
    """Give the first row of each pupil."""
    owner = table.column("owner").combine_chunks()
    changes = pc.not_equal(owner[1:], owner[:-1]).to_numpy(zero_copy_only=False)
    starts: Numbers = np.append(np.zeros(1, np.int64), np.flatnonzero(changes) + 1)
    return starts


def _reports(table: pa.Table, starts: Numbers) -> Reports:
    def numbers(name: str) -> Numbers:
        values: Numbers = table.column(name).to_numpy().astype(np.int64)
        return values

    pupil = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(table)))
    alone = table.column("household").combine_chunks().is_null().to_numpy(zero_copy_only=False)
    standing = ~table.column("retracted").combine_chunks().to_numpy(zero_copy_only=False)
    occurred, order, sector, place, detail = map(numbers, ("occurred", "order", "sector", "place", "detail"))
    return Reports(pupil, occurred, order, sector, place, detail, alone, standing)


class _Part:
    """What is written of the pupils of a part: their states, and what they are of households."""

    def __init__(self, sources: list[str]) -> None:
        self._sources = sources
        self.deltas = Deltas()
        self._names: list[str] = []
        self._histories: list[bytes] = []
        self._days: list[Numbers] = []
        self.members: list[tuple[str, str, bytes]] = []
        self.residents: defaultdict[int, list[str]] = defaultdict(list)
        self.apart: list[tuple[int, str, int]] = []

    def fold(self, table: pa.Table) -> None:
        """Fold the pupils of a table that holds each of them whole."""
        starts = _starts(table)
        names: list[str] = table.column("owner").take(pa.array(starts)).to_pylist()
        columns = [column.to_pylist() for column in table.columns[1:]]
        columns[2] = [self._sources[number] for number in columns[2]]
        rows = list(zip(*columns, strict=True))
        bounds = itertools.pairwise([*starts.tolist(), len(rows)])
        histories = [rows[begin:end] for begin, end in bounds]
        reports = _reports(table, starts)
        several = moved(reports)
        for place, number in zip(*(found.tolist() for found in named_places(reports)), strict=True):
            self.residents[place].append(names[number])
        spans = contribute_many(reports, ~several, IntoDeltas(self.deltas))
        self._share(spans, reports, names, columns[6])
        for number, own in in_several_areas(spans, reports.pupil[spans.row]):
            self._note_apart(names[number], household.apart_until(own))
        for number in np.flatnonzero(several).tolist():
            self._fold_one(names[number], list(map(Report._make, histories[number])))
        self._names += names
        self._histories += map(encode, histories)
        self._days.append(reports.occurred[np.append(starts[1:], len(table)) - 1] // _DAY)

    def taken(self) -> pa.RecordBatch:
        """Give the pupils folded since the last time, by name, and what is kept of each."""
        days = pa.array(np.concatenate(self._days), pa.int32())
        columns = [pa.array(self._names, pa.string()), pa.array(self._histories, pa.binary()), days]
        self._names, self._histories, self._days = [], [], []
        return pa.RecordBatch.from_arrays(columns, schema=STATES)

    def _share(self, spans: Spans, reports: Reports, names: list[str], households: list[str | None]) -> None:
        """Note which spans of pupils belong to which household."""
        shared = ~reports.alone[spans.row]
        rows = spans.row[shared]
        each = zip(
            reports.pupil[rows].tolist(),
            rows.tolist(),
            *(of[shared].tolist() for of in (spans.area, spans.start, spans.end)),
            strict=True,
        )
        members: dict[tuple[int, str], household.Member] = {}
        for pupil_number, row, *span in each:
            members.setdefault((pupil_number, cast(str, households[row])), []).append(tuple(span))
        self.members += [(of, names[number], encode(member)) for (number, of), member in members.items()]

    def _fold_one(self, name: str, history: History) -> None:
        segments = pupil.contribute(history, self.deltas, 1)
        for shared, member in household.members_of(segments).items():
            self.members.append((shared, name, encode(member)))
        self._note_apart(name, household.pupil_apart_until(segments))

    def _note_apart(self, name: str, until: int | None) -> None:
        if until is not None:
            self.apart.append((PUPIL_APART, name, until))


def pupils_beside(database: Path) -> Path:
    """Where the pupils of a part are, in the order of their names but for those with nothing left to keep."""
    return database.with_suffix(".arrow")


def by_day(states: pa.RecordBatchFileReader) -> Iterator[pa.RecordBatch]:
    """Give the pupils of a part as they lie in the table: those of a day together, as where they came one by one."""
    numbers = range(states.num_record_batches)
    days = {day for number in numbers for day in states.get_batch(number)["day"].unique().to_pylist()}
    for day in sorted(days):
        for number in numbers:
            batch = states.get_batch(number)
            found = batch.filter(pc.equal(batch["day"], day))
            if len(found):
                yield found.select(["name", "state"])


def fold_pupils(directory: Path, database: Path, since: str | None, until: str | None) -> int:
    """Fold the pupils from one name up to another into a part; give their number."""
    states = pupils_beside(database)
    with settled(directory) as connection, part(database) as to, pa.ipc.new_file(states, STATES) as kept:
        sources = [str(name) for (name,) in connection.execute("select source from source order by number").fetchall()]
        where = {"kind": PUPIL, "since": since or "", "until": until}
        empty = {str(owner) for (owner,) in connection.execute(_DISPLACED, where).fetchall()}
        folded = _Part(sources)
        count = 0
        for table in _whole(iter(connection.sql(_REPORTS, params=where).to_arrow_reader(_ROWS))):
            folded.fold(table)
            taken = folded.taken()
            kept.write_batch(taken)
            to.executemany("INSERT INTO member VALUES (?, ?, ?)", folded.members)
            folded.members.clear()
            empty.difference_update(taken["name"].to_pylist() if empty else ())
            count += len(taken)
        nothing = [pa.array(sorted(empty), pa.string()), pa.array([encode([])] * len(empty), pa.binary())]
        kept.write_batch(pa.RecordBatch.from_arrays([*nothing, pa.array([0] * len(empty), pa.int32())], schema=STATES))
        to.executemany(residents.INSERT, residents.packed(folded.residents))
        to.executemany("INSERT INTO apart VALUES (?, ?, ?)", folded.apart)
        write_cells(to, folded.deltas)
    return count
