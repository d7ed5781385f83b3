"""The answers, from the database of the live view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from projections.live.distinct import Distinct, distinct
from projections.live.durations import Durations, durations
from projections.live.moment import Moment
from projections.live.reading import LiveReader
from projections.live.schools import School, schools
from projections.live.settling import Recall, Settling, nothing_recalled, settling_in_time
from projections.live.yesterday import yesterday
from projections.tables import SECTORS
from services.web.details.questions import Area, Batch, OfArea, OfPlace, Place, Question, SettledWeek, Together, Weeks
from services.web.frame import ALL, KEYS, MOST_WEEKS

__all__ = ["answers"]

FOLLOWED: Final = 5
"""Columns of a past week: as known at its end, and after one, two, three and four weeks."""

_PATIENCE: Final = 2.0
"""Seconds that are given to a municipality's past in one batch, in which others wait for their answers too."""


def answers(reader: LiveReader, batch: Batch, recall: Recall = nothing_recalled) -> list[OfArea | OfPlace]:
    """Answer every question of a batch from one moment of the view, in their order; ``recall`` spares counting."""
    with reader.moment(batch.at) as moment:
        areas = _Areas(moment, [question for question in batch.questions if isinstance(question, Area)])
        return [
            areas.answer(question) if isinstance(question, Area) else _of_place(moment, question, recall)
            for question in batch.questions
        ]


class _Areas:
    """What all areas have in common is worked out once."""

    def __init__(self, moment: Moment, questions: Sequence[Area]) -> None:
        self._moment = moment
        if not questions:
            return
        self._split: Durations = durations(moment)
        self._change, self._compared = yesterday(moment).change(moment.tables)
        self._distinct: dict[tuple[str, str], Distinct] = {}
        every = moment.tables.places
        for week in {week for question in questions for _, week in question.weeks} & {*moment.tables.weeks}:
            groups = {
                _name(question): every if question.codes is None else question.codes
                for question in questions
                if week in dict(question.weeks).values()
            }
            self._distinct |= {(name, week): found for name, found in distinct(moment, week, groups).items()}

    def answer(self, question: Area) -> OfArea:
        tables = self._moment.tables
        rows = [at for at, code in enumerate(tables.places) if question.codes is None or code in question.codes]
        told = OfArea({}, {}, {}, {})
        for key, week in question.weeks:
            cells = np.ix_(rows, range(len(tables.sectors)) if key == ALL else [tables.sectors.index(key)])
            if _some(self._compared, cells):
                told.change[key] = int(self._change[cells].sum())
            if _some(self._split.running, cells):
                told.durations[key] = tuple(self._split.counts[cells].sum(axis=(0, 1)).tolist())
            found = self._distinct.get((_name(question), week))
            if found is not None:
                at = tables.weeks.index(week)
                told.unreached[key] = int(tables.counts["unreached"][:, :, at][cells].sum())
                told.households[key] = found.households_together if key == ALL else found.households[key]
        return told


def _some(where: NDArray[np.bool_], cells: tuple[NDArray[np.int_], ...]) -> bool:
    return bool(np.any(where[cells]))


def _name(question: Question) -> str:
    return repr(question)


def _of_place(moment: Moment, question: Place, recall: Recall) -> OfPlace:
    settled = settling_in_time(moment, question.code, _PATIENCE, recall)
    return OfPlace(
        tuple(_schools(moment, question.code, question.weeks)),
        None if settled is None else {key: tuple(_settled(settled, key)) for key in KEYS},
        _together(moment, question),
    )


def _together(moment: Moment, question: Place) -> Together | None:
    week = dict(question.weeks).get(ALL)
    if week is None or week not in moment.tables.weeks or question.code not in moment.tables.places:
        return None
    found = distinct(moment, week, {ALL: (question.code,)})[ALL]
    return Together(week, found.during_together, found.households_together)


def _schools(moment: Moment, code: str, weeks: Weeks) -> Iterator[School]:
    """List the schools of each sector in its own last week."""
    last = {key: week for key, week in weeks if key != ALL}
    listed = {week: schools(moment, code, week) for week in {*last.values()} & {*moment.tables.weeks}}
    for sector in SECTORS:
        if sector in last:
            yield from (school for school in listed.get(last[sector], ()) if school.sector == sector)


def _settled(settled: Settling, key: str) -> Iterator[SettledWeek]:
    for week in settled.weeks[: -MOST_WEEKS - 1 : -1]:
        told = settled.of(week, None if key == ALL else key)
        known = tuple(each.unreached for each in told if each.weeks_after is not None)[:FOLLOWED]
        if any(each is not None for each in (*known, told[-1].unreached)):
            yield SettledWeek(week, known, told[-1].unreached)
