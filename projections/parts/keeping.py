"""Writing down what stands beside the parts, in the tables of a reader's own, and how the sum has changed by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from projections.live.schema import HOUSEHOLD_APART, PUPIL_APART
from projections.live.storing import Changes, pack_changes, unpack_changes
from projections.parts.disputes import Settled
from projections.parts.dividing import ALL
from projections.parts.fixing import Change, Joined

__all__ = ["NOWHERE", "Keeping"]

NOWHERE: Final = -2
"""The position behind which the first of all follows: nobody who reads is there."""
_KEPT: Final = 64
"""Changes that are kept: whoever reads by this connection is seldom more than one behind."""
_LARGE: Final = 400_000
"""Numbers from which reading all cells anew is cheaper."""
_SETTLED: Final = ("pupil", "school", "closure", "seen", "withdrawn", "set_aside")


class Keeping:
    """Writes within the transaction that is open."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """`database`: with the tables `fix_...` and `change`, and the parts attached as `p0` and on."""
        self._db = database

    def empty(self) -> None:
        """Take everything away."""
        for table in ("flow", "during", "schools", "over_4_weeks", "household", "apart", *_SETTLED):
            self._db.execute(f"DELETE FROM fix_{table}")
        self._db.execute("DELETE FROM change")

    def keep(self, change: Change) -> None:
        """Write down how it differs."""
        deltas = change.deltas
        for table, sums in (("flow", deltas.flow), ("during", deltas.during), ("schools", deltas.coverage)):
            self._db.executemany(
                f"INSERT INTO fix_{table} VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                [pair for pair in sums.items() if pair[1]],
            )
        self._db.executemany(
            "INSERT INTO fix_over_4_weeks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [(*key, n) for key, n in deltas.over_4_weeks.items() if n],
        )
        self._keep_households(change.households)
        if change.settled is not None:
            self._keep_settled(change.settled)

    def _keep_households(self, households: Mapping[str, Joined | None]) -> None:
        gone = [(name,) for name, joined in households.items() if joined is None]
        self._db.executemany("DELETE FROM fix_household WHERE name = ?", gone)
        self._db.executemany(f"DELETE FROM fix_apart WHERE kind = {HOUSEHOLD_APART} AND name = ?", gone)
        kept = [(name, joined) for name, joined in households.items() if joined is not None]
        self._put("INSERT OR REPLACE INTO fix_household", [(name, joined.state) for name, joined in kept])
        self._put("INSERT OR REPLACE INTO fix_apart", [(HOUSEHOLD_APART, name, joined.until) for name, joined in kept])

    def _keep_settled(self, settled: Settled) -> None:
        for table in _SETTLED:
            self._db.execute(f"DELETE FROM fix_{table}")
        self._db.execute("DELETE FROM fix_apart WHERE kind = ?", (PUPIL_APART,))
        for table, states in settled.states.items():
            self._put(f"INSERT INTO fix_{table}", states.items())
        self._put("INSERT INTO fix_apart", [(PUPIL_APART, name, until) for name, until in settled.apart.items()])
        self._put("INSERT INTO fix_seen", [(key, *seen) for key, seen in settled.seen.items()])
        self._put("INSERT INTO fix_withdrawn", [(key,) for key in settled.withdrawn])
        self._put("INSERT INTO fix_set_aside", settled.set_aside)

    def _put(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        wanted = list(rows)
        if wanted:
            self._db.executemany(f"{statement} VALUES ({','.join('?' * len(wanted[0]))})", wanted)

    def note(self, after: int, at: int, change: Change) -> None:
        """Write down for whoever follows what the sum gained since ``after``, where all parts were."""
        packed = None if after == NOWHERE else self._packed(after, change)
        self._db.execute("INSERT INTO change VALUES (?, ?, ?)", (at, after, packed))
        self._db.execute(
            "DELETE FROM change WHERE position <="
            " (SELECT position FROM change ORDER BY position DESC LIMIT 1 OFFSET ?)",
            (_KEPT,),
        )

    def _packed(self, after: int, change: Change) -> bytes | None:
        """Pack what the commits of all parts added, and what stands beside them; None where it is not all there."""
        fixed = pack_changes(change.deltas)
        if fixed is None:
            return None
        flow, during, coverage = unpack_changes(fixed)
        for part in ALL:
            behind = after
            for position, before, deltas in self._db.execute(
                f"SELECT position, after, deltas FROM p{part}.change WHERE position > ? ORDER BY position", (after,)
            ):
                if deltas is None or before != behind:
                    return None
                added = unpack_changes(deltas)
                flow += added[0]
                during += added[1]
                coverage += added[2]
                behind = position
        if len(flow) + len(during) + len(coverage) > _LARGE:
            return None
        packed: Changes = flow, during, coverage
        return msgspec.msgpack.encode(packed)
