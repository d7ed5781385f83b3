"""One school in one sector: registrations and weekly answers in, contributions to coverage out."""

from __future__ import annotations

from typing import NamedTuple

from events import SchoolRegistered, WeekReported, day_start, week_monday
from projections.fold.cells import (
    CLAIMED,
    EXPECTED,
    ON_TIME,
    PUPILS,
    REPORTED,
    STATING,
    Deltas,
    area,
    coverage_key,
    monday_of,
)
from projections.fold.reports import place_number, sector_number

NO_WEEK = 0
"""The ``monday`` of a statement that is a registration."""


class Statement(NamedTuple):
    """A registration (``monday`` 0: place, first and last day, pupils) or an answer for a week (``claim``).

    In the order of the definition: ``recorded`` (microseconds), then source and id.
    """

    recorded: int
    source: str
    id: str
    retracted: bool
    sector: int
    monday: int
    claim: int
    place: int
    first: int
    last: int | None
    pupils: int | None = None
    """How many pupils are registered; None where that is not stated, or was not kept by an earlier release."""


def statement_of(data: SchoolRegistered | WeekReported, recorded: int, source: str, id: str) -> Statement:
    """Give what the fold keeps of a school's event."""
    sector = sector_number(data.sector)
    if isinstance(data, WeekReported):
        return Statement(recorded, source, id, False, sector, week_monday(data.week), data.unreached, 0, 0, None)
    last = None if data.until is None else data.until.toordinal()
    place, first = place_number(data.municipality), data.starts.toordinal()
    return Statement(recorded, source, id, False, sector, NO_WEEK, 0, place, first, last, data.pupils)


def contribute(statements: list[Statement], deltas: Deltas, sign: int) -> None:
    """Add (or take away) what the school contributes: expected and its pupils, reported, on time, claimed."""
    standing = sorted((s for s in statements if not s.retracted), key=lambda s: s[:3])
    registrations = [s for s in standing if s.monday == NO_WEEK]
    if not registrations:
        return
    school = registrations[-1]
    here = area(school.place, school.sector)
    first_week = monday_of(school.first)
    last_week = None if school.last is None else monday_of(school.last)
    coverage = deltas.coverage
    lasting = [(EXPECTED, 1)]
    if school.pupils is not None:
        lasting += [(STATING, 1), (PUPILS, school.pupils)]
    for column, number in lasting:
        coverage[coverage_key(here, first_week, column)] += sign * number
        if last_week is not None:
            coverage[coverage_key(here, last_week + 7, column)] -= sign * number
    answers: dict[int, list[Statement]] = {}
    for answer in standing:
        if answer.monday != NO_WEEK:
            answers.setdefault(answer.monday, []).append(answer)
    for monday, given in answers.items():
        if monday < first_week or (last_week is not None and monday > last_week):
            continue
        coverage[coverage_key(here, monday, REPORTED)] += sign
        coverage[coverage_key(here, monday, CLAIMED)] += sign * given[-1].claim
        if given[0].recorded < day_start(monday + 7):
            coverage[coverage_key(here, monday, ON_TIME)] += sign
