"""Whether the term is over, by the closures that the live view of a system knows, which need not run for that."""

from __future__ import annotations

from datetime import date

from projections.live.database import UNREADABLE, Place
from projections.live.reading import LiveReader
from services.erasure.places import own_database
from services.system import DataDir, SystemUnavailable, view_of
from services.system.retention import due_after, erased_at

__all__ = ["due_on"]


def due_on(data_dir: DataDir, days: int) -> date | None:
    """Give the day from which on everyone is to be erased; None: nothing is due, or it was done since.

    Raises SystemUnavailable when the live view cannot be read.
    """
    place, erased = view_of(data_dir), erased_at(data_dir)
    try:
        if isinstance(place, str) or place.exists():
            return _due_on(place, days, erased)
        data_dir.lock(erasing=True)  # its own PostgreSQL may be started by one only
        try:
            with own_database(data_dir) as own:
                return _due_on(own or place, days, erased)
        finally:
            data_dir.unlock()
    except UNREADABLE:
        raise SystemUnavailable(f"there is no live view in {data_dir} that tells when closures end") from None


def _due_on(place: Place, days: int, erased: int | None) -> date | None:
    reader = LiveReader(place)
    try:
        return due_after(reader.closures(), days, erased)
    finally:
        reader.close()
