"""What is to be added to the sum of the parts, and shown in place of what they hold, where several know of one thing.

Each part counts a household once for its own pupils; together it is counted once for all of them. Messages in dispute
are put right beside (`disputes`).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from projections.fold import household
from projections.fold.cells import Deltas
from projections.live import states
from projections.parts.disputes import Settled, select, settle
from projections.parts.dividing import ALL

__all__ = ["Change", "Fixing", "Joined"]

_Members = dict[str, household.Member]


class Joined(NamedTuple):
    """One household that several parts know, counted once for its pupils in all of them."""

    state: bytes | None
    """Its members; None: it has none any more."""
    until: int | None
    """Until when it may be counted in several areas at once."""
    cells: tuple[tuple[int, int], ...]
    """What is to be added to the flow."""


@dataclass
class Change:
    """How a fix differs from the one before."""

    deltas: Deltas = field(default_factory=Deltas)
    households: dict[str, Joined | None] = field(default_factory=dict)
    """None: what the parts hold stands again."""
    settled: Settled | None = None
    """The whole of it; None: there is none, as before."""


class Fixing:
    """Keeps what the sum needs beside the parts, and works out anew only what was touched."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._settled = Settled()
        self._joined: dict[str, Joined] = {}

    def bring(
        self, database: sqlite3.Connection, heads: Collection[bytes], shared: Collection[str], touched: Collection[str]
    ) -> Change:
        """Bring it to where the parts are, attached as `p0` and on.

        `heads`: beginnings of keys that may be in dispute; `shared`: households that several parts know; `touched`: of
        these, the ones touched since. What is in dispute, which is little, is worked out anew each time.
        """
        change = Change()
        before, self._settled = self._settled, settle(database, heads)
        if heads:
            change.settled = self._settled
        _add(change.deltas, before.deltas, -1)
        _add(change.deltas, self._settled.deltas, 1)
        again = {*touched, *before.changed, *self._settled.changed}
        wanted = {name for name in again if name in shared or name in self._settled.changed}
        found = dict(_join(database, wanted, self._settled.changed))
        for name in again:
            old, new = self._joined.pop(name, None), found.get(name)
            for joined, sign in ((old, -1), (new, 1)):
                for key, n in joined.cells if joined is not None else ():
                    change.deltas.flow[key] += sign * n
            if new is not None:
                self._joined[name] = new
            change.households[name] = new
        return change


def _add(deltas: Deltas, more: Deltas, sign: int) -> None:
    for sums, others in ((deltas.flow, more.flow), (deltas.during, more.during), (deltas.coverage, more.coverage)):
        for key, n in others.items():
            sums[key] += sign * n
    for at, n in more.over_4_weeks.items():
        deltas.over_4_weeks[at] += sign * n


def _join(
    database: sqlite3.Connection, names: Iterable[str], changed: Mapping[str, Mapping[str, household.Member]]
) -> Iterator[tuple[str, Joined]]:
    """Count each household once for its pupils in all parts."""
    wanted = sorted(names)
    parted: defaultdict[str, list[_Members]] = defaultdict(list)
    for part in ALL:
        for name, state in select(database, f"SELECT name, state FROM p{part}.household WHERE name IN", wanted):
            parted[name].append(states.members(state))
    for name in wanted:
        deltas = Deltas()
        joined: _Members = {}
        for members in parted[name]:
            household.contribute(members.values(), deltas, -1)
            joined |= members
        joined = {each: member for each, member in (joined | dict(changed.get(name, {}))).items() if member}
        until = household.contribute(joined.values(), deltas, 1)
        cells = tuple((key, n) for key, n in deltas.flow.items() if n)
        yield name, Joined(states.encode(joined) if joined else None, until, cells)
