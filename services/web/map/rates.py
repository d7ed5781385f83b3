"""How many pupils are not reached for every 1,000 that are registered: worked out exactly, told with one decimal.

Only where the viewer may know the number of pupils not reached exactly. A quotient of a range and a number of pupils
that is not public would tell of both, so of others there is none.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.web.painting import NO_ANSWER, NOT_APPLICABLE, Cell
from services.web.sight import PartTables
from services.web.source import TablesLike
from services.web.texts import Language, translator
from services.web.wording import decimal, number

__all__ = ["NOT_TOLD", "RATE_LEVELS", "Rate", "paint_rate", "rate_legend", "rates_of", "ratio"]

RATE_LEVELS: Final = (1, 5, 10, 25, 50, 100)
"""From which tenth of a pupil on, of every 1,000, a tile has the next darker colour; the first: from anybody on."""

NOT_TOLD: Final = "*"


class Rate(NamedTuple):
    """What is known of the pupils of an area: both numbers over the same municipalities and sectors."""

    unreached: int = 0
    pupils: int = 0
    """0: the register knows none."""
    others: int = 0
    """In how many places of the area the figures are not exact for the viewer."""

    @property
    def value(self) -> Fraction | None:
        """Give it for every 1,000; None where the register knows no pupils or the viewer may not know."""
        return None if self.others or not self.pupils else Fraction(1000 * self.unreached, self.pupils)


def rates_of(tables: TablesLike, sectors: slice, week: int) -> NDArray[np.int64]:
    """Give [place, part]: the parts of a `Rate` of every place in a week, to be added up over places.

    A place and sector counts in both numbers where each of the schools expected there states its pupils, or in neither.
    """
    cut = (slice(None), sectors, week)
    expected = tables.coverage["schools_expected"][cut]
    known = tables.open[cut] & (expected > 0) & (tables.register["schools_stating_pupils"][cut] == expected)
    # A school without a single pupil tells nothing of those who are not reached.
    pupils = np.where(known, tables.register["pupils"][cut], 0)
    unreached = np.where(pupils > 0, tables.counts["unreached"][cut], 0)
    exact = tables.exact if isinstance(tables, PartTables) else np.ones(len(tables.places), dtype=np.bool_)
    return np.column_stack((unreached.sum(axis=1), pupils.sum(axis=1), ~exact)).astype(np.int64)


@lru_cache(maxsize=1 << 14)
def paint_rate(counted: Cell, rate: Rate, language: Language) -> Cell:
    """Give the look of an area, from that of its number: not closed and no answer are as they are there."""
    if counted.text == NOT_APPLICABLE:
        return counted
    if rate.others:
        return counted._replace(text=NOT_TOLD, css="kept")
    value = rate.value
    if value is None:
        return counted._replace(text=translator(language)("map_unknown"), css="none")
    tenths = _tenths(value)
    level = max(bisect_right(RATE_LEVELS, tenths), 1 if value else 0)
    mute = "mute" in counted.css.split()
    text = NO_ANSWER if mute and not value else f"<{decimal(1, language)}" if value and not tenths else None
    return counted._replace(text=text or decimal(tenths, language), css=f"l{level}{' mute' if mute else ''}")


def ratio(rate: Rate, language: Language) -> str:
    """Write both numbers: 12 of 3.400; nothing where there is no rate."""
    if rate.value is None:
        return ""
    return translator(language)("map_ratio", n=number(rate.unreached, language), m=number(rate.pupils, language))


def rate_legend(language: Language) -> list[tuple[str, str]]:
    """List the steps of the scale from one pupil on: class and range."""
    starts = [decimal(level, language) for level in RATE_LEVELS]
    ends = [decimal(level - 1, language) for level in RATE_LEVELS[1:]]
    texts = [
        f"<{starts[1]}",
        *(f"{start} – {end}" for start, end in zip(starts[1:], ends[1:], strict=False)),
        f"{starts[-1]}+",
    ]
    return [(f"l{level}", text) for level, text in enumerate(texts, 1)]


def _tenths(value: Fraction) -> int:
    """Round to tenths, a half upwards."""
    return int(10 * value + Fraction(1, 2))
