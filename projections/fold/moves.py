"""Where many pupils lived when, as columns: the same as ``projections.fold.pupil.residences`` gives one by one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.fold.pupil import ALWAYS
from projections.fold.reports import NO_PLACE, UNKNOWN_PLACE

Numbers = NDArray[np.int64]


class Cut(NamedTuple):
    """Parts of intervals, each spent in one place."""

    interval: Numbers
    """Of which interval, by its place among those given."""
    place: Numbers
    start: Numbers
    end: Numbers
    first: NDArray[np.bool_]
    """Whether it is the first of its interval."""
    last: NDArray[np.bool_]


class Residences:
    """The residences of pupils that are numbered from 0 on."""

    def __init__(self, pupils: int, pupil: Numbers, occurred: Numbers, tie: Numbers, place: Numbers) -> None:
        """Take statements in the order of their pupils; ``tie`` orders those of one instant, as source and id do."""
        least = np.full(pupils, UNKNOWN_PLACE, dtype=np.int64)
        most = np.full(pupils, NO_PLACE, dtype=np.int64)
        if len(pupil):
            first = np.flatnonzero(np.diff(pupil, prepend=-1))
            least[pupil[first]] = np.minimum.reduceat(place, first)
            most[pupil[first]] = np.maximum.reduceat(place, first)
        self._place = least
        self.moved: NDArray[np.bool_] = (most != NO_PLACE) & (least != most)
        chosen = np.flatnonzero(self.moved[pupil])
        order = chosen[np.lexsort((tie[chosen], occurred[chosen], pupil[chosen]))]
        self._pupil, self._since, self._to = _changes(pupil[order], occurred[order], place[order])

    def at(self, pupil: Numbers, instant: Numbers) -> Numbers:
        """Where each lives at an instant, by the last statement up to and including it."""
        place = self._place[pupil]
        some = np.flatnonzero(self.moved[pupil])
        if len(some):
            place[some] = self._to[self._index(pupil[some], instant[some])]
        return place

    def cut(self, pupil: Numbers, start: Numbers, end: Numbers) -> Cut:
        """Cut intervals where the pupil moved strictly inside them; the parts follow on each other."""
        every = np.arange(len(pupil))
        some = np.flatnonzero(self.moved[pupil])
        if not len(some):
            always = np.ones(len(pupil), dtype=np.bool_)
            return Cut(every, self._place[pupil], start, end, always, always)
        begin, until = np.zeros(len(pupil), dtype=np.int64), np.zeros(len(pupil), dtype=np.int64)
        begin[some] = self._index(pupil[some], start[some])
        until[some] = self._index(pupil[some], end[some] - 1)
        parts = until - begin + 1
        of = np.repeat(every, parts)
        within = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
        first, last = within == 0, within == parts[of] - 1
        change = begin[of] + within
        place = np.where(self.moved[pupil[of]], self._to[change], self._place[pupil[of]])
        following = self._since[np.minimum(change + 1, len(self._since) - 1)]
        return Cut(
            of, place, np.where(first, start[of], self._since[change]), np.where(last, end[of], following), first, last
        )

    def _index(self, pupil: Numbers, instant: Numbers) -> Numbers:
        """Give the change from which on each lives where it does at an instant."""
        count = len(self._pupil)
        asked = np.append(np.zeros(count, dtype=np.int8), np.ones(len(pupil), dtype=np.int8))
        order = np.lexsort((asked, np.append(self._since, instant), np.append(self._pupil, pupil)))
        before = np.cumsum(asked[order] == 0) - 1
        found = np.empty(count + len(pupil), dtype=np.int64)
        found[order] = before
        return found[count:]


def _changes(pupil: Numbers, occurred: Numbers, place: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Give pupil, since when and where: for all time what the first statement says, then each change."""
    if not len(pupil):
        return pupil, occurred, place
    new = np.diff(pupil, prepend=-1) != 0
    # Of several statements at one instant the last holds from there on.
    latest = np.append(np.diff(pupil).astype(np.bool_) | np.diff(occurred).astype(np.bool_), True)
    first, latest_at = np.flatnonzero(new), np.flatnonzero(latest)
    owner = np.append(pupil[first], pupil[latest_at])
    since = np.append(np.full(len(first), ALWAYS), occurred[latest_at])
    where = np.append(place[first], place[latest_at])
    order = np.lexsort((since, owner))
    owner, since, where = owner[order], since[order], where[order]
    keep = np.append(True, (np.diff(owner) != 0) | (np.diff(where) != 0))
    return owner[keep], since[keep], where[keep]
