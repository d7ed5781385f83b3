"""Registered pupils, and how many are not reached for every 1,000 of them: rows that a viewer sees exactly, no others.

How many pupils schools have is not public, and a quotient with a range would tell of both: as on the map, of others
there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from projections.tables import KEY
from services.web.access import Viewer
from services.web.api.asking import Asked
from services.web.api.cells import Rows
from services.web.api.showing import Value, asked_for, exactly
from services.web.api.writing import Listing
from services.web.source import TablesLike

__all__ = ["RATE_FIELDS", "RATE_FILTERS", "list_rates", "rate_rows"]

RATE_FILTERS: Final = ("municipality", "area", "sector", "week", "fromWeek", "untilWeek")
RATE_FIELDS: Final = (
    *KEY,
    *("schoolsExpected", "schoolsStatingPupils", "registeredPupils", "unreached", "unreachedPer1000"),
)

_DECIMALS: Final = 3
"""Of a rate."""


def rate_rows(tables: TablesLike) -> Rows:
    """Give a row for every place, sector and week in which a school is expected.

    Its numbers: schools expected, those that state their pupils, the pupils that they state, and pupils not reached.
    """
    expected = tables.coverage["schools_expected"]
    place, sector, week = at = np.nonzero(tables.open & (expected > 0))
    measures = expected, tables.register["schools_stating_pupils"], tables.register["pupils"]
    return Rows(
        np.array(tables.places, dtype=np.str_)[place],
        np.array(tables.sectors, dtype=np.str_)[sector],
        np.array(tables.weeks, dtype=np.str_)[week],
        np.stack([measure[at] for measure in (*measures, tables.counts["unreached"])], axis=1),
    )


def list_rates(rows: Rows, viewer: Viewer, asked: Asked) -> Listing:
    """Give those of the rows that are asked for and that the viewer sees exactly."""
    mine = rows if viewer.all_exact else rows.chosen(exactly(rows, viewer))
    found = mine.chosen(asked_for(mine, asked))
    return Listing(RATE_FIELDS, len(found), lambda begin, end: _written(found, begin, end))


def _written(rows: Rows, begin: int, end: int) -> Iterator[tuple[Value | float, ...]]:
    part = rows.chosen(np.arange(begin, min(end, len(rows))))
    keys = zip(part.municipality.tolist(), part.sector.tolist(), part.week.tolist(), strict=True)
    for key, (expected, stating, pupils, unreached) in zip(keys, part.numbers.tolist(), strict=True):
        # Known where each of the schools expected states them, and a rate where there is any pupil.
        known = pupils if stating == expected else None
        yield (*key, expected, stating, known, unreached, _rate(unreached, known) if known else None)


def _rate(unreached: int, pupils: int) -> float:
    """Round to decimals, a half upwards: as the pages do with one."""
    scale = 10**_DECIMALS
    return int(Fraction(1000 * unreached * scale, pupils) + Fraction(1, 2)) / scale
