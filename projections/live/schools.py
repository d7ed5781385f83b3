"""The coverage of one municipality and week, school by school."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from events import day_start, week_monday, week_of_day
from projections.fold.cells import monday_of
from projections.fold.reports import place_number
from projections.fold.school import NO_WEEK, Statement
from projections.live import states
from projections.live.moment import Moment
from projections.tables import SECTORS, UNKNOWN

_STATES: Final = "select name, state from school where"


class School(NamedTuple):
    """A school that is expected to answer for a week; instants in microseconds."""

    school: str
    sector: str
    reported: bool
    on_time: bool
    claim: int | None
    """How many pupils it says, in its last answer, that it cannot reach."""
    first_recorded: int | None
    last_recorded: int | None
    silent_since: str | None
    """Of one that has not answered: the first week of its closed weeks in a row, up to this one, without an answer."""
    silent_weeks: int
    """How many those are; 0 for one that has answered."""


def schools(moment: Moment, municipality: str, week: str) -> list[School]:
    """List the schools that are expected, by sector and code: those that the row of the coverage counts."""
    place = None if municipality == UNKNOWN else place_number(municipality)
    if place is None or place not in moment.cube.places:
        return []
    row = moment.cube.places.index(place)
    weeks = [week_monday(each) for each in moment.grid.weeks]
    found: list[School] = []
    # A registration has no week, no claim and its place, one after the other: all others need not be read.
    sought = states.encode(NO_WEEK) + states.encode(0) + states.encode(place)
    for name, state in moment.database.execute(f"{_STATES} {moment.database.holding}", (sought,)):
        statements = states.statements(state)
        sector = statements[0].sector
        closed = [weeks[at] for at in np.flatnonzero(moment.grid.open[row, sector])]
        school = _school(str(name).partition("|")[0], statements, place, week_monday(week), closed)
        if school is not None:
            found.append(school)
    return sorted(found, key=lambda each: (SECTORS.index(each.sector), each.school))


def _school(name: str, statements: list[Statement], place: int, monday: int, closed: list[int]) -> School | None:
    standing = sorted((each for each in statements if not each.retracted), key=lambda each: each[:3])
    registered = [each for each in standing if each.monday == NO_WEEK]
    if not registered or registered[-1].place != place:
        return None
    first, last = registered[-1].first, registered[-1].last
    expected = [
        each for each in closed if each <= monday and monday_of(first) <= each and (last is None or each <= last)
    ]
    if not expected or expected[-1] != monday:
        return None
    answers = [each for each in standing if each.monday == monday]
    answered = {each.monday for each in standing}
    silent: list[int] = []
    for each in reversed(expected):
        if each in answered:
            break
        silent.append(each)
    return School(
        school=name,
        sector=SECTORS[registered[-1].sector],
        reported=bool(answers),
        on_time=bool(answers) and answers[0].recorded < day_start(monday + 7),
        claim=answers[-1].claim if answers else None,
        first_recorded=answers[0].recorded if answers else None,
        last_recorded=answers[-1].recorded if answers else None,
        silent_since=week_of_day(silent[-1]) if silent else None,
        silent_weeks=len(silent),
    )
