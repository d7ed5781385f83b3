"""Schools and closures, and the small tables: retractions, what was set aside, who was early, the horizon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from projections.fold import school
from projections.fold.calendar import Announcement
from projections.fold.cells import Deltas
from projections.fold.school import Statement
from projections.live.message import CLOSURE, PUPIL, SCHOOL
from projections.live.recorded import week_recorded
from projections.live.states import encode
from projections.live.view import OTHER_CONTENT
from projections.rebuild.columns import joined
from projections.rebuild.parts import part, write_cells
from projections.rebuild.settling import settled

_statement: Final[Callable[[bytes], Statement]] = msgspec.msgpack.Decoder(Statement).decode
_announcement: Final[Callable[[bytes], Announcement]] = msgspec.msgpack.Decoder(Announcement).decode

# In the order of the ledger, as one that follows it appends them.
_ENTRIES: Final = """
select owner, entry, (key1, key2) in (from retracted) as retracted
from event where kind = ? and position not in (from copy)
order by owner, position
"""
_EARLY: Final = """
with standing as (select owner, occurred, recorded from event where kind = $kind and position not in (from copy)),
ever as (from standing union all select owner, occurred, recorded from displaced where kind = $kind)
select owner, greatest(max(occurred), 0) as latest from ever where occurred >= recorded
group by owner having latest >= (select max(recorded) from event) order by owner
"""
_SET_ASIDE: Final = """
select position, recorded, field, rule from malformed
union all select position, recorded, 'id', ? from other_content
order by position
"""

_HOUR: Final = 3_600_000_000
_HOURS: Final = "select (recorded - 1) // ?, min(recorded), max(recorded), max(position) from event group by 1"
_OF_HOUR: Final = "select recorded, position from event where (recorded - 1) // ? = ?"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Any = ()) -> Iterator[tuple[Any, ...]]:
    asked = connection.execute(sql, parameters)
    while some := asked.fetchmany(10_000):
        yield from some


def _states(
    connection: duckdb.DuckDBPyConnection, kind: int, decode: Callable[[bytes], Any]
) -> Iterator[tuple[str, list[Any]]]:
    for name, rows in groupby(_rows(connection, _ENTRIES, [kind]), key=itemgetter(0)):
        yield name, [decode(entry)._replace(retracted=retracted) for _, entry, retracted in rows]
    standing = "select owner from event where kind = $kind and position not in (from copy)"
    gone = f"select distinct owner from displaced where kind = $kind and owner not in ({standing})"
    for (name,) in _rows(connection, gone, {"kind": kind}):
        yield name, []


def _weeks(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    weeks: dict[int, int] = {}

    def note(week: int, position: int) -> None:
        weeks[week] = max(position, weeks.get(week, 0))

    for hour, first, last, position in list(_rows(connection, _HOURS, [_HOUR])):
        if week_recorded(first) == week_recorded(last):
            note(week_recorded(first), position)
        else:  # before 1937 weeks did not begin at a full hour of UTC
            for recorded, each in connection.execute(_OF_HOUR, [_HOUR, hour]).fetchall():
                note(week_recorded(recorded), each)
    return sorted(weeks.items())


def write_others(directory: Path, database: Path) -> int:
    """Write into a part all that is not a pupil, a household or an event; give the last position that was read."""
    deltas = Deltas()
    with settled(directory) as connection, part(database) as to:

        def encoded(states: Iterable[tuple[str, list[Any]]]) -> Iterator[tuple[str, bytes]]:
            for name, state in states:
                yield name, encode(state)

        def contributing() -> Iterator[tuple[str, list[Statement]]]:
            for name, state in _states(connection, SCHOOL, _statement):
                school.contribute(state, deltas, 1)
                yield name, state

        to.executemany("INSERT INTO school VALUES (?, ?)", encoded(contributing()))
        to.executemany("INSERT INTO closure VALUES (?, ?)", encoded(_states(connection, CLOSURE, _announcement)))
        write_cells(to, deltas)
        retractions = connection.execute("from retraction").fetchnumpy()
        by = joined(retractions["key1"], retractions["key2"])
        pairs = sorted(zip(map(bytes.fromhex, retractions["owner"]), by, strict=True))
        to.executemany("INSERT INTO retraction VALUES (?, ?)", pairs)
        to.executemany("INSERT INTO early VALUES (?, ?)", _rows(connection, _EARLY, {"kind": PUPIL}))
        to.executemany("INSERT INTO set_aside VALUES (?, ?, ?, ?)", _rows(connection, _SET_ASIDE, [OTHER_CONTENT]))
        to.executemany("INSERT INTO recorded VALUES (?, ?)", _weeks(connection))
        horizon = _rows(connection, "select 1, max(recorded), min(recorded) from event having count(*) > 0")
        to.executemany("INSERT INTO horizon VALUES (?, ?, ?)", horizon)
        last = connection.execute(
            "select max(position) from (select position from event union all select position from malformed)"
        ).fetchone()
    return int(last[0]) if last and last[0] is not None else 0
