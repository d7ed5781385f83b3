"""The numbers of the charts, from the tables as the viewer may see them.

Where a number is not known exactly it is what the public may know of it: see `services.web.sight`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.web.charts.chart import Chart, Number, Series, marks_of
from services.web.frame import ALL, KEYS
from services.web.sight import everything_exact, most_of
from services.web.source import TablesLike
from services.web.topics import Current

__all__ = ["chart_of_place", "charts_of_area"]

Rows = slice | NDArray[np.intp]


def charts_of_area(current: Current, area: str, within: frozenset[str] | None) -> dict[str, Chart]:
    """Give `week`, the pupils not reached by sector and together, and `coverage`, the schools that answered."""
    tables, weeks = current.tables, current.frame.weeks[ALL]
    rows: Rows = slice(None)
    if within is not None:
        rows = np.array([at for at, code in enumerate(tables.places) if code in within], dtype=np.intp)
    lines = [Series(key, _numbers(tables, rows, key, weeks)) for key in KEYS]
    lines = [line for line in lines if any(line.numbers)]
    marks = marks_of(current.closures, weeks, within, None)
    shares = [Series(ALL, tuple(n and n._replace(low=_share(n), high=_share(n)) for n in _answers(lines)))]
    shares = [line for line in shares if any(line.numbers)]
    shown = weeks if lines else ()
    return {
        "week": Chart("week", area, ALL, shown, tuple(lines), _change(tables, rows, weeks), marks, tables.as_of),
        "coverage": Chart("coverage", area, ALL, shown, tuple(shares), None, marks, tables.as_of),
    }


def chart_of_place(current: Current, code: str, key: str) -> Chart:
    """Give the chart of one municipality: how many at the end of each week and, of a sector, at any time in it."""
    tables, weeks = current.tables, current.frame.weeks[key]
    rows = np.array([at for at, place in enumerate(tables.places) if place == code], dtype=np.intp)
    ends = _numbers(tables, rows, key, weeks)
    lines = [Series(ALL, ends)] if any(ends) else []
    if lines and key != ALL and everything_exact(tables, rows):
        # Pupils may be counted in two sectors: distinct ones may not be summed over them.
        lines.append(Series("during", _numbers(tables, rows, key, weeks, "unreached_during")))
    marks = marks_of(current.closures, weeks, frozenset({code}), None if key == ALL else key)
    shown = weeks if lines else ()
    change = _change(tables, rows, weeks, key) if lines else None
    return Chart("place", code, key, shown, tuple(lines), change, marks, tables.as_of)


def _numbers(
    tables: TablesLike, rows: Rows, key: str, weeks: Sequence[str], measure: str = "unreached"
) -> tuple[Number | None, ...]:
    sectors = _sectors(tables, key)
    found: list[Number | None] = []
    for week in weeks:
        at = tables.weeks.index(week)

        def summed(values: NDArray[np.int64], at: int = at) -> int:
            return int(values[rows, sectors, at].sum())

        if not tables.open[rows, sectors, at].any():
            found.append(None)
            continue
        low = tables.counts[measure]
        high = most_of(tables) if measure == "unreached" else low
        found.append(
            Number(
                summed(low),
                summed(high),
                summed(tables.coverage["schools_reported"]),
                summed(tables.coverage["schools_expected"]),
            )
        )
    return tuple(found)


def _change(tables: TablesLike, rows: Rows, weeks: Sequence[str], key: str = ALL) -> int | None:
    """Compare the last week with the one before, over the places and sectors closed in both."""
    if len(weeks) < 2 or not everything_exact(tables, rows):
        return None
    before, now = (tables.weeks.index(week) for week in weeks[-2:])
    sectors, unreached = _sectors(tables, key), tables.counts["unreached"]
    both = tables.open[rows, sectors, now] & tables.open[rows, sectors, before]
    if not both.any():
        return None
    return int(((unreached[rows, sectors, now] - unreached[rows, sectors, before]) * both).sum())


def _sectors(tables: TablesLike, key: str) -> slice:
    return slice(None) if key == ALL else slice((at := tables.sectors.index(key)), at + 1)


def _answers(lines: Sequence[Series]) -> Iterable[Number | None]:
    """Give the weeks of the whole in which schools are expected."""
    return (n if n and n.expected else None for n in (lines[0].numbers if lines else ()))


def _share(number: Number) -> int:
    """Give the share in whole per cents, rounded down: all of the schools is 100 %, and nothing less."""
    return 100 * number.reported // number.expected
