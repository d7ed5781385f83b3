"""How well nowcasts do, told by replaying history: what was said at the end of each week against what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from projections.nowcast.mack import LEVEL, PAST, Nowcast, nowcast
from projections.nowcast.triangle import UNKNOWN_YET, Reported

__all__ = ["Score", "validate"]


@dataclass(frozen=True)
class Score:
    """Of the nowcasts made so many weeks after the end of the week that they are about."""

    after: int
    nowcasts: int
    covered: float
    """The share of which the interval held the settled number."""
    error: float
    """The sum of the absolute errors by the sum of the settled numbers."""
    naive_error: float
    """The same of the number as counted by then."""


def validate(areas: Iterable[Reported], country: Reported, level: float = LEVEL, past: int = PAST) -> list[Score]:
    """Nowcast at the end of every week from what was known then alone, and compare with the settled numbers."""
    made: defaultdict[int, list[tuple[Nowcast, int]]] = defaultdict(list)
    for area in areas:
        unreached = area.unreached
        settled = dict(zip(unreached.weeks, unreached.known[:, -1].tolist(), strict=True))
        for week in unreached.weeks:
            for said in nowcast(area.known_at(week), country.known_at(week), level, past):
                if settled[said.week] != UNKNOWN_YET:
                    made[said.after].append((said, settled[said.week]))
    return [_score(after, pairs) for after, pairs in sorted(made.items())]


def _score(after: int, pairs: list[tuple[Nowcast, int]]) -> Score:
    total = sum(settled for _, settled in pairs) or 1
    return Score(
        after,
        len(pairs),
        # A number of pupils is whole: the interval holds those that it rounds to.
        sum(round(said.low) <= settled <= round(said.high) for said, settled in pairs) / len(pairs),
        sum(abs(said.expected - settled) for said, settled in pairs) / total,
        sum(abs(said.counted - settled) for said, settled in pairs) / total,
    )
