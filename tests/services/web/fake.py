"""A table source in memory, for tests of the page alone: a country of the register's size, closed as told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from events.times import AMSTERDAM, day_start, local_day, to_micros, week_monday, week_of_day
from projections.register import codes_on
from projections.tables import COUNT_MEASURES, COVERAGE_MEASURES, REGISTER_MEASURES, UNKNOWN
from services.web.source import Lag

SECTORS = ("mbo", "po", "so", "vo")


@dataclass(frozen=True)
class Tables:
    position: int
    as_of: int
    places: tuple[str, ...]
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    open: NDArray[np.bool_]
    counts: dict[str, NDArray[np.int64]]
    coverage: dict[str, NDArray[np.int64]]
    register: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Closure:
    name: str
    sectors: tuple[str, ...]
    starts: date
    until: date | None = None
    municipalities: tuple[str, ...] | None = None
    regime: str | None = "closed"
    announced: tuple[int, ...] = (to_micros(datetime(2020, 3, 15, 17, 30, tzinfo=AMSTERDAM)),)


FIRST = Closure("eerste sluiting", SECTORS, date(2020, 3, 16), date(2020, 4, 28))


def at(text: str) -> int:
    """Give a local time of Amsterdam as micros."""
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM))


@dataclass
class FakeSource:
    """Numbers by (measure, place, sector, week), all others zero. Set `changed` after a change, as the view does."""

    now: int = at("2020-04-22T14:05:09")
    closed: tuple[Closure, ...] = (FIRST,)
    numbers: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    position: int = 1
    ledger: int | None = 1
    broken: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self) -> int:
        return self.now

    def lag(self) -> Lag:
        return Lag(self.ledger)

    def look(self, at: int) -> tuple[Tables, tuple[Closure, ...]]:
        return self.tables(at), self.closures()

    def closures(self) -> tuple[Closure, ...]:
        return self.closed

    def put(self, measure: str, place: str, sector: str, week: str, number: int) -> None:
        self.numbers[measure, place, sector, week] = number
        self.position += 1
        self.ledger = self.position

    def unreached(self, sector: str, week: str) -> int:
        """Give the number of the whole country."""
        return sum(n for (m, _, s, w), n in self.numbers.items() if (m, s, w) == ("unreached", sector, week))

    def tables(self, at: int) -> Tables:
        if self.broken:
            raise OSError("the view is away")
        today = local_day(at - 1)
        seen = {place for _, place, _, _ in self.numbers}
        closed = [c for c in self.closed if day_start(c.starts.toordinal()) < at]
        days = [d for c in closed for d in range(c.starts.toordinal(), min(_last(c), today) + 1)]
        weeks = tuple(sorted({week_of_day(day) for day in days}))
        codes = {code for day in {min(days), max(days)} for code in codes_on(day)} if days else set()
        places = tuple(sorted(codes | seen | {UNKNOWN}))
        shape = (len(places), len(SECTORS), len(weeks))
        open_ = np.zeros(shape, dtype=np.bool_)
        for c in closed:
            chosen = [i for i, place in enumerate(places) if c.municipalities is None or place in c.municipalities]
            for w, week in enumerate(weeks):
                if week_monday(week) <= min(_last(c), today) and week_monday(week) + 6 >= c.starts.toordinal():
                    open_[np.ix_(chosen, [SECTORS.index(s) for s in c.sectors], [w])] = True
        cells = {
            name: np.zeros(shape, dtype=np.int64) for name in (*COUNT_MEASURES, *COVERAGE_MEASURES, *REGISTER_MEASURES)
        }
        rows, columns = ({name: i for i, name in enumerate(names)} for names in (places, weeks))
        for (measure, place, sector, week), number in self.numbers.items():
            if week in columns:
                cells[measure][rows[place], SECTORS.index(sector), columns[week]] = number
        counts = {name: cells[name] * open_ for name in COUNT_MEASURES}
        coverage = {name: cells[name] * open_ for name in COVERAGE_MEASURES}
        register = {name: cells[name] * open_ for name in REGISTER_MEASURES}
        return Tables(self.position, at, places, SECTORS, weeks, open_, counts, coverage, register)


def _last(closure: Closure) -> int:
    return date.max.toordinal() if closure.until is None else closure.until.toordinal()


def registered(source: FakeSource, seed: int = 7) -> FakeSource:
    """Let every school state its pupils, in every place and week of which schools are expected."""
    draw = random.Random(seed)
    sizes = {(place, sector): draw.randrange(20, 900) for _, place, sector, _ in source.numbers}
    for (measure, place, sector, week), schools in list(source.numbers.items()):
        if measure == "schools_expected" and schools:
            source.put("schools_stating_pupils", place, sector, week, schools)
            source.put("pupils", place, sector, week, schools * sizes[place, sector])
    return source


def nation(source: FakeSource, weeks: Iterable[str], seed: int = 7) -> FakeSource:
    """Fill the weeks with plausible numbers: many at first, fewer by the week; some schools that never answer."""
    draw = random.Random(seed)
    for place in (*codes_on(date(2020, 4, 1).toordinal()), UNKNOWN):
        size = draw.paretovariate(1.1)
        for sector, schools in (("po", 6), ("so", 1), ("vo", 2), ("mbo", 1)):
            expected = 0 if place == UNKNOWN else round(schools * min(size, 30) * draw.uniform(0.3, 1.1))
            eager = draw.random()
            for age, week in enumerate(weeks):
                rest = 0.85**age
                unreached = int(min(size, 60) * schools * rest * draw.uniform(0, 1.2)) if draw.random() < 0.8 else 0
                reported = sum(draw.random() < eager * min(1, age / 2) for _ in range(expected))
                source.put("schools_expected", place, sector, week, expected)
                source.put("schools_reported", place, sector, week, reported)
                source.put("unreached", place, sector, week, unreached)
                source.put("unreached_over_4_weeks", place, sector, week, unreached // 3 if age > 3 else 0)
                source.put("households", place, sector, week, unreached - unreached // 4)
    return source
