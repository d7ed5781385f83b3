"""A replay at full speed into a view of one's own: a new SQLite file, or a PostgreSQL database that holds none."""

from __future__ import annotations

from projections.live.database import Place
from projections.live.store import open_any_store
from projections.live.view import LiveView
from services.replaying.history import History
from services.system import WrongUsage

__all__ = ["fill"]


def fill(history: History, place: Place, begin: int, end: int) -> int:
    """Take the events from number `begin` up to number `end` into a new view; give the ledger's sequence that it is at.

    Raises WrongUsage when there is a view already, and one of `UNREADABLE` when it cannot be written.
    """
    store = open_any_store(place)
    try:
        view = LiveView(store)
        if view.position:
            raise WrongUsage("--into: holds a view already; name a new file, or a database without one")
        for messages in history.pieces(begin, end):
            view.take(messages)
            view.write()
        return view.position
    finally:
        store.datastore.close()
