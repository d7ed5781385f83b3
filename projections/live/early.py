"""What the view knows of already and what happens at K or after: clocks may be minutes ahead."""

from __future__ import annotations

from projections.fold import household, pupil
from projections.fold.cells import Deltas
from projections.fold.reports import known_before
from projections.live import states
from projections.live.database import Database

__all__ = ["early"]


def early(database: Database, at: int) -> Deltas | None:
    """Give what is to be added to leave out what happens at K = ``at`` (microseconds) or after; None: there is none."""
    rows = database.execute("SELECT pupil FROM early WHERE latest >= ?", (at,)).fetchall()
    if not rows:
        return None
    deltas = Deltas()
    households: dict[str, dict[str, household.Member]] = {}
    for (name,) in rows:
        history = states.history(_state(database, "pupil", name))
        was = pupil.contribute(history, deltas, -1)
        now = pupil.contribute(known_before(history, at), deltas, 1)
        old, new = household.members_of(was), household.members_of(now)
        for shared in old.keys() | new.keys():
            households.setdefault(shared, {})[name] = new.get(shared, [])
    for shared, members in households.items():
        state = states.members(_state(database, "household", shared))
        household.contribute(state.values(), deltas, -1)
        household.contribute((state | members).values(), deltas, 1)
    return deltas


def _state(database: Database, table: str, name: str) -> bytes:
    row = database.execute(f"SELECT state FROM {table} WHERE name = ?", (name,)).fetchone()
    return bytes(row[0])
