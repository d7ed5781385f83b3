"""What becomes of the cells as something becomes known: differences, each at the instant (K) from which it holds.

What a pupil contributes changes when a report becomes known, is withdrawn, or, clocks being ahead, comes to lie before
K; a household's when one of its pupils' spans does. In between it stays as it is, whatever day it is and whatever is
closed (``projections.fold.cells``). So each time between two such instants is folded as a pupil of its own, and what it
has in common with the time before falls away.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import day_start
from projections.archive.folding import Shared, add_households, before, reports_of, shared_of
from projections.archive.reports import Kept
from projections.fold.cells import DAY_BITS, FLOW_BITS, FLOW_COLUMNS, MASK_BITS
from projections.fold.many import AREA_BITS, Numbers, contribute_many, local_days
from projections.fold.pupil import FOREVER

__all__ = [
    "CELL_BITS",
    "COLUMN_BITS",
    "FLOWS",
    "UNRIPE",
    "Changes",
    "Held",
    "TooManyError",
    "of_households",
    "of_pupils",
]

COLUMN_BITS: Final = 8
FLOWS: Final = 1 << MASK_BITS
"""Columns of a cell: a mask of days as in ``during``, or from here on one of ``flow``."""
UNRIPE: Final = FLOWS + FLOW_COLUMNS
"""The column of who passes four weeks on a day, while K lies on it and before that."""
CELL_BITS: Final = 2 + DAY_BITS + COLUMN_BITS
"""Of a cell in one place: sector, day, column."""
_OWNER: Final = CELL_BITS + AREA_BITS - 2
_PIECE: Final = 1 << 17
"""Reports that are folded together, about, each once for every time between two instants."""
_MOST: Final = 1000
"""Instants of one pupil, or spans under one household, at most: the work grows with their square."""


class TooManyError(Exception):
    """A pupil or a household with more reports than can be followed one by one."""


class Changes(NamedTuple):
    """A row for each difference."""

    known: Numbers
    """The instant from which on it holds, in microseconds."""
    place: Numbers
    cell: Numbers
    number: Numbers
    """What is to be added."""


class Held(NamedTuple):
    """Spans under shared households by day (``folding.Shared``), and from and up to when (not inclusive) they hold."""

    household: Numbers
    area: Numbers
    first: Numbers
    after: Numbers
    since: Numbers
    until: Numbers


class _Into:
    """Keeps what is added, with whose it is."""

    def __init__(self) -> None:
        self.keys: list[Numbers] = []
        self.ripe: list[tuple[Numbers, Numbers]] = []

    def flow(self, keys: Numbers, each: int = 1) -> None:
        self._add((keys >> FLOW_BITS) << COLUMN_BITS | FLOWS + (keys & ((1 << FLOW_BITS) - 1)), each)

    def during(self, keys: Numbers, each: int = 1) -> None:
        self._add((keys >> MASK_BITS) << COLUMN_BITS | keys & ((1 << MASK_BITS) - 1), each)

    def over_4_weeks(self, ripe: Numbers, area: Numbers) -> None:
        self.ripe.append((ripe, area))

    def _add(self, keys: Numbers, each: int) -> None:
        self.keys.append(keys << 1 | (each < 0))

    def changes(self, at: Numbers, followed: NDArray[np.bool_]) -> Changes:
        """Give what each adds to the one before it: ``at`` is from when on it holds, ``followed`` whether one comes.

        The bit at the end of a key tells what is taken away; of one number, numpy sorts many times as quickly.
        """
        keys = np.concatenate([np.zeros(0, dtype=np.int64), *self.keys])
        ended = keys[followed[keys >> _OWNER + 1]]
        keys = np.sort(np.append(keys, (ended + (1 << _OWNER + 1)) ^ 1))
        cell = keys >> 1
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        number = np.add.reduceat(1 - 2 * (keys & 1), first) if len(first) else first
        some = np.flatnonzero(number)
        cell = cell[first[some]]
        return _changes(at[cell >> _OWNER], cell, number[some])


def _changes(known: Numbers, cell: Numbers, number: Numbers) -> Changes:
    place = cell >> CELL_BITS & ((1 << AREA_BITS - 2) - 1)
    return Changes(known, place, cell & ((1 << CELL_BITS) - 1), number)


def of_pupils(kept: Kept) -> Iterator[tuple[Changes, Held | None]]:
    """Give what follows from the reports of pupils, some pupils at a time. Raises TooManyError."""
    kept = Kept._make(column[kept.until_known > kept.recorded] for column in kept)
    if not len(kept.pupil):
        return
    first = np.flatnonzero(np.diff(kept.pupil, prepend=-1))
    reports = np.diff(np.append(first, len(kept.pupil)))
    instants = reports + np.add.reduceat((kept.until_known != FOREVER).astype(np.int64), first)
    instants += np.add.reduceat((kept.occurred >= kept.recorded).astype(np.int64), first)
    if instants.max() > _MOST:
        raise TooManyError
    piece = np.cumsum(reports * instants) // _PIECE
    cuts = [*first[np.flatnonzero(np.diff(piece, prepend=-1))].tolist(), len(kept.pupil)]
    for begin, end in pairwise(cuts):
        yield from _of_piece(Kept._make(column[begin:end] for column in kept))


def _of_piece(kept: Kept) -> Iterator[tuple[Changes, Held | None]]:
    pupil, at = _instants(kept)
    begins = np.searchsorted(kept.pupil, pupil)
    lengths = np.searchsorted(kept.pupil, pupil, side="right") - begins
    owner = np.repeat(np.arange(len(pupil)), lengths)
    rows = np.arange(len(owner)) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    now = at[owner]
    known = np.flatnonzero((kept.recorded[rows] <= now) & (kept.until_known[rows] > now))
    rows, owner, first_said = before(kept, rows[known], owner[known], now[known])
    if not len(rows):
        return
    into = _Into()
    reports = reports_of(kept, rows, owner, first_said)._replace(told=True)
    spans = contribute_many(reports, np.ones(len(pupil), dtype=np.bool_), into)
    followed = np.append(pupil[1:] == pupil[:-1], False)
    until = np.append(np.where(followed[:-1], at[1:], FOREVER), FOREVER)
    shared = shared_of(kept, rows, spans)
    owner, area = shared.area >> AREA_BITS, shared.area & ((1 << AREA_BITS) - 1)
    held = Held(shared.household, area, shared.first, shared.after, at[owner], until[owner])
    yield into.changes(at, followed), held
    for ripe, area in into.ripe:
        owner = area >> AREA_BITS
        yield _unripe(ripe, area & ((1 << AREA_BITS) - 1), at[owner], until[owner]), None


def _instants(kept: Kept) -> tuple[Numbers, Numbers]:
    """Give each pupil with each instant at which what it contributes may change, in order."""
    gone = kept.until_known != FOREVER
    ahead = kept.occurred >= kept.recorded
    pupil = np.concatenate([kept.pupil, kept.pupil[gone], kept.pupil[ahead]]).astype(np.int64)
    at = np.concatenate([kept.recorded, kept.until_known[gone], kept.occurred[ahead] + 1])
    order = np.lexsort((at, pupil))
    pupil, at = pupil[order], at[order]
    new = (np.diff(pupil, prepend=-1) != 0) | (np.diff(at, prepend=0) != 0)
    return pupil[new], at[new]


def _unripe(ripe: Numbers, area: Numbers, since: Numbers, until: Numbers) -> Changes:
    """Give who passes four weeks on a day: from its beginning until that instant, as far as it was known then."""
    day = local_days(ripe)
    days, at = np.unique(day, return_inverse=True)
    # K lies on the day when the instant before it does, and an instant that is K itself is still to come.
    begin = np.maximum(since, np.array([day_start(each) + 1 for each in days.tolist()], dtype=np.int64)[at])
    end = np.minimum(until, ripe + 1)
    some = np.flatnonzero(begin < end)
    cell = ((area << DAY_BITS | day) << COLUMN_BITS | UNRIPE)[some]
    known, cell = np.append(begin[some], end[some]), np.append(cell, cell)
    number = np.append(np.ones(len(some), dtype=np.int64), np.full(len(some), -1))
    order = np.lexsort((cell, known))
    known, cell, number = known[order], cell[order], number[order]
    first = np.flatnonzero((np.diff(known, prepend=0) != 0) | (np.diff(cell, prepend=-1) != 0))
    number = np.add.reduceat(number, first) if len(first) else number
    some = np.flatnonzero(number)
    return _changes(known[first[some]], cell[first[some]], number[some])


def of_households(held: Held) -> Iterator[Changes]:
    """Give what follows from spans under households that several pupils may share. Raises TooManyError."""
    order = np.argsort(held.household, kind="stable")
    held = Held(*(column[order] for column in held))
    cuts = np.unique(np.searchsorted(held.household, held.household[:: _PIECE // 4])).tolist()
    for begin, end in zip(cuts, [*cuts[1:], len(held.household)], strict=True):
        yield _of_some(Held(*(column[begin:end].astype(np.int64) for column in held)))


def _of_some(held: Held) -> Changes:
    """Give what follows from spans under some households, of which these are all."""
    instants, ranks = np.unique(np.append(held.since, held.until), return_inverse=True)
    held = held._replace(since=ranks[: len(held.since)], until=ranks[len(held.since) :])
    held = _once(held, len(instants))
    if np.unique(held.household, return_counts=True)[1].max() > _MOST:
        raise TooManyError
    # A household as it is from one instant to the next; the last ends never.
    begins, ends = (held.household * len(instants) + rank for rank in (held.since, held.until))
    every = np.unique(np.append(begins, ends))
    begin = np.searchsorted(every, begins)
    lengths = np.searchsorted(every, ends) - begin
    of = np.repeat(np.arange(len(begin)), lengths)
    owner = begin[of] + np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    into = _Into()
    add_households([Shared(owner, owner << AREA_BITS | held.area[of], held.first[of], held.after[of])], into)
    household, at = every // len(instants), instants[every % len(instants)]
    followed = np.append((household[1:] == household[:-1]) & (at[1:] != FOREVER), False)
    return into.changes(at, followed)


def _once(held: Held, instants: int) -> Held:
    """Join times, as ranks, in which the same days are counted: of several pupils, or of one and the same."""
    days = held.first << DAY_BITS | held.after
    where = held.household << AREA_BITS | held.area
    order = np.lexsort((held.since, days, where))
    held = Held(*(column[order] for column in held))
    days, where = days[order], where[order]
    new = (np.diff(days, prepend=-1) != 0) | (np.diff(where, prepend=-1) != 0)
    group = np.cumsum(new)
    latest = np.maximum.accumulate(group * instants + held.until) % instants
    begins = new.copy()
    begins[1:] |= held.since[1:] > latest[:-1]
    begin = np.flatnonzero(begins)
    last = np.append(begin[1:] - 1, len(days) - 1)
    return Held(*(column[begin] for column in held))._replace(until=latest[last])
