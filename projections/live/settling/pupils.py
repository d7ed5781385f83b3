"""Who was unreached just before each τ, as known at each moment: counted pupil by pupil, some thousands at a time."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from events import event_key
from projections.fold import pupil
from projections.fold.cube import Numbers
from projections.fold.reports import History, Report
from projections.live import states
from projections.live.knowledge import Times, known_times
from projections.live.moment import Moment
from projections.live.settling.weeks import PastWeeks
from projections.tables import SECTORS

__all__ = ["Counting"]

_PUPILS: Final = "select state from pupil where name in"


class Counting:
    """The count of one place, to which pupils are added."""

    def __init__(self, place: int, weeks: PastWeeks) -> None:
        """Nobody is counted yet."""
        self._place, self._moments = place, weeks.moments
        # From which moment on which rows are told, up to which; and τ in them.
        changes = [at for at, rows in enumerate(weeks.known) if at == 0 or rows is not weeks.known[at - 1]]
        self._stretches = [
            (since, until, weeks.known[since].tau)
            for since, until in itertools.pairwise([*changes, len(self._moments)])
        ]
        # By [sector, week, moment], each less the one before it: who counts in many is added in four places.
        self._steps = np.zeros((len(SECTORS), len(weeks.mondays) + 1, len(self._moments) + 1), dtype=np.int64)

    def add(self, moment: Moment, names: Sequence[str]) -> None:
        """Count these pupils; each may be counted once only."""
        histories = [states.history(state) for (state,) in moment.select(_PUPILS, names)]
        times = known_times(moment, (report for history in histories for report in history))
        found = [row for history in histories for row in self._segments(history, times)]
        sector, start, end, known, gone = np.array(found, dtype=np.int64).reshape(-1, 5).T
        for since, until, tau in self._stretches:
            begin, stop = np.maximum(known, since), np.minimum(gone, until)
            for number in range(len(SECTORS)):
                rows = np.flatnonzero((begin < stop) & (sector == number))
                # A segment counts in the rows with start < τ <= end.
                first = np.searchsorted(tau[number], start[rows], side="right")
                last = np.searchsorted(tau[number], end[rows], side="right")
                for week, sign in ((first, 1), (last, -1)):
                    np.add.at(self._steps[number], (week, begin[rows]), sign)
                    np.add.at(self._steps[number], (week, stop[rows]), -sign)

    @property
    def unreached(self) -> Numbers:
        """[sector, week, moment]: those who were unreached just before τ, whether there was a row or not."""
        sums: Numbers = self._steps.cumsum(axis=1).cumsum(axis=2)[:, :-1, :-1]
        return sums

    def _segments(self, history: History, times: Times) -> Iterator[tuple[int, int, int, int, int]]:
        """Give a pupil's segments in the place for each version of the history that was known at some moments."""
        spans: list[tuple[int, int, Report]] = []
        for report in history:
            recorded, withdrawn = times[event_key(report.source, report.id)]
            since, until = bisect_left(self._moments, recorded), bisect_left(self._moments, withdrawn)
            if since < until:
                spans.append((since, until, report._replace(retracted=False) if report.retracted else report))
        changes = sorted({at for since, until, _ in spans for at in (since, until)})
        for since, until in itertools.pairwise(changes):
            version = [report for known, gone, report in spans if known <= since < gone]
            for segment in pupil.segments(version):
                if segment.area >> 2 == self._place:
                    yield segment.area & 3, segment.start, segment.end, since, until
