"""Keeping the tables for others (`published.sql`) equal to the live view: only rows that changed are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events import day_start, from_micros, week_monday
from projections.fold.calendar import Closure
from projections.live.postgres.arrays import Bigints, Texts
from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.migrating import migrate_common
from projections.live.tables import Tables
from projections.register import municipalities
from projections.register.areas import COUNTRY, AreaKind, province_of, region_of
from projections.tables import KEY, MEASURES, UNKNOWN

__all__ = ["PublishedTables"]

_PUBLISHING: Final = 7_201_642_022
"""Key of the advisory lock of the one that writes these tables."""

_Key = tuple[str, str, str]


class PublishedTables:
    """The tables for others, for the one process that writes them."""

    def __init__(self, url: str) -> None:
        """Open, or make, them; waits for one that writes them already. Raises ViewAwayError."""
        self._connection = connect(url, "SET synchronous_commit = off")
        try:
            with told_as_away():
                self._connection.execute("SELECT pg_advisory_lock(%s)", [_PUBLISHING])
                migrate_common(self._connection)
                _write_areas(self._connection)
                self._closures = _closures(self._connection)
            self._kept = {table: _Kept(self._connection, table) for table in MEASURES}
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the database, and another one write."""
        self._connection.close()

    def write(self, tables: Tables, closures: Sequence[Closure], ledger_end: int) -> int:
        """Make them what both tables are now, in one transaction; give the number of rows of these that changed.

        Raises ViewAwayError; then nothing was written, and this object is of no use any more.
        """
        named: list[tuple[Any, ...]] = [
            (each.name, list(each.sectors), each.municipalities and list(each.municipalities), each.starts, each.until)
            for each in closures
        ]
        with told_as_away(), self._connection.transaction():
            changed = sum(kept.write(self._connection, tables) for kept in self._kept.values())
            if named != self._closures:
                self._connection.execute("DELETE FROM kindinbeeld.closures")
                with self._connection.cursor() as to:
                    to.executemany("INSERT INTO kindinbeeld.closures VALUES (%s, %s, %s, %s, %s)", named)
            self._connection.execute(
                "INSERT INTO kindinbeeld.state (as_of, position, ledger_end, written) VALUES (%s, %s, %s, now())"
                " ON CONFLICT (one) DO UPDATE SET as_of = excluded.as_of, position = excluded.position,"
                " ledger_end = excluded.ledger_end, written = excluded.written",
                [from_micros(tables.as_of), tables.position, max(ledger_end, tables.position)],
            )
        self._closures = named
        return changed


class _Kept:
    """What one of the two tables holds, so that only what differs is written."""

    def __init__(self, connection: Connection, table: str) -> None:
        self._table, self._measures = table, MEASURES[table]
        columns = ", ".join((*KEY, *self._measures))
        with told_as_away():
            rows = connection.execute(f"SELECT {columns} FROM kindinbeeld.{table}".encode()).fetchall()
        self._found: dict[_Key, tuple[int, ...]] | None = {row[:3]: row[3:] for row in rows}
        self._last: Tables | None = None
        self._values: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def write(self, connection: Connection, tables: Tables) -> int:
        columns = tables.counts if self._table == "counts" else tables.coverage
        values = np.stack(list(columns.values()), axis=3)
        values[~_exists(self._table, values, tables)] = 0
        last = self._last
        if last is not None and (last.places, last.weeks) == (tables.places, tables.weeks):
            changed = np.argwhere((values != self._values).any(axis=3))
            keys = [(tables.places[p], tables.sectors[s], tables.weeks[w]) for p, s, w in changed]
            now = dict(zip(keys, map(tuple, values[tuple(changed.T)].tolist()), strict=True))
            there = {key: row for key, row in now.items() if any(row)}
            gone = [key for key in now if key not in there]
        else:
            before = self._found if self._found is not None else dict(_rows(last, self._values))
            now = dict(_rows(tables, values))
            there = {key: row for key, row in now.items() if before.get(key) != row}
            gone = [key for key in before if key not in now]
        _delete(connection, self._table, gone)
        _upsert(connection, self._table, self._measures, there)
        # What the transaction undoes makes this object of no use, so this may be said already.
        self._found, self._last, self._values = None, tables, values
        return len(there) + len(gone)


def _exists(table: str, values: NDArray[np.int64], tables: Tables) -> NDArray[np.bool_]:
    """Tell which rows there are (`Tables.rows`). One that is there has a number that is not zero."""
    there: NDArray[np.bool_] = tables.open & ((values != 0).any(axis=3) if table == "counts" else values[..., 0] != 0)
    return there


def _rows(tables: Tables | None, values: NDArray[np.int64]) -> Iterable[tuple[_Key, tuple[int, ...]]]:
    if tables is not None:
        places = np.argwhere((values != 0).any(axis=3))
        for (p, s, w), row in zip(places.tolist(), values[tuple(places.T)].tolist(), strict=True):
            yield (tables.places[p], tables.sectors[s], tables.weeks[w]), tuple(row)


def _delete(connection: Connection, table: str, keys: Sequence[_Key]) -> None:
    if keys:
        connection.execute(
            f"DELETE FROM kindinbeeld.{table} AS t USING unnest(%b, %b, %b) AS gone ({', '.join(KEY)}) WHERE"
            f" {' AND '.join(f't.{name} = gone.{name}' for name in KEY)}".encode(),
            [Texts(column) for column in zip(*keys, strict=True)],
        )


def _upsert(connection: Connection, table: str, measures: Sequence[str], rows: dict[_Key, tuple[int, ...]]) -> None:
    if not rows:
        return
    starts = [day_start(week_monday(week)) // 1_000_000 for _, _, week in rows]
    columns: list[Any] = [Texts(column) for column in zip(*rows, strict=True)]
    columns += [Bigints(starts), *(Bigints(column) for column in zip(*rows.values(), strict=True))]
    connection.execute(
        f"INSERT INTO kindinbeeld.{table} ({', '.join((*KEY, 'week_start', *measures))})"
        f" SELECT {', '.join((*KEY, 'to_timestamp(start)', *measures))}"
        f" FROM unnest({', '.join(['%b'] * len(columns))}) AS t ({', '.join((*KEY, 'start', *measures))})"
        f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET"
        f" {', '.join(f'{name} = excluded.{name}' for name in measures)}".encode(),
        columns,
    )


def _closures(connection: Connection) -> list[tuple[Any, ...]]:
    statement = "SELECT name, sectors, municipalities, starts, until FROM kindinbeeld.closures ORDER BY starts, name"
    return connection.execute(statement).fetchall()


def _write_areas(connection: Connection) -> None:
    """Write the register's areas; those of a code that it does not know any more stay."""
    every = municipalities()
    above = {area for known in every for area in (region_of(known.code), province_of(known.code)) if area is not None}
    named = [(area.code, str(area.kind), area.name) for area in (COUNTRY, *above)]
    named += [(known.code, str(AreaKind.MUNICIPALITY), known.name) for known in every]
    named += [(UNKNOWN, UNKNOWN, "Woonplaats onbekend")]
    with connection.transaction(), connection.cursor() as to:
        to.executemany(
            "INSERT INTO kindinbeeld.areas VALUES (%s, %s, %s)"
            " ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, name = excluded.name",
            named,
        )
        to.executemany(
            "INSERT INTO kindinbeeld.municipalities VALUES (%s, %s, %s, %s) ON CONFLICT (code) DO UPDATE"
            " SET name = excluded.name, region = excluded.region, province = excluded.province",
            [
                (known.code, known.name, region.code, province.code)
                for known in every
                if (region := region_of(known.code)) and (province := province_of(known.code))
            ],
        )
