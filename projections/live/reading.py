"""Reading the live view: the tables as of now, from one consistent moment of its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from events import day_start, local_day
from projections.fold.calendar import Closure, last_day, standing
from projections.fold.cells import Deltas, monday_of
from projections.fold.cube import Cube, Pairs
from projections.fold.reports import UNKNOWN_PLACE, place_number
from projections.live import states
from projections.live.changes import (
    CELLS,
    NO_DAY,
    Parts,
    add_deltas,
    add_parts,
    first_day,
    no_parts,
    pairs_of,
    parts_of,
    places_of,
)
from projections.live.database import Place, ViewReplacedError, open_database
from projections.live.early import early
from projections.live.moment import Moment
from projections.live.storing import NOTHING_YET, Changes, SetAside, unpack_changes
from projections.live.tables import Tables
from projections.register import codes_between

_SLACK_WEEKS: Final = 8
_MOST_WEEKS: Final = 520
"""How far the tables reach back from the last closed week: ten years, so that a mistyped year fills no memory."""


class Frame(NamedTuple):
    """What the cube has room for."""

    first_monday: int
    weeks: int
    codes: tuple[str, ...]


class _Instant(NamedTuple):
    """What the tables as of K, ``at``, are made of."""

    at: int
    today: int
    cube: Cube
    unripe: Pairs
    early: Deltas | None


class _Told(NamedTuple):
    """The tables that were given last, and what they hold for."""

    today: int
    unripe: Pairs
    tables: Tables

    def holds(self, position: int, instant: _Instant) -> bool:
        """Tell whether nothing differs but K: no event came, no day ended, and nobody passed four weeks since."""
        same = (self.tables.position, self.today) == (position, instant.today)
        return same and instant.early is None and np.array_equal(self.unripe, instant.unripe)


class LiveReader:
    """Follows the database of a live view without ever writing to it. Not for use by several threads at once."""

    def __init__(self, place: Place) -> None:
        """Open the database; raises one of ``UNREADABLE`` when it is not there, as everything else here does."""
        self._db = open_database(place)
        self._cube: Cube | None = None
        self._at = -1
        self._closures: tuple[Closure, ...] = ()
        self._framed: Frame | None = None
        self._first_data = NO_DAY
        self._kept: dict[tuple[str, str], Any] = {}
        self._told: _Told | None = None

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _follow(self) -> None:
        """Go over to another view that was put into the place of ours: one that was built anew."""
        if self._db.follow():
            self._cube, self._framed, self._first_data, self._at, self._closures = None, None, NO_DAY, -1, ()
            self._kept, self._told = {}, None

    @property
    def position(self) -> int:
        """The ledger sequence up to which events are in the view."""
        return self._one("SELECT max(notification_id) FROM tracking WHERE application_name = 'ledger'", 0)

    @property
    def held(self) -> float | None:
        """Seconds for which the last look held up who writes the view; None: looks never do, nor wait."""
        return self._db.held

    @property
    def recorded_until(self) -> int:
        """The latest recorded time in the view, in microseconds; ``NOTHING_YET`` when there is none."""
        return self._one("SELECT max(recorded) FROM horizon", NOTHING_YET)

    def refresh(self) -> bool:
        """Tell whether events were taken in since the tables were last asked for."""
        self._follow()
        return self.position != self._at

    def closures(self) -> tuple[Closure, ...]:
        """Give the closures that stand, in the order of their first days."""
        with self._snapshot():
            return self._read_closures()

    def set_aside(self) -> list[SetAside]:
        """Give the ledger messages that are not counted, and why."""
        return [SetAside(*row) for row in self._db.execute("SELECT * FROM set_aside ORDER BY position")]

    def tables(self, at: int) -> Tables:
        """Give both tables as of K = ``at`` (microseconds), or of the latest recorded time if that is later.

        Where nothing differs but K, the arrays are those that were given before.
        """
        return self.look(at)[0]

    def look(self, at: int) -> tuple[Tables, tuple[Closure, ...]]:
        """Give what ``tables`` gives, and the closures that stand, of one moment."""
        with self._snapshot():
            instant = self._instant(at)
            told = self._told
            if told is not None and told.holds(self._at, instant):
                return replace(told.tables, as_of=instant.at), self._closures
            with self._moment(instant) as moment:
                tables = moment.tables
            self._told = None if instant.early is not None else _Told(instant.today, instant.unripe, tables)
            return tables, self._closures

    @contextmanager
    def moment(self, at: int) -> Iterator[Moment]:
        """Give the view as of K = ``at``, or of the latest recorded time if that is later, for the length of the block.

        Nothing else may be asked of the reader in it.
        """
        with self._snapshot(), self._moment(self._instant(at)) as moment:
            yield moment

    def _instant(self, at: int) -> _Instant:
        at = max(at, self.recorded_until)
        today = local_day(at - 1)
        cube = self._caught_up(today)
        unripe = self._rows(
            "SELECT area, cast(sum(n) AS bigint) FROM over_4_weeks WHERE at >= ? AND at < ? GROUP BY area",
            (at, day_start(today + 1)),
        )
        return _Instant(at, today, cube, unripe, early(self._db, at))

    @contextmanager
    def _moment(self, instant: _Instant) -> Iterator[Moment]:
        at, today, cube, unripe, ahead = instant
        if ahead is not None:
            tonight = day_start(today + 1)
            also = [(where, n) for (ripe, where), n in ahead.over_4_weeks.items() if at <= ripe < tonight]
            unripe = np.concatenate([unripe, pairs_of(also)])
            add_deltas(cube, ahead, 1)
        try:
            grid = cube.grid(at, self._closures, unripe)
            yield Moment(self._db, self._at, at, cube, self._closures, grid, unripe, ahead, self._kept)
        finally:
            if ahead is not None:
                add_deltas(cube, ahead, -1)

    # Reading

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read one moment of the view that is in place, for the length of the block."""
        with ExitStack() as reading:
            self._follow()
            try:
                reading.enter_context(self._db.snapshot())
            except ViewReplacedError:  # while we waited for its workers
                self._follow()
                reading.enter_context(self._db.snapshot())
            yield

    def _one(self, statement: str, otherwise: int) -> int:
        value = self._db.execute(statement).fetchone()[0]
        return otherwise if value is None else int(value)

    def _rows(self, statement: str, parameters: Sequence[int] = ()) -> Pairs:
        rows = self._db.execute(statement, parameters).fetchall()
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    def _read_closures(self) -> tuple[Closure, ...]:
        rows = self._db.execute("SELECT name, state FROM closure")
        found = (standing(name, states.announcements(state)) for name, state in rows)
        return tuple(sorted((c for c in found if c is not None), key=lambda c: (c.starts, c.name)))

    def _caught_up(self, today: int) -> Cube:
        """Bring the cube to the position of this snapshot: by what the last commits added, or anew."""
        position = self.position
        parts: Parts | None = no_parts()
        if position != self._at:
            parts = self._changes()
            self._closures = self._read_closures()
        cube = self._cube
        # What lies on the first day of all may be what was taken back of it: then another day is the first.
        if cube is not None and parts is not None and (touched := first_day(parts)) != self._first_data:
            first_data = min(self._first_data, touched)
            if self._frame(today, first_data) == self._framed and add_parts(cube, parts):
                self._first_data, self._at = first_data, position
                return cube
        return self._load(today, position)

    def _changes(self) -> Parts | None:
        """Give what the commits since added; None when they are not all there any more."""
        rows = self._db.execute("SELECT after, deltas FROM change WHERE position > ? ORDER BY position", (self._at,))
        changes: list[Changes] = []
        for after, deltas in rows:
            if deltas is None or (not changes and after != self._at):
                return None
            changes.append(unpack_changes(deltas))
        return parts_of(changes)

    def _frame(self, today: int, first_data: int) -> Frame:
        """Give what the tables need room for: from the first closed week with anything in it to the last closed one."""
        starts = [monday_of(closure.starts.toordinal()) for closure in self._closures]
        earliest = min(starts, default=monday_of(today))
        last = max(min(max(map(last_day, self._closures), default=earliest), today), earliest)
        first = max(earliest, min(monday_of(first_data), monday_of(last)), monday_of(last) - 7 * _MOST_WEEKS)
        weeks = ((last - first) // 7 + 1 + _SLACK_WEEKS) // _SLACK_WEEKS * _SLACK_WEEKS
        return Frame(first, weeks, codes_between(first, last))

    def _load(self, today: int, position: int) -> Cube:
        """Read all cells."""
        flow, during, coverage = (self._rows(f"SELECT key, n FROM {table} WHERE n <> 0") for table in CELLS)
        parts = flow, during, coverage
        first_data = first_day(parts)
        frame = self._frame(today, first_data)
        seen = {
            int(p) for part, bits in zip(parts, CELLS.values(), strict=True) for p in np.unique(places_of(part, bits))
        }
        places = sorted({place_number(code) for code in frame.codes} | seen | {UNKNOWN_PLACE})
        cube = Cube(places, frame.first_monday, frame.weeks)
        add_parts(cube, parts)
        self._cube, self._framed, self._first_data, self._at = cube, frame, first_data, position
        return cube
