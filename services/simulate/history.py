"""A simulated national history of the school closures, in the order recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from events.times import day_start
from services.simulate.answers import decisions_of, school_events
from services.simulate.assumptions import CLOSURES, Closure
from services.simulate.calendar import FIRST_DAY, WEEKS
from services.simulate.cohorts import pupil_events
from services.simulate.nation import Nation, build_nation
from services.simulate.records import Records
from services.simulate.runs import Runs
from services.simulate.text import Writer

__all__ = ["Plan", "blocks", "plan_for", "simulate"]

Which = Literal["first", "second", "both"]

BLOCK: Final = 32_768
_AUTUMN: Final = day_start(FIRST_DAY + 305)
"""The history of the first closure ends on 1 November 2020."""


@dataclass(frozen=True)
class Plan:
    """What to simulate; equal plans give equal bytes.

    `scale` multiplies pupils (and devices), `schools` the number of schools; both 1 is the country as it was.
    Raises ValueError for a negative seed, or for a scale or share of schools that is not above 0 (schools: at most 1).
    """

    seed: int = 1
    closure: Which = "both"
    scale: float = 1.0
    schools: float = 1.0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError("seed must be 0 or more")
        if not 0 < self.scale < 1e6:
            raise ValueError("scale must be above 0")
        if not 0 < self.schools <= 1:
            raise ValueError("schools must be above 0 and at most 1")

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The closures in it."""
        return CLOSURES if self.closure == "both" else (self.closure,)


def _rows(plan: Plan, nation: Nation) -> Iterator[tuple[bool, Records]]:
    """Give chunks of events in no order, and whether they are about pupils."""
    truth = np.zeros((len(nation.codes), WEEKS + 1), dtype=np.int64)
    for rows in pupil_events(nation, plan.closures, plan.scale, plan.seed, truth):
        yield True, _within(plan, rows)
    for rows in school_events(nation, plan.closures, plan.seed, truth):
        yield False, _within(plan, rows)


def _within(plan: Plan, rows: Records) -> Records:
    return rows[rows["recorded"] < _AUTUMN] if plan.closure == "first" else rows


def _count(plan: Plan) -> tuple[int, int]:
    """Count the events of a plan: those about pupils, the others."""
    counts = [0, 0]
    for about_pupils, rows in _rows(plan, build_nation(plan.seed, plan.schools)):
        counts[0 if about_pupils else 1] += len(rows)
    return counts[0], counts[1]


def plan_for(events: int, plan: Plan | None = None) -> Plan:
    """Change a plan so that about so many events result.

    More than the country had: more pupils at the same schools. Fewer: as much less of everything. Within 2 % from
    2,000 events on. Raises ValueError for fewer than 100.
    """
    if events < 100:
        raise ValueError("events must be 100 or more")
    plan = replace(plan or Plan(), scale=1.0, schools=1.0)
    of_pupils, others = _count(plan)
    if events >= of_pupils + others:
        return replace(plan, scale=(events - others) / of_pupils)
    share = events / (of_pupils + others)
    for _ in range(3):
        got = sum(_count(replace(plan, scale=share, schools=share)))
        share = min(1.0, share * events / got)
    return replace(plan, scale=share, schools=share)


def blocks(plan: Plan) -> Iterator[tuple[list[int], list[bytes]]]:
    """Give the history block by block: when each line was recorded (micros), and the lines, without line ends.

    Memory stays bounded: the events are sorted as rows of numbers, by way of a temporary file when there are many.
    """
    nation = build_nation(plan.seed, plan.schools)
    writer = Writer(nation, decisions_of(plan.closures), plan.seed)
    with Runs() as runs:
        for _, rows in _rows(plan, nation):
            runs.add(rows)
        for block in runs.blocks(BLOCK):
            yield block["recorded"].tolist(), writer.lines(block)


def simulate(
    seed: int = 1, closure: Which = "both", scale: float = 1.0, schools: float = 1.0, *, events: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Give the history line by line in the order recorded, each with its `recordedtime` in micros.

    The arguments are those of `Plan`; with `events`, `plan_for` chooses `scale` and `schools`. Raises ValueError.
    """
    plan = Plan(seed, closure, scale, schools)
    return _one_by_one(plan if events is None else plan_for(events, plan))


def _one_by_one(plan: Plan) -> Iterator[tuple[int, bytes]]:
    for recorded, lines in blocks(plan):
        yield from zip(recorded, lines, strict=True)
