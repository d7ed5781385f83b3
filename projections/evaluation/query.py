"""Both tables of the definition (COUNTS) as of any K, as one columnar query over events in Parquet.

The query stands in `sql/`, step by step; this module brings it its parameters and takes its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from projections.evaluation.calendar import Closure, make_calendar
from projections.evaluation.definition import OFFICIAL, Definition, Zone
from projections.evaluation.settle import other_contents
from projections.register import municipalities
from projections.tables import COUNT_MEASURES, KEY, MEASURES

__all__ = ["Replay"]


class Replay:
    """Events in Parquet files, settled once, of which tables can be asked as of any K."""

    def __init__(self, paths: Sequence[Path], temporary: Path, memory: str) -> None:
        """Open the files (`projections.evaluation.columns`) and settle which events are copies of another.

        `temporary` is a directory for what does not fit in `memory` ("3GB").
        """
        self.connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "temp_directory": str(temporary),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
            }
        )
        self.connection.read_parquet([str(path) for path in paths]).create_view("events")
        self.connection.execute(f"create type measure as enum {COUNT_MEASURES}")
        self._run("settle")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    @property
    def events(self) -> int:
        """How many events the files hold, copies too."""
        return int(self._value("select count(*) from events"))

    @property
    def copies(self) -> int:
        """How many of them are copies of another event, whatever they say."""
        return int(self._value("select count(*) from copy"))

    def other_contents(self) -> list[int]:
        """Give the positions of the copies with other content than the event that stands: see `settle`."""
        return other_contents(self.connection)

    @property
    def last_recorded(self) -> int | None:
        """The newest recorded instant in the files (micros), of any event; None when there is none."""
        last = self._value("select epoch_us(max(recorded_at)) from events")
        return None if last is None else int(last)

    @property
    def after_all(self) -> int | None:
        """The K just after the last recorded time (micros); None where there is no event."""
        last = self.last_recorded
        return None if last is None else last + 1

    def table(self, name: str, as_of: int, all_rows: bool = False, definition: Definition = OFFICIAL) -> pa.Table:
        """Give the table `name` ("counts" or "coverage") as of K = `as_of` (micros), by a definition.

        The rows come sorted by municipality, sector and week. With `all_rows` the counts have rows of nothing but
        zeros too, for each municipality of the register whose code is valid on some closed day of the week.
        """
        self._set("as_of", as_of)
        self._define(definition)
        self._run("standing")
        if name == "counts":
            self._run("reports")
            earliest = self._value("select min(happened) from report")
            self._make_calendar(as_of, definition, None if all_rows else earliest)
            self._run("stays", "counts")
            if all_rows:
                self._load_register()
                self._run("all_rows")
            measures = [f"coalesce(max(value) filter (measure = '{of}'), 0) as {of}" for of in MEASURES[name]]
        else:
            self._make_calendar(as_of, definition, None)
            self._run("coverage")
            measures = [f"any_value({of}) as {of}" for of in MEASURES[name]]
        rows = self.connection.sql(
            "select place_name(place) as municipality, sector_name(sector) as sector, week, "
            f"{', '.join(measures)} from cell group by place, sector, week order by {', '.join(KEY)}"
        )
        return rows.to_arrow_table()

    def _define(self, definition: Definition) -> None:
        """Bring the query the parameters of a definition; each was held against what it may be."""
        kinds = ", ".join(f"'{kind}'" for kind in definition.restores)
        self.connection.execute(f"set variable residence = '{definition.residence}'")
        self.connection.execute(f"set variable partial_counts = {definition.partial}")
        self.connection.execute(
            "create or replace temp macro restores(kind, help) as "
            f"kind in ({kinds}) and (kind <> 'door-visit' or help = 'contact')"
        )

    def _make_calendar(self, as_of: int, definition: Definition, earliest: int | None) -> None:
        sql = (files(__package__) / "sql" / "closures.sql").read_text()
        zone = Zone(definition.time_zone)
        closures = []
        for sectors, first_day, last_day, places, announced in self.connection.execute(sql).fetchall():
            first = first_day.toordinal()
            if definition.closed_from == "announcement":
                first = min(first, zone.local_day(announced))
            closures.append(Closure(sectors, first, last_day and last_day.toordinal(), places))
        calendar = make_calendar(closures, as_of, zone, earliest)
        for name in ("days", "first_day", "first_start", "first_noon"):
            self._set(name, getattr(calendar, name))
        self._load("pattern_of", calendar.pattern_of)
        self._load("midnight", calendar.midnight)
        self._load("calendar_day", calendar.day)
        self._load("calendar_week", calendar.week)

    def _load_register(self) -> None:
        register = [
            (int(of.code[2:]), of.valid_from.toordinal(), (of.valid_until or date.max).toordinal())
            for of in municipalities()
        ]
        names = ["place", "valid_from", "valid_until"]
        self._load("register", pa.table([pa.array(column) for column in zip(*register, strict=True)], names))

    def _load(self, name: str, table: pa.Table) -> None:
        self.connection.from_arrow(table).create("arrived")
        self.connection.execute(f"create or replace temp table {name} as from arrived; drop table arrived")

    def _set(self, variable: str, value: int) -> None:
        self.connection.execute(f"set variable {variable} = {value}::bigint")

    def _run(self, *names: str) -> None:
        for name in names:
            self.connection.execute((files(__package__) / "sql" / f"{name}.sql").read_text())

    def _value(self, sql: str) -> Any:
        row = self.connection.execute(sql).fetchone()
        return row[0] if row else None
